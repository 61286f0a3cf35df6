/**
 * Which errors come after others, or with them. Looked for after an error has begun anew, and never
 * while calls fail: the work is bounded by the `groupsMax` errors that began last.
 */
import { formatDuration } from "../../kernel/index.ts";
import { type Relation, relationOf } from "../../statistics/index.ts";
import type { NamedError } from "../events.ts";
import type { ErrorGroup } from "./error-group.ts";
import { headlineOf, originOf } from "./headline.ts";

export interface ErrorRelation extends Relation {
  readonly first: NamedError;
  readonly second: NamedError;
  /** One sentence for people. */
  readonly message: string;
}

/** An error that should come soon, because what it follows has come. */
export interface Expected {
  readonly relation: ErrorRelation;
  /** Until it comes, if it takes as long as usual. */
  readonly inMs: number;
  /** Since the first one came. */
  readonly forMs: number;
}

const groupsMax = 32;
const relationsMax = 100;

interface Known {
  readonly first: ErrorGroup;
  readonly second: ErrorGroup;
  readonly relation: ErrorRelation;
}

export class ErrorRelations {
  readonly #known = new Map<string, Known>();

  get all(): readonly ErrorRelation[] {
    return [...this.#known.values()].map(({ relation }) => relation);
  }

  /** Returns what was not known before. `begun`: those that have begun since the last look. */
  look(
    groups: Iterable<ErrorGroup>,
    begun: ReadonlySet<ErrorGroup>,
    nowMs: number,
  ): readonly ErrorRelation[] {
    const repeated = [...groups].filter(({ onsets }) => onsets.count > 1);
    const latest = repeated
      .toSorted((a, b) => (b.onsets.lastMs ?? 0) - (a.onsets.lastMs ?? 0))
      .slice(0, groupsMax);
    for (const [key, { first, second }] of this.#known) {
      if (first.isForgotten || second.isForgotten) this.#known.delete(key);
    }
    const fresh: ErrorRelation[] = [];
    for (const first of latest) {
      for (const second of latest) {
        if (first === second || !(begun.has(first) || begun.has(second))) continue;
        const found = this.#relate(first, second, nowMs);
        if (found !== undefined) fresh.push(found);
      }
    }
    return fresh;
  }

  /** What should come soon. */
  expected(nowMs: number): readonly Expected[] {
    return [...this.#known.values()].flatMap(({ first, second, relation }) => {
      const firstMs = first.onsets.lastMs;
      if (relation.kind !== "follows" || firstMs === undefined) return [];
      const forMs = nowMs - firstMs;
      if (forMs > relation.withinMs || (second.onsets.lastMs ?? -1) >= firstMs) return [];
      return [{ relation, forMs, inMs: Math.max(0, relation.leadMs - forMs) }];
    });
  }

  #relate(first: ErrorGroup, second: ErrorGroup, nowMs: number): ErrorRelation | undefined {
    const key = `${first.id} ${second.id}`;
    const before = this.#known.get(key);
    const relation = relationOf(first.onsets, second.onsets, nowMs);
    if (relation === undefined) {
      this.#known.delete(key);
      return undefined;
    }
    // That two come together is said once.
    if (relation.kind === "with" && this.#known.has(`${second.id} ${first.id}`)) return undefined;
    if (before === undefined && this.#known.size >= relationsMax) return undefined;
    const told = relationTold(relation, first, second);
    this.#known.set(key, { first, second, relation: told });
    return before?.relation.kind === told.kind ? undefined : told;
  }
}

function relationTold(relation: Relation, first: ErrorGroup, second: ErrorGroup): ErrorRelation {
  const { kind, times, cases, withinMs } = relation;
  const [one, other] = [relatedOf(first), relatedOf(second)];
  const within = formatDuration(withinMs);
  const message =
    kind === "follows"
      ? `when "${one.headline}" comes, "${other.headline}" has followed within ${within} in ${times} of ${cases} cases`
      : `"${one.headline}" and "${other.headline}" have come together, within ${within}, in ${times} of ${cases} cases`;
  return { ...relation, first: one, second: other, message };
}

function relatedOf(group: ErrorGroup): NamedError {
  return { id: group.id, headline: headlineOf(group), operation: originOf(group) };
}
