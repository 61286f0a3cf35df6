/**
 * 4. Nothing that is well is stopped or replaced, unless configuration or a person wanted it.
 * 5. Restarts are bounded: by the budgets, per resource and for the fleet, by pauses that grow with
 *    each attempt that did not help, and those that the restart policy asks for by the backoff,
 *    which grows with each crash, and by the quarantine.
 */
import {
  type Action,
  type Command,
  type Entry,
  interrupted,
  type Plan,
  type ResourceId,
  type SealedEntry,
} from "../../../src/model/index.ts";
import { CrashCount } from "./crash-count.ts";
import { type Invariant, isOf, type Setting } from "./setting.ts";

/** A process that was well again by itself shortly before may still be acted upon. */
const staleMs = 2000;
/** Times that went through the wall clock, and floating point. */
const roundingMs = 2;

export class Restarts implements Invariant {
  byPolicy = 0;
  readonly #setting: Setting;
  #crashes: CrashCount;
  readonly #exitedMs = new Map<ResourceId, number>();
  /** Under which spec an instance was started last. */
  readonly #specs = new Map<ResourceId, string>();
  /** Attempts in a row that did not help, by resource and strategy. */
  readonly #lost = new Map<string, { count: number; atMs: number }>();
  readonly #plannedMs = new Map<string, number>();
  /** When a person has last asked for anything: what waits begins anew with all strategies then. */
  #anewMs = 0;
  /** Persons who ask for a start or a restart are not rationed. */
  readonly #askedMs = new Map<ResourceId, number[]>();

  constructor(setting: Setting) {
    this.#setting = setting;
    this.#crashes = new CrashCount(setting.fleet.budgets.healthyRunMs);
  }

  written(entry: Entry): void {
    this.#crashes.hear(entry);
    switch (entry.kind) {
      case "process_started":
        this.#specs.set(entry.run.resource, entry.run.specHash);
        return;
      case "process_exited":
        if (!entry.exit.expected) {
          this.#exitedMs.set(entry.exit.resource, this.#setting.world.nowMs);
        }
        return;
      case "plan":
        this.#notePlan(entry.plan);
        return;
      case "action":
        this.#noteAction(entry.action);
        return;
      case "failure_resolved":
        this.#forgetWell();
        return;
      case "request":
        this.#noteRequest(entry.resource);
        return;
      default:
        return;
    }
  }

  commanded({ phase, step, action: id }: Command): void {
    if (phase !== "act") return;
    const action = this.#setting.told.actions.get(id);
    if (action === undefined) return;
    if (step.kind === "stop") this.#stopIsJustified(step, action);
    if (step.kind === "start" && step.parameters["beside"] === true) {
      this.#isIll(step.resource, action, "replaced");
    }
  }

  /** What was tried is remembered by a daemon for as long as it lives. */
  daemonDied(): void {
    this.#lost.clear();
  }

  /** What only the memory of the last one held, nobody knows. */
  daemonBegins(journal: readonly SealedEntry[]): void {
    this.#crashes = new CrashCount(this.#setting.fleet.budgets.healthyRunMs);
    for (const { entry } of journal) this.#crashes.hear(entry);
  }

  #notePlan(plan: Plan): void {
    if (plan.cause.kind !== "failure") return;
    this.#plannedMs.set(plan.id, this.#setting.world.nowMs);
    if (plan.byPolicy) {
      if (plan.strategy === "restart") this.#afterBackoff(plan);
    } else {
      this.#withinBudget(plan);
      this.#afterCoolDown(plan);
    }
  }

  #noteAction({ plan, status }: Action): void {
    if (plan.cause.kind !== "failure" || plan.byPolicy) return;
    if (status.kind !== "failed" && status.kind !== "rolled_back") return;
    if (status.reason === interrupted || status.reason.startsWith("withdrawn: ")) return;
    if ((this.#plannedMs.get(plan.id) ?? 0) < this.#anewMs) return;
    const key = `${plan.resource}|${plan.strategy}`;
    const count = (this.#lost.get(key)?.count ?? 0) + 1;
    this.#lost.set(key, { count, atMs: this.#setting.world.nowMs });
  }

  #forgetWell(): void {
    const ill = new Set([...this.#setting.told.failures.values()].map(({ resource }) => resource));
    for (const key of this.#lost.keys()) {
      if (!ill.has(key.slice(0, key.indexOf("|")) as ResourceId)) this.#lost.delete(key);
    }
  }

  #noteRequest(asked: ResourceId | undefined): void {
    const { nowMs } = this.#setting.world;
    this.#anewMs = nowMs;
    this.#lost.clear();
    if (asked === undefined) return;
    this.#askedMs.set(asked, [...(this.#askedMs.get(asked) ?? []), nowMs]);
  }

  /** Less the jitter of a fifth. */
  #afterBackoff({ resource, steps }: Plan): void {
    this.byPolicy += 1;
    const { world, fleet, broke } = this.#setting;
    const specHash = steps.find(({ kind }) => kind === "start")?.parameters["specHash"];
    if (specHash !== this.#specs.get(resource)) return;
    const count = this.#crashes.of(resource);
    const exitedMs = this.#exitedMs.get(resource) ?? 0;
    const { coolDownMaxMs, crashes } = fleet.budgets;
    const backoffMs = count < 2 ? 0 : Math.min(250 * 2 ** (count - 2), coolDownMaxMs) * 0.8;
    const pausedMs = world.nowMs - exitedMs;
    if (pausedMs < backoffMs - roundingMs) {
      broke(5, `${resource} comes back ${pausedMs} ms after crash ${count} in a row`);
    }
    if (count >= crashes) broke(5, `${resource} comes back after ${count} crashes in a row`);
  }

  #afterCoolDown({ resource, strategy }: Plan): void {
    const { world, fleet, broke } = this.#setting;
    const lost = this.#lost.get(`${resource}|${strategy}`);
    if (lost === undefined) return;
    const { coolDownMs, coolDownMaxMs } = fleet.budgets;
    const pauseMs = Math.min(coolDownMs * 2 ** (lost.count - 1), coolDownMaxMs);
    const pausedMs = world.nowMs - lost.atMs;
    if (pausedMs >= pauseMs - roundingMs) return;
    broke(5, `${strategy} of ${resource} again ${pausedMs} ms after ${lost.count} that were lost`);
  }

  #withinBudget({ resource }: Plan): void {
    const { world, fleet, told, broke } = this.#setting;
    const { perResource, perFleet, windowMs } = fleet.budgets;
    const sinceMs = world.nowMs - windowMs + roundingMs;
    const sinceAt = world.now().wallMs - windowMs + roundingMs;
    const recent = told.spent.filter(({ at }) => at > sinceAt);
    const own = recent.filter(({ resources }) => resources.has(resource));
    let asked = 0;
    for (const [request, times] of this.#askedMs) {
      if (isOf(request, resource)) asked += times.filter((at) => at > sinceMs).length;
    }
    if (own.length > perResource + asked) {
      broke(5, `${own.length} recoveries of ${resource} within the window, ${perResource} allowed`);
    }
    const allAsked = [...this.#askedMs.values()].flat().filter((at) => at > sinceMs).length;
    // A service has up to three instances.
    if (recent.length > perFleet + 3 * allAsked) {
      broke(5, `${recent.length} recoveries within the window, ${perFleet} allowed`);
    }
  }

  #stopIsJustified(step: Command["step"], action: Action): void {
    const { told, broke } = this.#setting;
    const { resource, parameters } = step;
    if (action.plan.strategy === "stop" && !told.isStopped(resource)) {
      broke(4, `${resource} is stopped, and nobody wants that`);
    }
    if (parameters["which"] !== "previous") this.#isIll(resource, action, "stopped");
  }

  #isIll(resource: ResourceId, { id, plan }: Action, done: string): void {
    const { world, told, broke } = this.#setting;
    if (plan.cause.kind !== "failure" || told.approved.has(id)) return;
    const process = world.processOf(resource);
    const wellMs = world.nowMs - (world.truth.wellSinceMs(resource) ?? world.nowMs);
    if (process === undefined || !world.isWell(process) || wellMs < staleMs) return;
    broke(4, `${resource} is well for ${wellMs} ms and is ${done} (${plan.reason})`);
  }
}
