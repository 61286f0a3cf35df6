/** A report as others may see it: what looks like a secret is taken out of its texts. */

import { checkArgument } from "../../kernel/index.ts";
import { redact } from "../redact.ts";
import type { CheckResult, HealthReport } from "./check.ts";
import { type HealthSource, sourceOption } from "./health-handler.ts";

/**
 * The resolver of a tRPC query that tells the whole report, figures included:
 * `health: t.procedure.query(healthQuery(health))`.
 *
 * Bursts are answered from one look. It never throws because something is unwell: that is its
 * answer. Who may call it is for the procedure to say.
 */
export function healthQuery(source: HealthSource): () => Promise<HealthReport> {
  checkArgument(["healthQuery", "source"], source, sourceOption);
  return async () => showReport(await source.report());
}

function showReport(report: HealthReport): HealthReport {
  return { ...report, checks: report.checks.map(showCheck) };
}

function showCheck(check: CheckResult): CheckResult {
  const { message, metadata } = check;
  return {
    ...check,
    ...(message === undefined ? {} : { message: redact(message) }),
    ...(metadata === undefined ? {} : { metadata: showMetadata(metadata) }),
  };
}

function showMetadata(
  metadata: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  const shown = Object.entries(metadata).map(([key, value]) => {
    if (typeof value !== "string") return [key, value] as const;
    // The key may be what tells that it is a secret.
    const isSecret = redact(`${key}=x`) !== `${key}=x`;
    return [key, isSecret ? "***" : redact(value)] as const;
  });
  return Object.fromEntries(shown);
}
