/**
 * One call that is under way. Records are used again, with their two handlers: a call makes no
 * closure and next to no garbage.
 *
 * C1. A record goes back to the pool when the work itself has settled, never when its caller has
 *     stopped waiting: what comes late must find its own record.
 */
import type { AsyncResource } from "node:async_hooks";
import type { RequestIds } from "../events.ts";

/** Who is told how the work ended. */
export interface CallOwner {
  workFulfilled(call: Call, value: unknown): void;
  /** What the work answered with comes bit by bit; returns what its caller is given. */
  streamOpened(call: Call, stream: object): unknown;
  workRejected(call: Call, error: unknown): unknown;
}

/** How the work answers to its caller. */
export type Answer =
  /** The caller has the result of the work itself; the handlers only look. */
  | "watched"
  /** The caller has the promise that the handlers make. */
  | "derived"
  /** The caller has a promise of ours, which may settle before the work does. */
  | "owned";

/** Node's streams, the web's, and async iterators: all of them can be iterated over. */
export function isStreaming(value: object): boolean {
  try {
    return (value as Partial<AsyncIterable<unknown>>)[Symbol.asyncIterator] !== undefined;
  } catch {
    // What throws when it is looked at is the caller's as it is.
    return false;
  }
}

/** What is resolved with it stays pending, and is kept by nothing. */
// oxlint-disable-next-line unicorn/no-thenable -- It is cheaper than a promise.
const never = { then: (): void => {} };

type Work = (this: unknown, ...words: never[]) => unknown;

export class Call {
  owner: CallOwner | undefined = undefined;
  /** Monotonic; of a stream: since its last chunk. A fraction, so that the field stays a double. */
  startedMs = 0.5;
  isTimed = false;
  /** Of a stream: how long its reader has waited for what has come. */
  waitedMs = 0;
  /** The breaker's; see there. */
  ticket = 0;
  answer: Answer = "watched";
  attempt = 1;
  /** Of a further attempt, and of one that has waited: when its caller asked. Else below zero. */
  beganMs = -0.5;
  /** Of a stream with `beganMs`: how long before the attempt that has opened it that was. */
  beforeMs = 0.5;
  /** Its caller has an answer already, or waits for another attempt: nobody waits for this one. */
  isForsaken = false;
  /** Somebody else makes it: it is only measured. */
  isMetered = false;
  /** The list that it is in. */
  list: InFlight | undefined = undefined;
  earlier: Call | undefined = undefined;
  later: Call | undefined = undefined;
  /** Of an owned promise. */
  resolve: ((value: unknown) => void) | undefined = undefined;
  reject: ((error: unknown) => void) | undefined = undefined;
  /** What it takes to do the work again. */
  receiver: unknown = undefined;
  work: Work | undefined = undefined;
  words: ArrayLike<unknown> | undefined = undefined;
  /** Ends a stream whose next chunk does not come. */
  cut: ((error: unknown) => void) | undefined = undefined;

  /** Who asked for it, where that is known. */
  ids: RequestIds | undefined = undefined;

  /** The caller's own: what he has aborted is no failure. */
  signal: AbortSignal | undefined = undefined;

  /** The caller's own, where his work or a fallback may be begun from elsewhere. */
  context: AsyncResource | undefined = undefined;

  readonly fulfilled = (value: unknown): unknown => {
    const owner = this.owner as CallOwner;
    const { isForsaken } = this;
    let answer = value;
    if (typeof value === "object" && value !== null && isStreaming(value)) {
      answer = owner.streamOpened(this, value);
    } else owner.workFulfilled(this, value);
    return isForsaken ? never : answer;
  };

  readonly rejected = (error: unknown): unknown => {
    const { answer } = this;
    (this.owner as CallOwner).workRejected(this, error);
    if (answer === "derived") throw error;
    // Its caller is answered otherwise, or later.
    return answer === "owned" ? never : undefined;
  };
}

/** Calls of one operation that are under way, oldest first: a list through the records. */
export class InFlight {
  size = 0;
  oldest: Call | undefined;
  #newest: Call | undefined;

  begin(call: Call): void {
    const newest = this.#newest;
    call.list = this;
    call.earlier = newest;
    call.later = undefined;
    if (newest === undefined) this.oldest = call;
    else newest.later = call;
    this.#newest = call;
    this.size += 1;
  }

  /** When each began, oldest first. */
  *beganMs(): Iterable<number> {
    for (let call = this.oldest; call !== undefined; call = call.later) yield call.startedMs;
  }

  /**
   * While the process stood still nobody read the clock: what began since then and was not timed
   * would be too old.
   */
  stampAgain(sinceMs: number, nowMs: number): void {
    for (let call = this.#newest; call !== undefined; call = call.earlier) {
      if (call.startedMs < sinceMs) return;
      if (!call.isTimed) call.startedMs = nowMs;
    }
  }

  end(call: Call): void {
    const { earlier, later } = call;
    if (earlier === undefined) this.oldest = later;
    else earlier.later = later;
    if (later === undefined) this.#newest = earlier;
    else later.earlier = earlier;
    this.size -= 1;
  }
}

const poolMax = 10_000;
const pool: Call[] = [];

export function takeCall(): Call {
  return pool.pop() ?? new Call();
}

/** What an owned call was given leaves with its answer: the next one must not find it. */
export function disown(call: Call): void {
  call.answer = "watched";
  call.resolve = undefined;
  call.reject = undefined;
  call.receiver = undefined;
  call.work = undefined;
  call.words = undefined;
  call.context = undefined;
}

/** C1. */
export function giveBack(call: Call): void {
  call.owner = undefined;
  call.isForsaken = false;
  call.isMetered = false;
  call.cut = undefined;
  call.ids = undefined;
  call.signal = undefined;
  call.attempt = 1;
  call.beganMs = -0.5;
  if (call.resolve !== undefined) disown(call);
  if (pool.length < poolMax) pool.push(call);
}
