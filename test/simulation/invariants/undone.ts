/**
 * 7. A step that declares its undo and may be half done is undone: when its action is over, it left
 *    nothing behind in the world, unless the undo itself failed and the action says so.
 */
import type { Action, Command, Entry } from "../../../src/model/index.ts";
import type { Invariant, Setting } from "./setting.ts";

export class Undone implements Invariant {
  readonly #setting: Setting;
  /** Actions whose hooks were run. */
  readonly #ran = new Set<string>();

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  written(entry: Entry): void {
    if (entry.kind !== "action") return;
    const { kind } = entry.action.status;
    if (kind === "failed" || kind === "rolled_back") this.#leavesNothing(entry.action);
  }

  commanded({ phase, step, action }: Command): void {
    if (phase === "act" && step.undo !== undefined) this.#ran.add(action);
  }

  #leavesNothing({ id, plan, status }: Action): void {
    const { world, broke } = this.#setting;
    if (!this.#ran.delete(id)) return;
    const says = "reason" in status ? status.reason : "";
    for (const { resource, undo } of plan.steps) {
      if (undo === undefined || !world.changed.has(resource)) continue;
      if (!says.includes("and undoing step")) {
        broke(7, `${id} (${plan.strategy}) is over, and ${resource} is half changed`);
      }
    }
  }
}
