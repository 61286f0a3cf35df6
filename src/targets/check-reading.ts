/** Check readings, and what an error of a connection means for one. */
import { cutOff, messageOf } from "../kernel/index.ts";
import type { CheckReading, Symptom } from "../model/index.ts";

export function goodCheck(elapsedMs: number, reason: string): CheckReading {
  return { kind: "check", ok: true, elapsedMs, reason };
}

export function badCheck(elapsedMs: number, { symptom, reason }: Trouble): CheckReading {
  return { kind: "check", ok: false, elapsedMs, symptom, reason };
}

/** Why something is not well. */
export interface Trouble {
  readonly symptom: Symptom;
  /** Without a full stop; begins with what was asked, or continues it. */
  readonly reason: string;
}

const words: Readonly<Record<string, readonly [Symptom, string]>> = {
  ECONNREFUSED: ["refused", "nobody listens there"],
  EHOSTUNREACH: ["refused", "there is no way to the host"],
  ENETUNREACH: ["refused", "there is no way to the network"],
  EADDRNOTAVAIL: ["refused", "there is no local address or port left to call from"],
  ENOENT: ["missing", "it does not exist"],
  ECONNRESET: ["reset", "the connection was reset"],
  ECONNABORTED: ["reset", "the connection was aborted"],
  EPIPE: ["reset", "the connection was closed"],
  ETIMEDOUT: ["timeout", "the connection timed out"],
  ENOTFOUND: ["unresolved", "the name has no address"],
  ENODATA: ["unresolved", "the name has no record of that type"],
  EAI_AGAIN: ["unresolved", "no name server answered"],
  ESERVFAIL: ["unresolved", "the name server failed"],
  EREFUSED: ["unresolved", "the name server refused to answer"],
  EBADNAME: ["unresolved", "it is not a name"],
  EBADRESP: ["unresolved", "the name server answered nonsense"],
};

/** Never throws; an error that is not known counts as a broken connection. */
export function troubleOf(error: unknown): Trouble {
  const code = codeOf(error);
  // With addresses of both families each attempt has its error; the first is as good as any.
  if (error instanceof AggregateError && error.errors.length > 0) return troubleOf(error.errors[0]);
  const found = words[code];
  if (found) return { symptom: found[0], reason: found[1] };
  const message = messageOf(error).split("\n", 1)[0] ?? "";
  if (code.startsWith("HPE_")) return { symptom: "content", reason: `no valid HTTP: ${message}` };
  if (/^(?:EPROTO|ERR_TLS_|ERR_SSL_|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_)/.test(code)) {
    return { symptom: "certificate", reason: `no TLS connection: ${cutOff(message, 120)}` };
  }
  return { symptom: "reset", reason: cutOff(message, 160) || "the connection broke" };
}

export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

/** For people, on one line. */
export function excerpt(text: string, length = 120): string {
  const line = text
    .slice(0, length * 4)
    .replace(/[\s\p{Cc}\uFFFD]+/gu, " ")
    .trim();
  return cutOff(line, length);
}

export function inMs(elapsedMs: number): string {
  return `${elapsedMs < 10 ? Number(elapsedMs.toFixed(1)) : Math.round(elapsedMs)} ms`;
}
