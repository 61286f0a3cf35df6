/**
 * What is really the case in the simulated world, and since when: verdicts of the loop are compared
 * with it.
 */
import type { FailureType, ResourceId } from "../../src/model/index.ts";

/** What can be well of a resource: it lives and is ready, answers, works, has room; or all. */
export type Aspect = "lives" | "answers" | "works" | "has_room" | "all";

/** What a type of failure says to be ill; of the others the world knows nothing. */
export const aspectOf: Partial<Record<FailureType, Aspect>> = {
  process_exited: "lives",
  crash_loop: "lives",
  start_failed: "lives",
  start_timeout: "lives",
  port_conflict: "lives",
  hang: "answers",
  check_failed: "answers",
  unreachable: "answers",
  stalled_work: "works",
  memory_exhaustion: "has_room",
};

interface Change {
  readonly atMs: number;
  readonly isWell: boolean;
}

/** Far more than what can happen to one resource within a watch window. */
const changesMax = 40;

export class Truth {
  readonly #changes = new Map<string, Change[]>();

  /** Of one resource at one time: each aspect, well or not. */
  note(resource: ResourceId, well: Readonly<Record<Aspect, boolean>>, atMs: number): void {
    for (const [aspect, isWell] of Object.entries(well) as [Aspect, boolean][]) {
      this.#note(`${resource}#${aspect}`, isWell, atMs);
    }
  }

  #note(key: string, isWell: boolean, atMs: number): void {
    const changes = this.#changes.get(key);
    if (changes === undefined) this.#changes.set(key, [{ atMs, isWell }]);
    else if (changes.at(-1)?.isWell !== isWell) {
      changes.push({ atMs, isWell });
      if (changes.length > changesMax) changes.shift();
    }
  }

  /** Since when it has been well without a break; undefined when it is ill, or was never seen. */
  wellSinceMs(resource: ResourceId): number | undefined {
    const last = this.#changes.get(`${resource}#all`)?.at(-1);
    return last?.isWell ? last.atMs : undefined;
  }

  /** How long it was ill in this respect between two times, at a stretch, at most. */
  longestIllMs(of: { resource: ResourceId; aspect: Aspect }, fromMs: number, toMs: number): number {
    const changes = this.#changes.get(`${of.resource}#${of.aspect}`) ?? [];
    let longestMs = 0;
    for (const [index, { atMs, isWell }] of changes.entries()) {
      if (isWell) continue;
      const endMs = Math.min(changes[index + 1]?.atMs ?? toMs, toMs);
      longestMs = Math.max(longestMs, endMs - Math.max(atMs, fromMs));
    }
    return longestMs;
  }
}

export function allWell(isWell: boolean): Readonly<Record<Aspect, boolean>> {
  return { lives: isWell, answers: isWell, works: isWell, has_room: isWell, all: isWell };
}
