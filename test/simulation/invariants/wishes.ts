/**
 * 11. What a person has asked for holds, over crashes of the daemon too: what was stopped is not
 *     started, and in a mode that forbids it nothing is healed, but for what the restart policy
 *     brings back.
 */
import type { Command, Entry, Plan } from "../../../src/model/index.ts";
import { strategyScope } from "../../../src/model/index.ts";
import { serviceNameOf } from "../simulated-fleet.ts";
import type { Invariant, Setting } from "./setting.ts";

export class Wishes implements Invariant {
  readonly #setting: Setting;

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  written(entry: Entry): void {
    if (entry.kind === "plan" && entry.plan.cause.kind === "failure") this.#isAllowed(entry.plan);
  }

  commanded({ id, phase, step, action }: Command): void {
    const { told, broke } = this.#setting;
    if (phase !== "act" || step.kind !== "start" || !told.isStopped(step.resource)) return;
    // What was being restarted when the wish came is brought to its end, and then stopped.
    const begun = told.actions.get(action);
    if (begun !== undefined && begun.done.length > 0) return;
    broke(11, `${id} starts ${step.resource}, which a person has stopped`);
  }

  #isAllowed({ byPolicy, id, resource, strategy }: Plan): void {
    const { told, broke } = this.#setting;
    if (byPolicy) return;
    const scopes = ["fleet", serviceNameOf(resource), strategyScope(strategy)];
    const mode = scopes.map((scope) => told.modes.get(scope)).find((each) => isStrict(each));
    if (mode !== undefined) broke(11, `${id} (${strategy} of ${resource}) in mode ${mode}`);
  }
}

/** No strategy is named for mode `limited` here. */
function isStrict(mode: string | undefined): boolean {
  return mode !== undefined && mode !== "full";
}
