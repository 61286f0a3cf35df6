/**
 * One call that is under way. Records are used again, with their two handlers: a call makes no
 * closure and next to no garbage.
 *
 * C1. A record goes back to the pool when the work itself has settled, never when its caller has
 *     stopped waiting: what comes late must find its own record.
 */
import type { RequestIds } from "../events.ts";
import type { InFlight } from "./in-flight.ts";

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

type Work = (this: unknown, ...words: never[]) => unknown;

export class Call {
  owner: CallOwner | undefined = undefined;
  /** Monotonic; of a stream: since its last chunk. A fraction, so that the field stays a double. */
  startedMs = 0.5;
  isTimed = false;
  /** The breaker's; see there. */
  ticket = 0;
  answer: Answer = "watched";
  attempt = 1;
  /** Its time is over. */
  isLate = false;
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

  readonly fulfilled = (value: unknown): unknown => {
    const owner = this.owner as CallOwner;
    if (typeof value === "object" && value !== null && isStreaming(value)) {
      return owner.streamOpened(this, value);
    }
    owner.workFulfilled(this, value);
    return value;
  };

  readonly rejected = (error: unknown): void => {
    const isDerived = this.answer === "derived";
    (this.owner as CallOwner).workRejected(this, error);
    if (isDerived) throw error;
  };
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
  call.attempt = 1;
}

/** C1. */
export function giveBack(call: Call): void {
  call.owner = undefined;
  call.isLate = false;
  call.isForsaken = false;
  call.isMetered = false;
  call.cut = undefined;
  call.ids = undefined;
  call.signal = undefined;
  if (call.resolve !== undefined) disown(call);
  if (pool.length < poolMax) pool.push(call);
}
