/**
 * When is which look due? Looks that come equally often go together: to wake up costs more than to
 * look, so one that is due takes along the others of its flock that would be due soon.
 *
 * D1. No look comes later than it is due, and none earlier than by `earlyShare` of its interval.
 * D2. Once together they stay together, and come no more often than declared: what was taken in one
 *     turn is due again after one and the same pause.
 * D3. Only a flock of at most `flockMax` goes together; a larger one stays spread out: what a late
 *     turn has taken at once must part again, or each delay makes the next one longer.
 */
import { DueHeap } from "../kernel/index.ts";

/** At half of it any two of a flock come together: one of them is near enough to the other. */
const earlyShare = 0.5;
const flockMax = 16;

/** Looks that are due at their own time, whatever the others do. */
const alone = 0;

interface Flock {
  readonly due: DueHeap;
  /** Looks that belong to it, also while they are being taken. */
  size: number;
}

export class DueLooks {
  /** By interval; there are few different ones. */
  readonly #flocks = new Map<number, Flock>();
  readonly #flockOf = new Map<string, Flock>();

  /** Makes a look due at `dueMs`; with an interval it goes along with others of that interval. */
  set(key: string, dueMs: number, intervalMs = alone): void {
    const flock = this.#flock(intervalMs);
    if (this.#flockOf.get(key) !== flock) {
      this.delete(key);
      this.#flockOf.set(key, flock);
      flock.size += 1;
    }
    flock.due.set(key, dueMs);
  }

  delete(key: string): void {
    const flock = this.#flockOf.get(key);
    if (flock === undefined) return;
    this.#flockOf.delete(key);
    flock.due.delete(key);
    flock.size -= 1;
  }

  goesTogether(key: string): boolean {
    const flock = this.#flockOf.get(key);
    if (flock === undefined || flock === this.#flocks.get(alone)) return false;
    return flock.size <= flockMax;
  }

  nextDueMs(): number | undefined {
    let next: number | undefined;
    for (const { due } of this.#flocks.values()) {
      const dueMs = due.nextDueMs();
      if (dueMs !== undefined && (next === undefined || dueMs < next)) next = dueMs;
    }
    return next;
  }

  /** Takes out what is due at `nowMs`, and what goes along with it. */
  takeDue(nowMs: number): readonly string[] {
    const taken: string[] = [];
    for (const [intervalMs, { due, size }] of this.#flocks) {
      const first = due.takeDue(nowMs);
      if (first === undefined) continue;
      taken.push(first);
      const untilMs = size > flockMax ? nowMs : nowMs + intervalMs * earlyShare;
      for (let key = due.takeDue(untilMs); key !== undefined; key = due.takeDue(untilMs)) {
        taken.push(key);
      }
    }
    return taken;
  }

  #flock(intervalMs: number): Flock {
    let flock = this.#flocks.get(intervalMs);
    if (flock === undefined)
      this.#flocks.set(intervalMs, (flock = { due: new DueHeap(), size: 0 }));
    return flock;
  }
}
