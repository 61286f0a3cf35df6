/**
 * Judges errors by what they are made of and never by their class: two copies of a package have two
 * classes. From the surest sign to the weakest: an own refusal, an abort, what a provider has
 * written, a code, a status, a name, the error inside, and the message only at last.
 *
 * C1. Never throws, whatever it is given: looks are guarded, and there are at most so many.
 * C2. `neverStarted` is said only where it is proven: by a code or by a driver's own message, not
 *     by a message that sounds like it. It is said of the very error, and of what stopped a
 *     `fetch`; what an error has inside proves nothing of whoever has made it.
 * C3. What nobody knows is a fault that may pass: `unknown`.
 * C4. Where somebody who knows more has said what it is (`sayCategory`), that holds.
 */
import type { Classify, Judgement } from "../category.ts";
import { isPolicyError, type PolicyError } from "../errors.ts";
import {
  isSystemRefusal,
  verdictOfCode,
  verdictOfNumber,
  verdictOfSqlState,
  verdictOfStatus,
} from "./codes.ts";
import { rememberLast } from "./last-judgement.ts";
import { messageIn, nameOf, read, readList, readNumber, readText } from "./read.ts";
import { ownRetryAfterOf, retryAfterOf } from "./retry-after.ts";
import { saidOf } from "./said-category.ts";
import { type Verdict, verdicts } from "./verdicts.ts";
import {
  isTransport,
  verdictOfExactMessage,
  verdictOfName,
  verdictOfProviderText,
  verdictOfReply,
  verdictOfSound,
} from "./words.ts";

/** So many errors inside one another, or beside one another, are looked at. */
const looks = 32;
const depth = 8;

/** `wallMs` is asked only where a header says when to come back as a date. */
export function createClassify(wallMs: () => number): Classify {
  return rememberLast((error) => {
    try {
      return new Look(wallMs).judge(error, 0) ?? verdicts.unknown;
    } catch {
      return verdicts.unknown;
    }
  });
}

/**
 * As `classify`, for an error of a call whose caller may have given up: then it is the caller's
 * own, whatever it looks like (the reason of an abort may be anything).
 */
export function judgeCall(
  classify: Classify,
  error: unknown,
  signal: AbortSignal | undefined,
): Judgement {
  const judgement = guarded(classify, error);
  if (signal?.aborted !== true) return judgement;
  if (error === signal.reason || read(error, "cause") === signal.reason) return verdicts.cancelled;
  // Work that was told to stop in time ends in many ways, and none of them is its own fault.
  return judgement.category === "timeout" || judgement.category === "connection_reset"
    ? verdicts.cancelled
    : judgement;
}

/** A classify of somebody else may throw, and must not change what the caller gets. */
function guarded(classify: Classify, error: unknown): Judgement {
  try {
    return classify(error);
  } catch {
    return verdicts.unknown;
  }
}

class Look {
  readonly #wallMs: () => number;
  #left = looks;

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /** Undefined: nothing is known of it. */
  judge(error: unknown, level: number): Judgement | undefined {
    if (level > depth || this.#left <= 0) return undefined;
    this.#left -= 1;
    if (typeof error === "object" && error !== null && isPolicyError(error)) {
      return this.#ownError(error, level);
    }
    const said = saidOf(error);
    if (said !== undefined) return this.#with(error, said);
    const name = nameOf(error);
    const message = messageIn(error);
    const verdict = ownVerdict(error, name, message);
    if (verdict !== undefined) {
      const judgement: Judgement = verdicts[verdict];
      const isDoubtful = judgement.neverStarted && this.#isDoubtful(error, name, level);
      return this.#with(error, isDoubtful ? unproven(judgement) : judgement);
    }
    const inner = this.#inside(error, level);
    if (inner !== undefined) {
      const isFetch = name === "TypeError" && message === "fetch failed";
      return this.#with(error, isFetch ? inner : unproven(inner));
    }
    const last = lastResort(name, message);
    if (last !== undefined) return this.#with(error, last);
    // C2: what an unknown error carries along is still worth having.
    const waiting = this.#with(error, verdicts.unknown);
    return waiting === verdicts.unknown ? undefined : waiting;
  }

  #ownError(error: PolicyError, level: number): Judgement {
    if (error.code === "CALL_TIMEOUT") return verdicts.timeout;
    if (error.code === "ALL_FAILED") {
      const several = this.#several(readList(error, "errors", looks), level);
      return unproven(several ?? verdicts.unknown);
    }
    const retryAfterMs = ownRetryAfterOf(error);
    return retryAfterMs === undefined ? verdicts.rejected : { ...verdicts.rejected, retryAfterMs };
  }

  /** It says of itself what only a part of it says, or what it has copied from its cause (C2). */
  #isDoubtful(error: unknown, name: string, level: number): boolean {
    const isRefusal = (each: unknown): boolean =>
      this.judge(each, level + 1)?.neverStarted === true;
    const parts = readList(error, "errors", looks);
    if (parts.length >= looks || !parts.every(isRefusal)) return true;
    // Its code is that of what stopped it, by its own contract.
    if (isTransport(name, "")) return false;
    if (isCopied(error, name)) return true;
    const cause = read(error, "cause");
    return typeof cause === "object" && cause !== null && cause !== error && isRefusal(cause);
  }

  #inside(error: unknown, level: number): Judgement | undefined {
    const several = this.#several(readList(error, "errors", looks), level);
    if (several !== undefined) return several;
    // What the driver has said below Prisma.
    const below = read(read(error, "meta"), "driverAdapterError");
    const keys = ["cause", "lastError", "originalError", "lastNodeError", "reason"];
    for (const inner of [below, ...keys.map((key) => read(error, key))]) {
      if (typeof inner !== "object" || inner === null || inner === error) continue;
      const found = this.judge(inner, level + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** The last fault speaks for all. */
  #several(errors: readonly unknown[], level: number): Judgement | undefined {
    const all = errors.map((each) => this.judge(each, level + 1) ?? verdicts.unknown);
    const known = all.filter((each) => each !== verdicts.unknown);
    const speaker = known.findLast((each) => each.isFault) ?? known.at(-1);
    if (speaker === undefined) return undefined;
    return {
      ...speaker,
      isTransient: all.some((each) => each.isTransient),
      neverStarted: false,
    };
  }

  #with(error: unknown, judgement: Judgement): Judgement {
    if (judgement.category === "cancelled") return judgement;
    const retryAfterMs = retryAfterOf(error, this.#wallMs);
    return retryAfterMs === undefined ? judgement : { ...judgement, retryAfterMs };
  }
}

/**
 * Node and its drivers have the call that was refused beside such a code; an error of somebody's
 * own class without it has taken the code from another one.
 */
function isCopied(error: unknown, name: string): boolean {
  const code = readText(error, "code");
  const isOfSystem = code !== undefined && isSystemRefusal(code);
  return isOfSystem && name !== "Error" && readText(error, "syscall") === undefined;
}

function ownVerdict(error: unknown, name: string, message: string): Verdict | undefined {
  const exact = verdictOfExactMessage(message);
  if (exact !== undefined) return exact;
  if (name === "ReplyError") return verdictOfReply(message);
  const byName = verdictOfName(name);
  if (byName === "cancelled") return byName;
  const status = statusOf(error);
  const provided = providerVerdict(error, status, message);
  if (provided !== undefined) return provided;
  const byCode = codeVerdict(error, name) ?? sqlVerdict(error);
  const byStatus = status === undefined ? undefined : verdictOfStatus(status);
  const found = byCode ?? byStatus;
  if (/^TRPC(?:Client)?Error$/.test(name)) return trpcVerdict(error, found);
  if (found !== undefined) return found === "reset" && message === "aborted" ? "truncated" : found;
  // What stopped a connection says more than that it was stopped.
  return isTransport(name, message) && hasInside(error) ? undefined : byName;
}

/** What went wrong inside a procedure is told by the error inside; the rest is tRPC's own. */
function trpcVerdict(error: unknown, found: Verdict | undefined): Verdict | undefined {
  if (found === "clientError") return "trpcClient";
  if (found !== undefined && found !== "serverError") return found;
  return hasInside(error) ? undefined : "trpcServer";
}

function hasInside(error: unknown): boolean {
  return read(error, "cause") instanceof Object || readList(error, "errors", 1).length > 0;
}

function codeVerdict(error: unknown, name: string): Verdict | undefined {
  const number = read(error, "code");
  if (typeof number === "number") return verdictOfNumber(number, name);
  const code = readText(error, "code");
  const ofCode = code === undefined ? undefined : verdictOfCode(code, readText(error, "syscall"));
  if (ofCode !== undefined) return ofCode;
  const type = readText(error, "type");
  return type === undefined ? undefined : verdictOfCode(type);
}

function sqlVerdict(error: unknown): Verdict | undefined {
  // `pg` has `severity` beside its code, `mysql2` and Prisma have fields of their own.
  const state =
    readText(error, "sqlState") ??
    readText(error, "originalCode") ??
    (readText(error, "severity") === undefined ? undefined : readText(error, "code"));
  return state === undefined ? undefined : verdictOfSqlState(state.replace("#", ""));
}

function statusOf(error: unknown): number | undefined {
  for (const found of [
    readNumber(error, "status"),
    readNumber(error, "statusCode"),
    readNumber(read(error, "response"), "status"),
    readNumber(read(error, "$metadata"), "httpStatusCode"),
    readNumber(read(error, "data"), "httpStatus"),
  ]) {
    if (found !== undefined && found >= 400 && found < 600) return found;
  }
  return undefined;
}

const written: ReadonlySet<number> = new Set([400, 403, 413, 422, 429]);

/** What an AI provider has written into the body of its error. */
function providerVerdict(
  error: unknown,
  status: number | undefined,
  message: string,
): Verdict | undefined {
  const bodies = [read(error, "error"), read(read(error, "error"), "error")];
  const data = read(error, "data");
  bodies.push(read(data, "error"), data);
  for (const body of [error, ...bodies]) {
    for (const key of ["code", "type", "status"]) {
      const word = readText(body, key);
      const verdict = word === undefined ? undefined : verdictOfCode(word);
      if (verdict !== undefined && providerVerdicts.has(verdict)) return verdict;
    }
  }
  if (status !== undefined && !written.has(status)) return undefined;
  const isProvider = status !== undefined || bodies.some((body) => body instanceof Object);
  if (!isProvider) return undefined;
  const text = `${message} ${readText(error, "responseBody") ?? ""}`;
  const verdict = verdictOfProviderText(text);
  if (verdict !== undefined) return verdict;
  if (status !== undefined) return undefined;
  // In the middle of a stream there is no status, only what the provider has said.
  for (const body of bodies) {
    const word = readText(body, "type") ?? readText(body, "code");
    const said = word === undefined ? undefined : verdictOfCode(word);
    if (said !== undefined) return said;
  }
  return undefined;
}

const providerVerdicts: ReadonlySet<Verdict> = new Set([
  "quota",
  "contextLength",
  "contentPolicy",
] satisfies Verdict[]);

function lastResort(name: string, message: string): Judgement | undefined {
  const sound = verdictOfSound(message);
  // A mistake in the program may quote anything; only what fetch itself says is a failed call.
  if (name === "TypeError" && sound !== "reset" && sound !== "truncated") {
    return verdicts.clientError;
  }
  const verdict = verdictOfName(name) ?? sound;
  if (verdict === undefined) return undefined;
  return unproven(verdicts[verdict]);
}

function unproven(judgement: Judgement): Judgement {
  return judgement.neverStarted ? { ...judgement, neverStarted: false } : judgement;
}
