/**
 * What the engine tells, as log records of OpenTelemetry with an `event.name` each.
 *
 * G1. Of one event of one operation and category, the first `wholeMax` in a second are told whole;
 *     the others are one record that says how many (`soulmirror.repeated`): a dependency that is
 *     down does not become a flood.
 * G2. No text leaves the process as others have thrown it: it is cut, and what looks like a secret
 *     is taken out.
 */
import { messageOf } from "../../kernel/index.ts";
import type { Decided } from "../../resilience/index.ts";
import type { EngineEvents, EventName } from "../events.ts";
import { redact } from "../redact.ts";
import { type Attributes, keyValues, type LogRecord, nanoseconds } from "./otlp-format.ts";

export interface LogEntry {
  readonly event: string;
  readonly severity: Severity;
  /** Wall milliseconds. */
  readonly at: number;
  readonly body: string;
  readonly attributes: Attributes;
  /** For how many it stands. */
  readonly count: number;
}

type Severity = "INFO" | "WARN" | "ERROR";

const severityOfHealth = { healthy: "INFO", degraded: "WARN", unhealthy: "ERROR" } as const;

const severityNumbers: Readonly<Record<Severity, number>> = { INFO: 9, WARN: 13, ERROR: 17 };

/** Severity and sentence of each event that is told; the others are in the metrics. */
type Told = { readonly [K in EventName]?: (event: EngineEvents[K]) => Sentence };

interface Sentence {
  readonly severity: Severity;
  readonly body: string;
  readonly attributes: Attributes;
}

export const told = {
  service_error: ({ operation, category, error, attempts, elapsedMs, requestId, userId }) => ({
    severity: "ERROR",
    body: `${operation} failed: ${messageOf(error)}`,
    attributes: {
      "soulmirror.operation": operation,
      ...errorAttributes(error, category),
      "soulmirror.attempts": attempts,
      "soulmirror.elapsed_ms": elapsedMs,
      "soulmirror.request_id": requestId,
      "user.id": userId,
    },
  }),
  silent_error: ({ operation, type, reason, evidence }) => ({
    severity: "WARN",
    body: `${operation}: ${reason}`,
    attributes: {
      "soulmirror.operation": operation,
      "error.type": type,
      "soulmirror.evidence": asText(evidence),
    },
  }),
  monitor: ({ monitor, status, source, event, message }) => ({
    severity: severityOfHealth[status],
    body: `the monitor ${monitor}: ${message}`,
    attributes: {
      "soulmirror.operation": `monitor:${monitor}`,
      "soulmirror.monitor": monitor,
      "soulmirror.monitor.status": status,
      "soulmirror.monitor.event": event ?? source,
    },
  }),
  error_pattern: ({ kind, error, other, message, evidence }) => ({
    severity: "WARN",
    body: message,
    attributes: {
      "soulmirror.operation": error.operation,
      "soulmirror.error.pattern": kind,
      "soulmirror.error.id": error.id,
      "soulmirror.error.other": other?.id,
      "soulmirror.evidence": JSON.stringify(evidence),
    },
  }),
  breaker: (decided) => ({
    severity: decided.decision.to === "closed" ? "INFO" : "WARN",
    body: `the circuit of ${decided.name} went from ${decided.decision.from} to ${decided.decision.to}: ${decided.decision.reason}`,
    attributes: {
      ...decidedAttributes(decided),
      "soulmirror.breaker.from": decided.decision.from,
      "soulmirror.breaker.to": decided.decision.to,
    },
  }),
  failover: (decided) => {
    const { from, to, error, category } = decided.decision;
    const away = `${decided.name} went from ${from} to ${to ?? "nobody"}`;
    return {
      severity: to === undefined ? "ERROR" : "WARN",
      body: `${away}: ${messageOf(error)}`,
      attributes: { ...decidedAttributes(decided), ...errorAttributes(error, category) },
    };
  },
  ejected: (decided) => ({
    severity: "WARN",
    body: `${decided.name} does without ${decided.decision.provider}: ${decided.decision.reason}`,
    attributes: decidedAttributes(decided),
  }),
  readmitted: (decided) => ({
    severity: "INFO",
    body: `${decided.name} uses ${decided.decision.provider} again`,
    attributes: decidedAttributes(decided),
  }),
  panic: (decided) => ({
    severity: "ERROR",
    body: `${decided.name}: ${decided.decision.reason}`,
    attributes: decidedAttributes(decided),
  }),
  mode: (notice) => noticeSentence("INFO", notice),
  configuration: (notice) => noticeSentence("INFO", notice),
  prediction: (notice) => noticeSentence("WARN", notice),
  recovery: (notice) => noticeSentence("WARN", notice),
  telemetry_loss: (notice) => noticeSentence("WARN", notice),
  state: (notice) => noticeSentence("WARN", notice),
} as const satisfies Told;

export function entryOf<K extends keyof typeof told>(
  name: K,
  event: EngineEvents[K],
  at: number,
): LogEntry {
  const tell = told[name] as unknown as (event: EngineEvents[K]) => Sentence;
  const { severity, body, attributes } = tell(event);
  return {
    event: `soulmirror.${name}`,
    severity,
    at,
    body: redact(body),
    attributes: withoutSecrets(attributes),
    count: 1,
  };
}

/** G2. */
function withoutSecrets(attributes: Attributes): Attributes {
  const shown = Object.entries(attributes).map(([key, value]) => [
    key,
    typeof value === "string" ? redact(value) : value,
  ]);
  return Object.fromEntries(shown) as Attributes;
}

export function recordOf(entry: LogEntry): LogRecord {
  const { event, severity, at, body, attributes, count } = entry;
  const repeated = count > 1 ? count : undefined;
  return {
    timeUnixNano: nanoseconds(at),
    observedTimeUnixNano: nanoseconds(at),
    severityNumber: severityNumbers[severity],
    severityText: severity,
    eventName: event,
    body: { stringValue: body.toWellFormed() },
    attributes: keyValues({ "event.name": event, ...attributes, "soulmirror.repeated": repeated }),
  };
}

/** What may be one record. */
export const logJoining = {
  keyOf: ({ event, attributes }: LogEntry): string =>
    [event, attributes["soulmirror.operation"], attributes["error.type"]].join(" "),
  join: (earlier: LogEntry, later: LogEntry): LogEntry => ({
    ...later,
    count: earlier.count + later.count,
  }),
} as const;

function decidedAttributes({ name, decision, enforced }: Decided): Attributes {
  return {
    "soulmirror.operation": name,
    "soulmirror.decision": decision.kind,
    "soulmirror.enforced": enforced,
  };
}

function errorAttributes(error: unknown, category: string): Attributes {
  return {
    "error.type": category,
    "exception.type": error instanceof Error ? error.name : typeof error,
    "exception.message": messageOf(error),
  };
}

function noticeSentence(severity: Severity, { subject, message }: EngineEvents["mode"]): Sentence {
  return {
    severity,
    body: `${subject}: ${message}`,
    attributes: { "soulmirror.subject": subject },
  };
}

function asText(value: unknown): string {
  return messageOf(value);
}
