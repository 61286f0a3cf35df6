/**
 * The call behind a stream: it has succeeded when the stream has ended, and not when it was opened.
 *
 * T1. Time runs only while somebody waits for a chunk: a slow reader is no slow source.
 * T2. The first chunk, and each further one, has the time that a call has; then the stream is cut
 *     with an error, never with a clean end.
 * T3. A reader who stops early has all that he wanted: that is no failure.
 * T4. What nobody has begun to read takes no place. What nobody can read any more, because it was
 *     thrown away, is over, and was kept in memory by nothing of ours.
 */
import type { Call } from "../core/call.ts";
import type { OperationCore } from "../core/operation-core.ts";

export class OpenStream {
  readonly #operation: OperationCore;
  readonly #sinceMs: number;
  readonly #cut: (error: unknown) => void;
  #call: Call | undefined;

  constructor(operation: OperationCore, call: Call, cut: (error: unknown) => void) {
    this.#operation = operation;
    this.#call = call;
    this.#sinceMs = call.startedMs;
    this.#cut = cut;
    this.#rest(call);
  }

  /** Without that object nobody can read on (T4). */
  isReadThrough(stream: object): void {
    if (this.#call === undefined) return;
    thrownAway.register(stream, { operation: this.#operation, call: this.#call }, this);
  }

  /** Somebody waits for the next chunk. */
  wait(): void {
    const call = this.#call;
    if (call === undefined || call.list !== this.#operation.idle) return;
    this.#operation.idle.end(call);
    call.cut = this.#cut;
    this.#operation.wait(call);
  }

  /** It has come. */
  arrived(): void {
    const call = this.#call;
    if (call !== undefined && call.list === this.#operation.inFlight) this.#rest(call);
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
    call.startedMs = this.#sinceMs;
    thrownAway.unregister(this);
    return call;
  }

  #rest(call: Call): void {
    call.list?.end(call);
    // It leads to the stream, and the list leads to the call (T4).
    call.cut = undefined;
    this.#operation.idle.begin(call);
  }
}

interface Left {
  readonly operation: OperationCore;
  readonly call: Call;
}

/** T3 and T4. When it was over nobody knows: no time is measured. */
const thrownAway = new FinalizationRegistry<Left>(({ operation, call }) => {
  if (call.list === undefined) operation.idle.begin(call);
  call.isTimed = false;
  operation.workFulfilled(call, undefined);
});

/** Opened, and taken by its first reader; there may never be one (T4). */
export function unread(
  operation: OperationCore,
  call: Call,
  source: object,
): () => Call | undefined {
  const key = {};
  let left: Call | undefined = call;
  call.list?.end(call);
  call.list = undefined;
  thrownAway.register(source, { operation, call }, key);
  return () => {
    const taken = left;
    left = undefined;
    thrownAway.unregister(key);
    return taken;
  };
}
