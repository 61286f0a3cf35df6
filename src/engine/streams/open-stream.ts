/**
 * The call behind a stream: it has succeeded when the stream has ended, and not when it was opened.
 *
 * T1. Time runs only while somebody waits for a chunk: a slow reader is no slow source, neither for
 *     its deadline nor for what is measured.
 * T2. The first chunk, and each further one, has the time that a call has; then the stream is cut
 *     with an error, never with a clean end.
 * T3. A reader who stops early has all that he wanted: that is no failure.
 * T4. What nobody has begun to read takes no place, nor does what nobody has read from for as long
 *     as a call may take. What nobody can read any more, because it was thrown away, is over, and
 *     was kept in memory by nothing of ours.
 * T5. A connection that its holder can still write to has promised no chunk: it may be quiet for as
 *     long as it likes, unless its operation has a time limit of its own.
 */
import type { Call } from "../core/call.ts";
import type { StreamOwner } from "./stream-owner.ts";
import { countWaiting, hasCome } from "./waited-time.ts";

export class OpenStream {
  readonly #operation: StreamOwner;
  readonly #cut: (error: unknown) => void;
  #call: Call | undefined;

  constructor(operation: StreamOwner, call: Call, cut: (error: unknown) => void) {
    this.#operation = operation;
    this.#call = call;
    this.#cut = cut;
    hasCome(operation, call);
    call.list?.end(call);
    operation.forgotten.begin(call);
    operation.letNextBeginSoon();
  }

  /** Without that object nobody can read on (T4). */
  isReadThrough(stream: object): void {
    if (this.#call === undefined) return;
    thrownAway.register(stream, { operation: this.#operation, call: this.#call }, this);
  }

  /** Somebody waits for the next chunk; `isPromised` false: there may be none for long (T5). */
  wait(isPromised = true): void {
    const call = this.#call;
    const { idle, forgotten, quiet, plan } = this.#operation;
    if (call === undefined || (call.list !== idle && call.list !== forgotten)) return;
    call.list.end(call);
    if (isPromised || plan.isTimeoutOwn) this.#waitInTime(call);
    else quiet.begin(call);
  }

  /** From now on the other side has something to answer (T5). */
  promised(): void {
    const call = this.#call;
    if (call === undefined || call.list !== this.#operation.quiet) return;
    call.list.end(call);
    this.#waitInTime(call);
  }

  /** It has come. */
  arrived(): void {
    const call = this.#call;
    const { inFlight, late, quiet } = this.#operation;
    if (call === undefined) return;
    // One whose reader was not told that its time was over goes on.
    const isLate = call.list === late && !call.isForsaken;
    if (call.list === inFlight || call.list === quiet || isLate) this.#rest(call);
  }

  /** The end, or the reader's own decision (T3). */
  ended(): void {
    const call = this.#leave();
    if (call !== undefined) this.#operation.workFulfilled(call, undefined);
  }

  failed(error: unknown): void {
    const call = this.#leave();
    if (call !== undefined) this.#operation.workRejected(call, error);
  }

  #leave(): Call | undefined {
    const call = this.#call;
    this.#call = undefined;
    if (call === undefined) return undefined;
    countWaiting(this.#operation, call);
    thrownAway.unregister(this);
    return call;
  }

  #waitInTime(call: Call): void {
    call.cut = this.#cut;
    this.#operation.wait(call);
  }

  #rest(call: Call): void {
    // It leads to the stream, and the list leads to the call (T4).
    call.cut = undefined;
    hasCome(this.#operation, call);
    this.#operation.rest(call);
  }
}

interface Left {
  readonly operation: StreamOwner;
  readonly call: Call;
}

/** T3 and T4. When it was over nobody knows: no time is measured. */
const thrownAway = new FinalizationRegistry<Left>(({ operation, call }) => {
  if (call.list === undefined) operation.forgotten.begin(call);
  call.isTimed = false;
  call.waitedMs = 0;
  call.beganMs = -0.5;
  operation.workFulfilled(call, undefined);
});

/** Opened, and taken by its first reader; there may never be one (T4). */
export function unread(operation: StreamOwner, call: Call, source: object): () => Call | undefined {
  const key = {};
  let left: Call | undefined = call;
  hasCome(operation, call);
  call.list?.end(call);
  call.list = undefined;
  operation.letNextBeginSoon();
  thrownAway.register(source, { operation, call }, key);
  return () => {
    const taken = left;
    left = undefined;
    if (taken !== undefined) operation.forgotten.begin(taken);
    thrownAway.unregister(key);
    return taken;
  };
}
