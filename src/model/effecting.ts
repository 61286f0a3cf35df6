import type { Command, StepResult } from "./action.ts";
import type { AbortSignalLike } from "./sensing.ts";

/**
 * Carries out steps of one kind.
 * `precheck` looks whether the step may be done now and changes nothing. `act` does it; it is
 * called at most once per command, and after a crash of the daemon possibly never: the loop then
 * looks at the world again. `undo` takes back what `act` did, given the `undo` record that `act`
 * returned; it is idempotent. All three resolve, also when they fail: a rejection is a bug of
 * ours and counts as `failed`. They must settle soon after `signal` aborts at the deadline.
 */
export interface Effector {
  readonly kind: string;
  precheck(command: Command, signal: AbortSignalLike): Promise<StepResult>;
  act(command: Command, signal: AbortSignalLike): Promise<StepResult>;
  undo?(command: Command, signal: AbortSignalLike): Promise<StepResult>;
}
