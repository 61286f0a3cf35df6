/** What the statuses of HTTP mean for a location, where a protocol has no more to say. */
import { cutOff } from "../../../kernel/index.ts";
import { type FaultKind, LocationFault } from "../../../vault/index.ts";
import type { HttpAnswer } from "./http-client.ts";

const kinds: Readonly<Record<number, FaultKind>> = {
  401: "denied",
  403: "denied",
  404: "missing",
  407: "denied",
  408: "away",
  413: "full",
  416: "short",
  425: "away",
  429: "throttled",
  500: "away",
  502: "away",
  503: "throttled",
  504: "away",
  507: "full",
};

/** What an unknown server may say in a message of ours. */
const maxSaidLength = 200;

export function kindOfStatus(status: number): FaultKind {
  return kinds[status] ?? "strange";
}

export interface StatusFaultOptions {
  /** Where the protocol knows better than the status does. */
  readonly kind?: FaultKind | undefined;
  /** What it said; missing: the body, as far as it is text. */
  readonly said?: string;
}

export function statusFault(
  { status, headers, body }: HttpAnswer,
  what: string,
  {
    kind = kindOfStatus(status),
    said = body.toString("utf8", 0, 4 * maxSaidLength),
  }: StatusFaultOptions = {},
): LocationFault {
  // oxlint-disable-next-line no-control-regex -- these are what is taken out
  const text = cutOff(said.replace(/[\x00-\x1f\x7f]+/g, " ").trim(), maxSaidLength);
  const message = `${what}: status ${status}${text === "" ? "" : `, ${text}`}`;
  const afterMs = kind === "throttled" ? retryAfterMs(headers["retry-after"]) : undefined;
  return new LocationFault(kind, message, afterMs === undefined ? {} : { retryAfterMs: afterMs });
}

/** Seconds, as servers of files write it; dates are left to the usual waits. */
function retryAfterMs(header: string | undefined): number | undefined {
  return header !== undefined && /^\d{1,6}$/.test(header.trim())
    ? Number(header) * 1000
    : undefined;
}
