/**
 * What must hold in every run, whatever the seed:
 *
 * 1. Every failure ends resolved, or its incident is escalated.
 * 2. Nothing is done without its action in the journal, its precheck answered, its budget kept.
 * 3. Never two deeds on one resource at once.
 * 4. Nothing that is well is stopped, unless configuration or a person wanted it.
 * 5. Restarts are bounded: by the budgets, per resource and for the fleet; and those that the
 *    restart policy asks for by the backoff, which grows with each crash, and by the quarantine.
 * 6. A crash of the daemon loses nothing that was written.
 * 7. A step that declares its undo and may be half done is undone: when its action is over, it left
 *    nothing behind in the world, unless the undo itself failed and the action says so.
 * 8. An incident keeps its cause and its title.
 */
import type { Fleet } from "../../src/config/index.ts";
import type {
  Action,
  Command,
  Entry,
  Incident,
  ProcessExit,
  ResourceId,
} from "../../src/model/index.ts";
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
  readonly #crashes = new Map<ResourceId, { count: number; exitedMs: number }>();
  readonly #histories = new Map<string, string>();
  recoveries = 0;
  byPolicy = 0;
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
      case "process_exited":
        this.#noteExit(entry.exit);
        return;
      case "incident":
        this.#keepsHistory(entry.incident);
        for (const id of [...entry.incident.failures, ...entry.incident.victims]) {
          this.#incidentOf.set(id, entry.incident.id);
        }
        if (entry.incident.state.kind === "escalated") this.#escalated.add(entry.incident.id);
        return;
      case "plan":
        if (entry.plan.byPolicy) this.#afterBackoff(entry.plan.resource);
        else if (entry.plan.cause.kind === "failure") this.#withinBudget(entry.plan.resource);
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

  /** Exits in a row without a healthy run, counted from the journal alone. */
  #noteExit({ resource, expected, uptimeMs }: ProcessExit): void {
    const before = this.#crashes.get(resource)?.count ?? 0;
    const isHealthy = uptimeMs >= this.#fleet.budgets.healthyRunMs;
    if (expected && !isHealthy) return;
    this.#crashes.set(resource, {
      count: isHealthy ? 0 : before + 1,
      exitedMs: this.#world.nowMs,
    });
  }

  /** Less the jitter of a fifth, and a millisecond for rounding. */
  #afterBackoff(resource: ResourceId): void {
    this.byPolicy += 1;
    const { count, exitedMs } = this.#crashes.get(resource) ?? { count: 0, exitedMs: 0 };
    const { coolDownMaxMs, crashes } = this.#fleet.budgets;
    const leastMs = count < 2 ? 0 : Math.min(250 * 2 ** (count - 2), coolDownMaxMs) * 0.8 - 1;
    const pausedMs = this.#world.nowMs - exitedMs;
    if (pausedMs < leastMs) {
      this.#break(`5: ${resource} comes back ${pausedMs} ms after crash ${count} in a row`);
    }
    if (count >= crashes) this.#break(`5: ${resource} comes back after ${count} crashes in a row`);
  }

  #keepsHistory({ id, cause, title }: Incident): void {
    const history = `${cause}, ${title}`;
    const before = this.#histories.get(id) ?? history;
    this.#histories.set(id, before);
    if (before !== history) this.#break(`8: ${id} was "${before}" and is "${history}"`);
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
