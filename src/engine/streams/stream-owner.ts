/** What streams need of the operation that has opened them. */
import type { Call, InFlight } from "../core/call.ts";
import type { Pulse } from "../core/pulse.ts";

export interface StreamOwner {
  readonly inFlight: InFlight;
  /** Their reader waits for longer than a call may take, where nothing may act. */
  readonly late: InFlight;
  /** Their reader does not wait for anything now... */
  readonly idle: InFlight;
  /** ...nor did for long, or has not begun to read: they hold no place. */
  readonly forgotten: InFlight;
  /** Their reader waits for a chunk that nobody has promised. */
  readonly quiet: InFlight;
  readonly plan: { readonly isTimeoutOwn: boolean };
  readonly shared: { readonly pulse: Pick<Pulse, "nowMs" | "monotonicMs"> };
  /** The next chunk has the time of a call from now on. */
  wait(call: Call): void;
  /** The reader asks for nothing now. */
  rest(call: Call): void;
  /** A place is free. Whoever reads at once has it back before those who wait for one are asked. */
  letNextBeginSoon(): void;
  workFulfilled(call: Call, value: unknown): void;
  workRejected(call: Call, error: unknown): unknown;
}
