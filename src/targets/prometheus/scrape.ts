/** Fetches a Prometheus text and reads the series that are asked for. */
import { z } from "zod";
import { type Clock, formatBytes } from "../../kernel/index.ts";
import type { AbortSignalLike, ReadRequest } from "../../model/index.ts";
import { inMs, type Trouble } from "../check-reading.ts";
import {
  type AddressParameters,
  addressOf,
  addressParameters,
  ask,
  questionOf,
} from "../http/index.ts";
import { type ParsedText, parsePrometheus } from "./parse.ts";

const bodyBytesMax = 4 * 1024 * 1024;

const accept =
  "application/openmetrics-text;version=1.0.0;q=0.8,text/plain;version=0.0.4;q=0.6,*/*;q=0.1";

export interface Scrape {
  /** For people: `GET /metrics`. */
  readonly name: string;
  readonly elapsedMs: number;
  readonly result: ParsedText | Trouble;
}

/** The parameters of whoever scrapes. */
export const scrapeParameters: typeof addressParameters & {
  readonly headers: z.ZodDefault<z.ZodRecord<z.ZodString, z.ZodString>>;
  readonly authorities: z.ZodOptional<z.ZodString>;
} = {
  ...addressParameters,
  headers: z.record(z.string(), z.string()).default({}),
  /** Certificates of authorities (PEM) to trust instead of the system's. */
  authorities: z.string().optional(),
};

interface ScrapeParameters extends AddressParameters {
  readonly headers: Readonly<Record<string, string>>;
  readonly authorities?: string | undefined;
}

export interface ScrapeOptions {
  readonly clock: Clock;
  readonly given: ScrapeParameters;
  readonly names: ReadonlySet<string>;
  readonly request: ReadRequest;
}

export async function scrape(
  { clock, given, names, request }: ScrapeOptions,
  signal: AbortSignalLike,
): Promise<Scrape> {
  const address = addressOf(given, request);
  const { authorities } = given;
  const headers = { accept, ...given.headers };
  const question = questionOf(address, { headers, bodyBytesMax, authorities });
  const begunMs = clock.now().monotonicMs;
  const outcome = await ask(question, signal);
  const elapsedMs = clock.now().monotonicMs - begunMs;
  const name = `GET ${address.name}`;
  const failed = (symptom: Trouble["symptom"], reason: string): Scrape => ({
    name,
    elapsedMs,
    result: { symptom, reason: `${name} ${reason}` },
  });
  if (outcome.kind === "aborted") {
    return failed("timeout", `was not answered within ${inMs(elapsedMs)}: ${outcome.progress}`);
  }
  if (outcome.kind === "failed")
    return failed(outcome.trouble.symptom, `failed: ${outcome.trouble.reason}`);
  if (outcome.status !== 200)
    return failed("status", `answered ${outcome.status} in ${inMs(elapsedMs)}`);
  if (outcome.isCut) return failed("content", `answered more than ${formatBytes(bodyBytesMax)}`);
  return { name, elapsedMs, result: parsePrometheus(outcome.text, { names }) };
}

export function isTrouble(result: ParsedText | Trouble): result is Trouble {
  return "symptom" in result;
}
