/**
 * What the journal has told until now, read by the tests' own eyes: no code of the recollection is
 * used, so that both can be compared.
 */
import type { Mode } from "../../../src/kernel/index.ts";
import {
  type Action,
  type Entry,
  type Failure,
  type Incident,
  instanceOf,
  isFinished,
  isLive,
  type ResourceId,
  type SlotRecord,
  serviceId,
  touchedBy,
} from "../../../src/model/index.ts";

export interface Spending {
  readonly resources: ReadonlySet<ResourceId>;
  /** Wall milliseconds. */
  readonly at: number;
}

export class Told {
  /** Open failures. */
  readonly failures = new Map<string, Failure>();
  /** All that are live, as they were told last. */
  readonly incidents = new Map<string, Incident>();
  /** To which incident a failure belongs. */
  readonly incidentOf = new Map<string, string>();
  readonly actions = new Map<string, Action>();
  /** Actions whose verdict is awaited, by the failure that they are for. */
  readonly judged = new Map<string, string>();
  readonly slots = new Map<ResourceId, SlotRecord>();
  readonly modes = new Map<string, Mode>();
  /** What a person has asked for last. */
  readonly wanted = new Map<ResourceId, "running" | "stopped">();
  readonly approved = new Set<string>();
  spent: Spending[] = [];

  /** `at` in wall milliseconds. */
  hear(entry: Entry, at: number): void {
    switch (entry.kind) {
      case "failure_raised":
        this.failures.set(entry.failure.id, entry.failure);
        return;
      case "failure_resolved":
        this.failures.delete(entry.failure);
        this.judged.delete(entry.failure);
        return;
      case "incident":
        this.#hearIncident(entry.incident);
        return;
      case "action":
        this.#hearAction(entry.action);
        return;
      case "verdict":
        if (!entry.verdict.healed) this.judged.delete(entry.verdict.failure);
        return;
      case "plan": {
        const { plan } = entry;
        if (plan.cause.kind !== "failure" || plan.byPolicy) return;
        this.spent.push({ resources: touchedBy(plan), at });
        return;
      }
      case "supervision":
        this.slots.set(entry.slot.resource, entry.slot);
        return;
      case "mode_changed":
        this.modes.set(entry.scope, entry.mode);
        return;
      case "request":
        this.#hearRequest(entry);
        return;
      default:
        return;
    }
  }

  /** Not over, and on this resource. */
  underWay(resource: ResourceId): readonly Action[] {
    return this.unfinished().filter(({ plan }) => touchedBy(plan).has(resource));
  }

  unfinished(): readonly Action[] {
    return [...this.actions.values()].filter((action) => !isFinished(action));
  }

  #hearIncident(incident: Incident): void {
    for (const id of [...incident.failures, ...incident.victims]) {
      this.incidentOf.set(id, incident.id);
    }
    if (isLive(incident)) this.incidents.set(incident.id, incident);
    else this.incidents.delete(incident.id);
  }

  #hearAction(action: Action): void {
    const { id, plan, status } = action;
    if (isFinished(action)) this.actions.delete(id);
    else this.actions.set(id, action);
    if (plan.cause.kind !== "failure") return;
    if (status.kind === "succeeded" && plan.watch) this.judged.set(plan.cause.failure, id);
    else this.judged.delete(plan.cause.failure);
  }

  #hearRequest({ what, resource }: Extract<Entry, { kind: "request" }>): void {
    if (what.startsWith("approve ")) this.approved.add(what.slice("approve ".length));
    if (resource === undefined || !["start", "stop", "restart"].includes(what)) return;
    // Whoever asks for a service asks for all of its instances.
    const instances = resource.replace("service/", "instance/");
    for (const other of this.wanted.keys()) {
      if (other.startsWith(`${instances}.`)) this.wanted.delete(other);
    }
    this.wanted.set(resource, what === "stop" ? "stopped" : "running");
  }

  /** A person wants it to be down. */
  isStopped(resource: ResourceId): boolean {
    const service = serviceId(instanceOf(resource)?.service ?? "");
    return (this.wanted.get(resource) ?? this.wanted.get(service)) === "stopped";
  }

  /** Somebody has set a mode that keeps the loop from doing all it could for it. */
  isHeldBack(resource: ResourceId): boolean {
    const own = ["fleet", instanceOf(resource)?.service];
    return [...this.modes].some(
      ([scope, mode]) => mode !== "full" && (own.includes(scope) || scope.startsWith("strategy/")),
    );
  }
}
