/** The errors of an engine, for people and programs. */
import type { ErrorCategory } from "../../resilience/index.ts";
import type { ErrorBook } from "./error-book.ts";
import { settleMs } from "./error-book.ts";
import type { Forgotten } from "./error-groups.ts";
import { type ErrorPath, pathsOf } from "./error-place.ts";
import type { ErrorRelation } from "./error-relations.ts";
import { headlineOf, originOf } from "./headline.ts";

/** Failures with the same kind, class, code, resource and text (without what differs). */
export interface ErrorReport {
  /** The same for the same error in every process. */
  readonly id: string;
  /** `api.order → payments.charge → db.query: ECONNREFUSED 127.0.0.1:5432` */
  readonly headline: string;
  readonly category: ErrorCategory;
  /** The class of the error. */
  readonly name: string;
  /** Empty where there is none. */
  readonly code: string;
  /** What it is about, such as `127.0.0.1:5432`; empty where it does not say. */
  readonly resource: string;
  /** Its text without what differs from one to the next. */
  readonly text: string;
  /** How often it arose: failed calls of the operations that were first to see it. */
  readonly calls: number;
  /** Calls that an open circuit refused because of it. */
  readonly refused: number;
  /** Where it arises most. */
  readonly origin: string;
  /** The ways that it takes through wrapped services, the most frequent first; ten at most. */
  readonly paths: readonly ErrorPath[];
  /** Wall milliseconds. */
  readonly firstSeenAt: number;
  readonly lastSeenAt: number;
  /** It was seen within five minutes of the engine's start. */
  readonly isSinceStart: boolean;
  readonly lastMinute: number;
  readonly lastTenMinutes: number;
  readonly isBursting: boolean;
  /** What it comes after, or with; each with its evidence. */
  readonly relations: readonly ErrorRelation[];
  /** Up to three texts as they came, without what looks like a secret. */
  readonly examples: readonly string[];
}

export interface ErrorsReport {
  /** Wall milliseconds. */
  readonly since: number;
  /** Failed calls that were looked at. */
  readonly calls: number;
  /** Those with the most calls first. */
  readonly errors: readonly ErrorReport[];
  /** What gave way to newer ones. */
  readonly forgotten: Forgotten;
}

const pathsShown = 10;

export interface ReportParts {
  readonly book: ErrorBook;
  readonly relations: readonly ErrorRelation[];
  readonly sinceMs: number;
  readonly since: number;
  readonly nowMs: number;
}

export function reportOf({ book, relations, since, sinceMs, nowMs }: ReportParts): ErrorsReport {
  const errors = [...book.groups]
    .toSorted((a, b) => b.calls - a.calls || b.lastAt - a.lastAt)
    .map((group): ErrorReport => {
      const { id, category, name, code, resource, text, calls, refused } = group;
      return {
        id,
        headline: headlineOf(group),
        category,
        name,
        code,
        resource,
        text,
        calls,
        refused,
        origin: originOf(group),
        paths: pathsOf(group).slice(0, pathsShown),
        firstSeenAt: group.firstAt,
        lastSeenAt: group.lastAt,
        isSinceStart: group.firstMs - sinceMs <= settleMs,
        lastMinute: group.rate.within(60_000, nowMs),
        lastTenMinutes: group.rate.within(600_000, nowMs),
        isBursting: group.rate.isBursting,
        relations: relations.filter(({ first, second }) => first.id === id || second.id === id),
        examples: [...group.examples],
      };
    });
  return { since, calls: book.calls, errors, forgotten: book.forgotten };
}
