/**
 * 9. "Healed" is true: what the verdict is about was well in the world for all of the watch window,
 *    but for what falls between two looks; and the window begins after the action that gets the
 *    credit for it.
 * 10. "Not healed" and "escalated" are true: what was well from the end of the action on, or for
 *     longer than any window lasts, is not told to be ill.
 */
import { goodLooksFor } from "../../../src/config/index.ts";
import {
  type Action,
  type Entry,
  type Failure,
  type Incident,
  instanceOf,
  namesCause,
  type Verdict,
} from "../../../src/model/index.ts";
import { serviceNameOf } from "../simulated-fleet.ts";
import { aspectOf } from "../truth.ts";
import type { Invariant, Setting } from "./setting.ts";

/** A look, the answer that is waited for, and jitter. */
const betweenLooksMs = 1700;
/** The last look of a window has begun so long before the verdict, at most. */
const lookMs = 700;
const siteLookMs = 2300;
const roundingMs = 2;

export class Verdicts implements Invariant {
  readonly #setting: Setting;
  readonly #failures = new Map<string, Failure>();
  readonly #endedMs = new Map<string, number>();

  constructor(setting: Setting) {
    this.#setting = setting;
  }

  written(entry: Entry): void {
    if (entry.kind === "failure_raised") this.#failures.set(entry.failure.id, entry.failure);
    if (entry.kind === "failure_resolved") this.#failures.delete(entry.failure);
    if (entry.kind === "action") this.#noteEnd(entry.action);
    if (entry.kind === "verdict") this.#judge(entry.verdict);
    if (entry.kind === "incident" && entry.incident.state.kind === "escalated") {
      this.#isReallyIll(entry.incident, entry.incident.state.reason);
    }
  }

  #noteEnd({ id, status }: Action): void {
    if (status.kind === "succeeded") this.#endedMs.set(id, this.#setting.world.nowMs);
  }

  #judge(verdict: Verdict): void {
    const failure = this.#failures.get(verdict.failure);
    // What is given up is not said to be well.
    if (failure === undefined || verdict.givenUp || !namesCause(failure.type)) return;
    if (verdict.healed) this.#isReallyWell(verdict, failure);
    else this.#isReallyNotWell(verdict, failure);
  }

  #isReallyWell({ action, reason }: Verdict, { resource, type }: Failure): void {
    const { world, fleet, broke } = this.#setting;
    const { watchMs } = fleet.detection;
    const { nowMs } = world;
    const isInstance = instanceOf(resource) !== undefined;
    const toMs = nowMs - (isInstance ? lookMs : siteLookMs);
    const fromMs = isInstance ? nowMs - watchMs : toMs - roundingMs;
    const aspect = aspectOf[type];
    const illMs = aspect ? world.truth.longestIllMs({ resource, aspect }, fromMs, toMs) : 0;
    if (illMs > (isInstance ? betweenLooksMs : 0)) {
      broke(
        9,
        `${type} of ${resource} is healed (${reason}), and it was ill for ${illMs} ms of it`,
      );
    }
    const endedMs = this.#endedMs.get(action ?? "");
    if (endedMs !== undefined && nowMs - endedMs < watchMs - roundingMs) {
      broke(9, `${type} of ${resource} is healed ${nowMs - endedMs} ms after ${action}`);
    }
  }

  #isReallyNotWell({ action, reason }: Verdict, { resource, type }: Failure): void {
    const { world, broke } = this.#setting;
    const endedMs = this.#endedMs.get(action ?? "") ?? world.nowMs;
    const wellMs = world.truth.wellSinceMs(resource);
    if (wellMs === undefined || wellMs > endedMs) return;
    broke(
      10,
      `${type} of ${resource} is not healed (${reason}), and it is well since ${wellMs} ms`,
    );
  }

  #isReallyIll({ id, failures }: Incident, reason: string): void {
    const { fleet, told, world, broke } = this.#setting;
    const { watchMs } = fleet.detection;
    const open = failures.flatMap((failure) => told.failures.get(failure) ?? []);
    if (open.length === 0) return;
    const isWell = open.every(({ resource, sensor, type }) => {
      const wellSinceMs = world.truth.wellSinceMs(resource);
      const { intervalMs = 1000 } = fleet.resources[resource]?.probe ?? {};
      const looksMs = intervalMs * 1.1 * (goodLooksFor(fleet, resource, sensor) + 1);
      const leastMs = watchMs + looksMs + siteLookMs;
      return (
        namesCause(type) &&
        wellSinceMs !== undefined &&
        world.nowMs - wellSinceMs > leastMs &&
        !serviceNameOf(resource).startsWith("job-")
      );
    });
    if (isWell) broke(10, `${id} is escalated (${reason}), and all of it is well`);
  }
}
