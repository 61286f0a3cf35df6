/**
 * What must hold in every run, whatever the seed:
 *
 * 1. Every failure ends resolved, or its incident is escalated.
 * 2. Nothing is done without its action in the journal, its precheck answered, its budget kept.
 * 3. Never two deeds on one resource at once.
 * 4. Nothing that is well is stopped, unless configuration or a person wanted it.
 * 5. Restarts are bounded, per resource and for the fleet.
 * 6. A crash of the daemon loses nothing that was written.
 * 7. A step that declares its undo and may be half done is undone: when its action is over, it left
 *    nothing behind in the world, unless the undo itself failed and the action says so.
 */
import type { Fleet } from "../../src/config/index.ts";
import type { Action, Command, Entry, ResourceId } from "../../src/model/index.ts";
import type { SimulatedWorld } from "./simulated-world.ts";

/** A process that was well again by itself shortly before may still be acted upon. */
const staleMs = 2000;

export class Invariants {
  readonly broken: string[] = [];
  readonly #fleet: Fleet;
  readonly #world: SimulatedWorld;
  readonly #actions = new Map<string, Action>();
  readonly #prechecked = new Set<string>();
  readonly #open = new Map<ResourceId, string>();
  readonly #failures = new Map<string, string>();
  readonly #escalated = new Set<string>();
  readonly #incidentOf = new Map<string, string>();
  readonly #planned = new Map<ResourceId, number[]>();
  recoveries = 0;
  rolledBack = 0;

  constructor(fleet: Fleet, world: SimulatedWorld) {
    this.#fleet = fleet;
    this.#world = world;
  }

  written(entries: readonly Entry[]): void {
    for (const entry of entries) this.#written(entry);
  }

  /** The daemon is dead: what it had under way will not be answered. */
  daemonDied(): void {
    this.#open.clear();
    this.#prechecked.clear();
  }

  commanded(command: Command): void {
    const { resource } = command.step;
    const action = this.#actions.get(command.action);
    const busy = this.#open.get(resource);
    if (busy !== undefined && busy !== command.action) {
      this.#break(`3: ${command.action} and ${busy} act on ${resource} at once`);
    }
    if (action === undefined) this.#break(`2: ${command.id} has no action in the journal`);
    const step = `${command.action}:${action?.done.length ?? 0}`;
    if (command.phase === "precheck") this.#prechecked.add(step);
    if (command.phase !== "act") return;
    if (!this.#prechecked.has(step)) this.#break(`2: ${command.id} acts without a precheck`);
    if (action?.status.kind !== "in_progress") this.#break(`2: ${command.id} acts unannounced`);
    if (command.step.kind === "stop") this.#stopIsJustified(command, action);
  }

  end(): void {
    for (const [failure, text] of this.#failures) {
      const incident = this.#incidentOf.get(failure);
      if (incident === undefined || !this.#escalated.has(incident)) {
        this.#break(`1: ${failure} (${text}) is neither resolved nor escalated`);
      }
    }
  }

  #written(entry: Entry): void {
    switch (entry.kind) {
      case "failure_raised":
        this.#failures.set(entry.failure.id, `${entry.failure.type} of ${entry.failure.resource}`);
        return;
      case "failure_resolved":
        this.#failures.delete(entry.failure);
        return;
      case "incident":
        for (const id of [...entry.incident.failures, ...entry.incident.victims]) {
          this.#incidentOf.set(id, entry.incident.id);
        }
        if (entry.incident.state.kind === "escalated") this.#escalated.add(entry.incident.id);
        return;
      case "plan":
        if (entry.plan.cause.kind === "failure") this.#withinBudget(entry.plan.resource);
        return;
      case "action":
        this.#noteAction(entry.action);
        return;
      default:
        return;
    }
  }

  #noteAction(action: Action): void {
    this.#actions.set(action.id, action);
    const { kind } = action.status;
    const isOver = kind === "succeeded" || kind === "failed" || kind === "rolled_back";
    if (isOver) this.#open.delete(action.plan.resource);
    else this.#open.set(action.plan.resource, action.id);
    if (kind === "succeeded" && action.plan.cause.kind === "failure") this.recoveries += 1;
    if (kind === "rolled_back") this.rolledBack += 1;
    if (kind === "failed" || kind === "rolled_back") this.#leavesNothing(action);
  }

  #leavesNothing({ id, plan, status }: Action): void {
    const says = "reason" in status ? status.reason : "";
    for (const { resource, undo } of plan.steps) {
      if (undo === undefined || !this.#world.changed.has(resource)) continue;
      if (!says.includes("and undoing step")) {
        this.#break(`7: ${id} (${plan.strategy}) is over, and ${resource} is half changed`);
      }
    }
  }

  #withinBudget(resource: ResourceId): void {
    const { perResource, perFleet, windowMs } = this.#fleet.budgets;
    // Restored times went through the wall clock: a millisecond is rounding.
    const sinceMs = this.#world.nowMs - windowMs + 1;
    const own = [...(this.#planned.get(resource) ?? []), this.#world.nowMs];
    this.#planned.set(
      resource,
      own.filter((at) => at > sinceMs),
    );
    let all = 0;
    for (const times of this.#planned.values()) all += times.filter((at) => at > sinceMs).length;
    if ((this.#planned.get(resource)?.length ?? 0) > perResource) {
      this.#break(`5: more than ${perResource} recoveries of ${resource} within the window`);
    }
    if (all > perFleet) this.#break(`5: more than ${perFleet} recoveries within the window`);
  }

  #stopIsJustified(command: Command, action: Action | undefined): void {
    if (action?.plan.cause.kind !== "failure") return;
    if (command.step.parameters["which"] === "previous") return;
    const process = this.#world.processOf(command.step.resource);
    if (process === undefined || process.illness !== "well") return;
    if (!this.#world.isReady(process) || this.#world.nowMs - process.wellSinceMs < staleMs) return;
    this.#break(`4: ${command.step.resource} is well and is stopped (${action.plan.reason})`);
  }

  #break(what: string): void {
    if (this.broken.length < 20) this.broken.push(`${Math.round(this.#world.nowMs)} ms: ${what}`);
  }
}
