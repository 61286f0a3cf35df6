/**
 * One location while somebody works in the vault: whether it takes part, and if not, why.
 *
 * P1. A place that once failed stays out until the work is over: its later files would refer to
 *     what it lacks. It is caught up by the next work that reaches it.
 * P2. One that rests is not asked by any work until it is woken, so that a place that takes long to
 *     say that it is away is not waited for by each of them.
 */
import type { LocationSet } from "../index/blob-index.ts";
import { type Location, LocationFault } from "../location.ts";

export class Place {
  readonly location: Location;
  /** Its bit in sets of locations. */
  readonly bit: LocationSet;
  /** Ids of locks of ours that may still lie there. */
  readonly leftLocks = new Set<string>();
  #trouble: Error | undefined;
  #rest: Error | undefined;

  constructor(location: Location, number: number) {
    this.location = location;
    this.bit = 1 << number;
  }

  get name(): string {
    return this.location.traits.name;
  }

  get takesPart(): boolean {
    return this.#trouble === undefined;
  }

  /** Why it is out. */
  get trouble(): Error | undefined {
    return this.#trouble;
  }

  /** The first reason counts. */
  leaveOut(reason: Error): void {
    this.#trouble ??= reason;
  }

  /** New work begins. */
  readmit(): void {
    this.#trouble = this.#rest;
  }

  get isResting(): boolean {
    return this.#rest !== undefined;
  }

  /** P2. What is under way goes on. */
  rest(reason: Error): void {
    this.#rest = reason;
  }

  /** The next work asks it again. */
  wake(): void {
    this.#rest = undefined;
  }
}

/**
 * Does something at each place that takes part, at all of them at once; one that fails is left out
 * (P1), and the others go on.
 */
export async function atEach(
  places: readonly Place[],
  run: (place: Place) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const taking = places.filter((place) => place.takesPart);
  const attempts = taking.map(async (place) => {
    try {
      await run(place);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof LocationFault)) throw error;
      place.leaveOut(error);
    }
  });
  // All have ended before anybody goes on, so that nothing is still being written afterwards.
  const settled = await Promise.allSettled(attempts);
  for (const outcome of settled) if (outcome.status === "rejected") throw outcome.reason;
}
