/**
 * The call behind a stream: it has succeeded when the stream has ended, and not when it was opened.
 *
 * T1. Time runs only while somebody waits for a chunk: a slow reader is no slow source.
 * T2. The first chunk, and each further one, has the time that a call has; then the stream is cut
 *     with an error, never with a clean end.
 * T3. A reader who stops early has all that he wanted: that is no failure.
 */
import type { Call } from "../core/call.ts";
import type { OperationCore } from "../core/operation-core.ts";

export class OpenStream {
  readonly #operation: OperationCore;
  readonly #sinceMs: number;
  #call: Call | undefined;

  constructor(operation: OperationCore, call: Call, cut: (error: unknown) => void) {
    this.#operation = operation;
    this.#call = call;
    this.#sinceMs = call.startedMs;
    call.cut = cut;
    this.#rest(call);
  }

  /** Somebody waits for the next chunk. */
  wait(): void {
    const call = this.#call;
    if (call === undefined || call.list !== this.#operation.idle) return;
    this.#operation.idle.end(call);
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
    if (call !== undefined) call.startedMs = this.#sinceMs;
    return call;
  }

  #rest(call: Call): void {
    call.list?.end(call);
    this.#operation.idle.begin(call);
  }
}
