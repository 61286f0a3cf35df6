/** The calls of one operation that are under way, oldest first: a list through the records. */
import type { Call } from "./call.ts";

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

  end(call: Call): void {
    const { earlier, later } = call;
    if (earlier === undefined) this.oldest = later;
    else earlier.later = later;
    if (later === undefined) this.#newest = earlier;
    else later.earlier = earlier;
    this.size -= 1;
  }
}
