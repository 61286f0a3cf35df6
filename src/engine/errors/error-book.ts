/**
 * All errors of one engine: grouped by what they are, joined over the services that they went
 * through, and looked at for patterns.
 *
 * B1. A failure costs a look at a few tables, whatever has failed before; success costs nothing. Of
 *     more than `looksMax` in a tenth of a second the others are taken to be what their operation
 *     failed of last: they are counted, and not looked at.
 * B2. One failure that went through several operations is counted once, where it arose.
 * B3. What a caller has cancelled is no error.
 * B4. Everything is bounded (G1, P2, and the maps here).
 */
import { type ErrorCategory, read, readText } from "../../resilience/index.ts";
import type { Burst } from "../../statistics/index.ts";
import type { ErrorGroup, ErrorPlace, Evidence } from "./error-group.ts";
import { ErrorGroups, type Forgotten, type Moment } from "./error-groups.ts";
import { onwardFrom, originIn } from "./error-place.ts";
import { branchesOf, chainOf, factsOf } from "./fingerprint.ts";

/** A failed call, as its caller sees it. */
export interface HeardError {
  readonly operation: string;
  readonly category: ErrorCategory;
  readonly error: unknown;
  /** Undefined: it was not timed. */
  readonly elapsedMs?: number | undefined;
  readonly requestId?: string | undefined;
}

/** What is worth telling at once. */
export interface Noticed {
  readonly group: ErrorGroup;
  readonly operation: string;
  /** It has not happened since the engine began, and now several times. */
  readonly isNew: boolean;
  readonly burst: Burst | undefined;
  /** It begins, after some time without it. */
  readonly isOnset: boolean;
}

interface Requested {
  readonly place: ErrorPlace;
  readonly beganMs: number;
  readonly atMs: number;
}

/** What was seen by then belongs to how the service always was. */
export const settleMs = 300_000;
/** So often within `settleMs` of its first time, and a new error is told. */
const newMin = 5;
const requestsMax = 500;
/** B1. */
const looksMax = 200;
const sliceMs = 100;
/** For so long after that some may miss what was not looked at. */
const unsureMs = 1000;
const requestWithinMs = 10_000;
const operationsMax = 1000;
const circuitWithinMs = 600_000;

export class ErrorBook {
  readonly groups: ErrorGroups;
  readonly #sinceMs: number;
  /** P1. */
  readonly #places = new WeakMap<object, ErrorPlace>();
  readonly #requests = new Map<string, Requested>();
  readonly #lastOf = new Map<string, { place: ErrorPlace; atMs: number }>();
  #calls = 0;
  #sliceEndMs = 0;
  #looks = 0;
  #unsureUntilMs = 0;

  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs;
    this.groups = new ErrorGroups(sinceMs);
  }

  /** Failed calls that were looked at; one error may be several. */
  get calls(): number {
    return this.#calls;
  }

  get forgotten(): Forgotten {
    return this.groups.forgotten;
  }

  /** Counts without a look (B1); undefined: this one is to be looked at. */
  alike(
    { operation, category }: Pick<HeardError, "operation" | "category">,
    monotonicMs: number,
  ): Noticed | "counted" | undefined {
    if (monotonicMs >= this.#sliceEndMs) {
      this.#sliceEndMs = monotonicMs + sliceMs;
      this.#looks = 0;
    }
    this.#looks += 1;
    if (this.#looks <= looksMax) return undefined;
    this.#unsureUntilMs = monotonicMs + unsureMs;
    // B3.
    if (category === "cancelled") return "counted";
    const place = this.#lastOf.get(operation)?.place;
    if (place === undefined || place.group.isForgotten) return undefined;
    const { group } = place;
    this.#calls += 1;
    place.calls += 1;
    if (category === "rejected" && group.category !== "rejected") group.refused += 1;
    else if (place.from === undefined) return this.#count(group, operation, monotonicMs);
    return "counted";
  }

  /** Undefined for a consequence of what was heard before (B2), and for what is none (B3). */
  hear(heard: HeardError, moment: Moment): Noticed | undefined {
    const { operation, category, error } = heard;
    // B3.
    if (category === "cancelled") return undefined;
    this.#calls += 1;
    const chain = chainOf(error);
    const known = this.#known(chain);
    const joined =
      known === undefined
        ? (this.#refused(operation, error, moment) ?? this.#requested(heard, moment))
        : onwardFrom(known.place, operation, known.evidence);
    const place = joined ?? this.#unjoined(chain.at(-1) ?? error, heard, moment);
    this.#mark(heard, { place, chain }, moment);
    place.calls += 1;
    // The same thing, thrown once more where it arose, is the next of its kind.
    const isAgain = known !== undefined && place.from === undefined;
    place.group.lastAt = moment.wallMs;
    const isConsequence = joined !== undefined || place.from !== undefined;
    if (isConsequence && !(isAgain && place.operation === operation)) return undefined;
    return this.#count(place.group, operation, moment.monotonicMs);
  }

  #unjoined(root: unknown, { operation, category }: HeardError, moment: Moment): ErrorPlace {
    const group = this.groups.of(factsOf(root, category), moment);
    const last = this.#lastOf.get(operation)?.place;
    // What it comes from was only counted (B1): it is what it always was.
    const isUnsure = moment.monotonicMs < this.#unsureUntilMs;
    if (isUnsure && last?.group === group && last.from !== undefined) return last;
    return originIn(group, operation);
  }

  #count(group: ErrorGroup, operation: string, monotonicMs: number): Noticed {
    group.calls += 1;
    const ageMs = monotonicMs - group.firstMs;
    const isNew =
      group.calls === newMin &&
      !group.isVarious &&
      ageMs <= settleMs &&
      group.firstMs - this.#sinceMs > settleMs;
    if (isNew) group.isNew = true;
    const burst = group.rate.note(monotonicMs);
    const isOnset = group.onsets.note(monotonicMs);
    return { group, operation, isNew, burst, isOnset };
  }

  #known(
    chain: readonly object[],
  ): { readonly place: ErrorPlace; readonly evidence: Evidence } | undefined {
    for (const [depth, link] of chain.entries()) {
      const place = this.#placeOf(link);
      if (place !== undefined) return { place, evidence: depth === 0 ? "same" : "cause" };
      for (const branch of branchesOf(link)) {
        const from = this.#placeOf(branch);
        if (from !== undefined) return { place: from, evidence: "cause" };
      }
    }
    return undefined;
  }

  #placeOf(error: object): ErrorPlace | undefined {
    const place = this.#places.get(error);
    return place === undefined || place.group.isForgotten ? undefined : place;
  }

  /** A circuit refuses because of what its operation failed of. */
  #refused(operation: string, error: unknown, { monotonicMs }: Moment): ErrorPlace | undefined {
    if (read(error, "code") !== "CIRCUIT_OPEN") return undefined;
    const last = this.#lastOf.get(readText(error, "operation") ?? "");
    if (last === undefined || last.place.group.isForgotten) return undefined;
    if (monotonicMs - last.atMs > circuitWithinMs) return undefined;
    last.place.group.refused += 1;
    return onwardFrom(last.place, operation, "circuit");
  }

  /** It failed while this call was at work for the same request. */
  #requested(
    { requestId, elapsedMs, operation }: HeardError,
    { monotonicMs }: Moment,
  ): ErrorPlace | undefined {
    if (requestId === undefined || elapsedMs === undefined) return undefined;
    const inner = this.#requests.get(requestId);
    if (inner === undefined || inner.place.group.isForgotten) return undefined;
    const isWithin = inner.beganMs >= monotonicMs - elapsedMs;
    const isRecent = monotonicMs - inner.atMs <= requestWithinMs;
    if (!isWithin || !isRecent || inner.place.operation === operation) return undefined;
    return onwardFrom(inner.place, operation, "request");
  }

  #mark(
    { operation, requestId, elapsedMs }: HeardError,
    { place, chain }: { readonly place: ErrorPlace; readonly chain: readonly object[] },
    { monotonicMs }: Moment,
  ): void {
    for (const [depth, link] of chain.entries()) {
      // What is thrown goes on from here; its causes stay where they arose.
      if (depth === 0 || this.#placeOf(link) === undefined) this.#places.set(link, place);
    }
    const last = this.#lastOf.get(operation);
    if (last === undefined) {
      putLast(this.#lastOf, [operation, { place, atMs: monotonicMs }], operationsMax);
    } else {
      last.place = place;
      last.atMs = monotonicMs;
    }
    if (requestId === undefined || elapsedMs === undefined) return;
    const requested = { place, beganMs: monotonicMs - elapsedMs, atMs: monotonicMs };
    putLast(this.#requests, [requestId, requested], requestsMax);
  }
}

/** As the newest; the oldest gives way. */
function putLast<T>(map: Map<string, T>, [key, value]: readonly [string, T], max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  const oldest = map.keys().next();
  if (oldest.done !== true) map.delete(oldest.value);
}
