/**
 * When is which look due? Looks that come equally often go together: to wake up costs more than to
 * look, so one that is due takes others of its flock along that would be due soon.
 *
 * D1. No look comes later than it is due, and none earlier than by `earlyShare` of its interval.
 * D2. Once together they stay together: what comes early is due again one interval later.
 * D3. At most `togetherMax` go along in one turn, so a large fleet stays spread out.
 */
import { DueHeap } from "../kernel/index.ts";

/** At half of it any two of a flock come together: one of them is near enough to the other. */
const earlyShare = 0.5;
const togetherMax = 16;

/** Looks that are due at their own time, whatever the others do. */
const alone = 0;

export class DueLooks {
  /** By interval; there are few different ones. */
  readonly #flocks = new Map<number, DueHeap>();
  readonly #flockOf = new Map<string, DueHeap>();

  /** Makes a look due at `dueMs`; with an interval it goes along with others of that interval. */
  set(key: string, dueMs: number, intervalMs = alone): void {
    const flock = this.#flock(intervalMs);
    const before = this.#flockOf.get(key);
    if (before !== flock) before?.delete(key);
    this.#flockOf.set(key, flock);
    flock.set(key, dueMs);
  }

  delete(key: string): void {
    this.#flockOf.get(key)?.delete(key);
    this.#flockOf.delete(key);
  }

  nextDueMs(): number | undefined {
    let next: number | undefined;
    for (const flock of this.#flocks.values()) {
      const dueMs = flock.nextDueMs();
      if (dueMs !== undefined && (next === undefined || dueMs < next)) next = dueMs;
    }
    return next;
  }

  /** Takes out what is due at `nowMs`, and what goes along with it. */
  takeDue(nowMs: number): readonly string[] {
    const taken: string[] = [];
    for (const [intervalMs, flock] of this.#flocks) {
      let key = flock.takeDue(nowMs);
      const isLed = key !== undefined;
      for (; key !== undefined; key = flock.takeDue(nowMs)) taken.push(key);
      if (!isLed) continue;
      while (taken.length < togetherMax) {
        key = flock.takeDue(nowMs + intervalMs * earlyShare);
        if (key === undefined) break;
        taken.push(key);
      }
    }
    return taken;
  }

  #flock(intervalMs: number): DueHeap {
    let flock = this.#flocks.get(intervalMs);
    if (flock === undefined) this.#flocks.set(intervalMs, (flock = new DueHeap()));
    return flock;
  }
}
