/** What the stage remembers from tick to tick: actions that are not over, and what each awaits. */
import { DueHeap, type Ids } from "../kernel/index.ts";
import type { Action, Command, ResourceId } from "../model/index.ts";

export interface ExecuteState {
  readonly ids: Ids;
  /** Actions that are not over, and those that may still be rolled back: no verdict yet. */
  readonly actions: Map<string, Action>;
  /** Resource to action. */
  readonly busy: Map<ResourceId, string>;
  readonly waiting: Map<string, Pending>;
  readonly due: DueHeap;
}

/** What an action waits for: an answer, or the time to ask again. */
export type Pending =
  | { readonly kind: "answer"; readonly command: string; readonly phase: Command["phase"] }
  | { readonly kind: "retry" }
  /** To take it back, when nothing else is done to its resource any more. */
  | { readonly kind: "roll_back"; readonly reason: string };

export function createExecuteState(ids: Ids): ExecuteState {
  return { ids, actions: new Map(), busy: new Map(), waiting: new Map(), due: new DueHeap() };
}
