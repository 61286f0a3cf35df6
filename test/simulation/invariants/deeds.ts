/**
 * 2. Nothing is done without its action in the journal, its precheck answered with yes, and, where
 *    that is asked for, a person's approval. What cannot be taken back is done only while the
 *    journal is in the store.
 * 3. Never two deeds on one resource at once: neither in the journal nor in the world.
 */
import type { Action, Command, Kept, ResourceId, StepResult } from "../../../src/model/index.ts";
import type { Invariant, Setting } from "./setting.ts";

export class Deeds implements Invariant {
  readonly #setting: Setting;
  readonly #prechecked = new Set<string>();
  /** What the living daemon has asked for and not heard of, by what it is done to. */
  readonly #asked = new Map<ResourceId, Command>();

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  commanded(command: Command, kept: Kept): void {
    if (command.phase === "precheck") return;
    const { told, broke } = this.#setting;
    const { id, step, phase } = command;
    const action = told.actions.get(command.action);
    if (action === undefined) return broke(2, `${id} has no action in the journal`);
    this.#isAlone(command);
    this.#asked.set(step.resource, command);
    if (phase === "undo") {
      if (action.status.kind !== "rolling_back") broke(2, `${id} takes back unannounced`);
      return;
    }
    if (!this.#prechecked.has(stepOf(command)))
      broke(2, `${id} acts without a yes to its precheck`);
    if (!isAnnounced(action, command)) broke(2, `${id} acts unannounced`);
    if (action.plan.irreversible && kept !== "store") {
      broke(2, `${id} cannot be taken back, and the journal is kept in ${kept}`);
    }
    if (needsApproval(action, this.#setting) && !told.approved.has(action.id)) {
      broke(2, `${id} (${action.plan.strategy}) was not approved`);
    }
  }

  answered(command: Command, result: StepResult): void {
    const { phase, step, action } = command;
    if (phase === "precheck") {
      if (result.kind === "done") this.#prechecked.add(stepOf(command));
    } else if (this.#asked.get(step.resource)?.action === action) this.#asked.delete(step.resource);
  }

  /** What it had asked for will not be answered. */
  daemonDied(): void {
    this.#asked.clear();
    this.#prechecked.clear();
  }

  #isAlone({ id, action, step }: Command): void {
    const { told, broke } = this.#setting;
    const { resource } = step;
    for (const other of told.underWay(resource)) {
      if (other.id === action || other.status.kind === "waiting_for_approval") continue;
      broke(3, `${id} and ${other.id} act on ${resource} at once`);
    }
    const asked = this.#asked.get(resource);
    // What was given up at its deadline is nobody's business any more.
    if (asked !== undefined && asked.action !== action && told.actions.has(asked.action)) {
      broke(3, `${id} is done while ${asked.id} is being done to ${resource}`);
    }
  }
}

/** A precheck may be answered before its action is written. */
function stepOf({ id, action }: Command): string {
  return `${action}:${/:[a-z]+(\d+):/.exec(id)?.[1]}`;
}

/** Of the first step, the begin of the action is enough. */
function isAnnounced({ status, done }: Action, { announced }: Command): boolean {
  if (announced && status.kind === "initiated" && done.length === 0) return true;
  return status.kind === "in_progress" && status.step === done.length;
}

function needsApproval({ plan }: Action, { fleet }: Setting): boolean {
  if (plan.cause.kind !== "failure") return false;
  const service = plan.resource.slice("instance/".length, plan.resource.lastIndexOf("."));
  const declared = (fleet.services[service] ?? fleet.resources[plan.resource])?.approvals;
  return (declared?.[plan.strategy] ?? (plan.irreversible ? "always" : "never")) === "always";
}
