/**
 * 1. Every failure ends resolved, or its incident is escalated; and nobody waits long for either:
 *    what is open is being worked on, or a person has been told, or has asked for it to be left.
 * 8. An incident keeps its cause and its title.
 */
import type { Entry, Failure, Incident } from "../../../src/model/index.ts";
import type { Invariant, Setting } from "./setting.ts";

/** Longer than the longest pause between two attempts, with what an attempt takes. */
const patienceMs = 240_000;

export class Ends implements Invariant {
  readonly #setting: Setting;
  readonly #escalated = new Set<string>();
  readonly #histories = new Map<string, string>();
  /** When it was last seen that a failure is cared for. */
  readonly #caredMs = new Map<string, number>();

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  written(entry: Entry): void {
    const { nowMs } = this.#setting.world;
    if (entry.kind === "failure_raised") this.#caredMs.set(entry.failure.id, nowMs);
    if (entry.kind === "failure_resolved") this.#caredMs.delete(entry.failure);
    if (entry.kind !== "incident") return;
    this.#keepsHistory(entry.incident);
    if (entry.incident.state.kind === "escalated") this.#escalated.add(entry.incident.id);
  }

  minutePassed(): void {
    const { told, world } = this.#setting;
    for (const failure of told.failures.values()) {
      const sinceMs = this.#caredMs.get(failure.id) ?? world.nowMs;
      if (this.#isCaredFor(failure)) this.#caredMs.set(failure.id, world.nowMs);
      else if (world.nowMs - sinceMs > patienceMs) {
        this.#caredMs.set(failure.id, Number.POSITIVE_INFINITY);
        this.#break(failure, `nobody cares for it for ${(world.nowMs - sinceMs) / 1000} s`);
      }
    }
  }

  end(): void {
    for (const failure of this.#setting.told.failures.values()) {
      const { told } = this.#setting;
      const incident = told.incidentOf.get(failure.id);
      if (incident !== undefined && this.#escalated.has(incident)) continue;
      // Or a person is asked what to do about it.
      const asks = told.underWay(failure.resource).map(({ status }) => status.kind);
      if (asks.includes("waiting_for_approval")) continue;
      this.#break(failure, "it is neither resolved nor escalated");
    }
  }

  #isCaredFor({ id, resource }: Failure): boolean {
    const { told } = this.#setting;
    const incident = told.incidents.get(told.incidentOf.get(id) ?? "");
    const cause = incident?.cause ?? resource;
    return (
      (incident !== undefined && this.#escalated.has(incident.id)) ||
      told.judged.has(id) ||
      told.underWay(resource).length + told.underWay(cause).length > 0 ||
      told.isHeldBack(resource) ||
      told.isHeldBack(cause)
    );
  }

  #break({ id, type, resource }: Failure, what: string): void {
    this.#setting.broke(1, `${id} (${type} of ${resource}): ${what}`);
  }

  #keepsHistory({ id, cause, title }: Incident): void {
    const history = `${cause}, ${title}`;
    const before = this.#histories.get(id) ?? history;
    this.#histories.set(id, before);
    if (before !== history) {
      this.#setting.broke(8, `${id} was "${before}" and is "${history}"`);
    }
  }
}
