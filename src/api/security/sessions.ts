/**
 * How a person gets from a terminal, where the token is, to the page: a link with a code that
 * works once within a minute and is exchanged for a cookie.
 *
 * N1. A code works once. N2. Both expire. N3. At most so many of each: the oldest goes.
 */
import type { Clock } from "../../kernel/index.ts";
import { fingerprint, freshSecret } from "./secrets.ts";

const codeLifeMs = 60_000;
const sessionLifeMs = 12 * 3_600_000;
const codesMax = 16;
const sessionsMax = 64;

export interface Sessions {
  issueCode(): { readonly code: string; readonly expiresInMs: number };
  /** A session id, or undefined when the code is unknown, used or too old. */
  exchange(code: string): { readonly session: string; readonly lifeMs: number } | undefined;
  isOpen(session: string): boolean;
}

export function createSessions(clock: Clock): Sessions {
  const codes = new Map<string, number>();
  const sessions = new Map<string, number>();
  const nowMs = (): number => clock.now().monotonicMs;
  return {
    issueCode() {
      const code = freshSecret();
      keep(codes, { key: fingerprint(code), untilMs: nowMs() + codeLifeMs }, codesMax);
      return { code, expiresInMs: codeLifeMs };
    },
    exchange(code) {
      const key = fingerprint(code);
      const untilMs = codes.get(key);
      codes.delete(key);
      if (untilMs === undefined || untilMs <= nowMs()) return undefined;
      const session = freshSecret();
      keep(sessions, { key: fingerprint(session), untilMs: nowMs() + sessionLifeMs }, sessionsMax);
      return { session, lifeMs: sessionLifeMs };
    },
    isOpen(session) {
      const key = fingerprint(session);
      const untilMs = sessions.get(key);
      if (untilMs === undefined) return false;
      if (untilMs > nowMs()) return true;
      sessions.delete(key);
      return false;
    },
  };
}

function keep(
  known: Map<string, number>,
  item: { readonly key: string; readonly untilMs: number },
  most: number,
): void {
  known.set(item.key, item.untilMs);
  const oldest = known.keys().next().value;
  if (known.size > most && oldest !== undefined) known.delete(oldest);
}
