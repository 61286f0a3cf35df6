/**
 * Which errors of a list that only grows are of now. An item without a time is of the time when it
 * was first seen; what was there at the first look is old news.
 */
import { messageOf } from "../../kernel/index.ts";
import { textIn } from "./monitor-answer.ts";

const itemsMax = 100;
const recentMs = 300_000;
const timeFields = ["timestamp", "at", "time", "date"] as const;

interface Seen {
  readonly count: number;
  /** When the last of them came. */
  readonly sinceMs: number;
}

export class RecentItems {
  readonly #wallMs: () => number;
  /** Items without a time, by what they say; undefined before the first look. */
  #seen: ReadonlyMap<string, Seen> | undefined;

  constructor(wallMs: () => number) {
    this.#wallMs = wallMs;
  }

  /** The newest of `list` that are not older than five minutes; anything else as it is. */
  of(list: unknown): unknown {
    if (!Array.isArray(list)) return list;
    const nowMs = this.#wallMs();
    const newest: readonly unknown[] = list.slice(-itemsMax);
    this.#seen = this.#look(newest, nowMs);
    const isRecent = (ms: number | undefined): boolean => nowMs - (ms ?? 0) <= recentMs;
    return newest.filter((item) => isRecent(timeOf(item) ?? this.#seen?.get(keyOf(item))?.sinceMs));
  }

  #look(items: readonly unknown[], nowMs: number): ReadonlyMap<string, Seen> {
    const counts = new Map<string, number>();
    for (const item of items) {
      if (timeOf(item) !== undefined) continue;
      const key = keyOf(item);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    const seen = new Map<string, Seen>();
    for (const [key, count] of counts) {
      const before = this.#seen?.get(key);
      const isNew = this.#seen !== undefined && count > (before?.count ?? 0);
      seen.set(key, { count, sinceMs: isNew ? nowMs : (before?.sinceMs ?? 0) });
    }
    return seen;
  }
}

function keyOf(item: unknown): string {
  return (textIn(item) ?? messageOf(item)).slice(0, 300);
}

function timeOf(item: unknown): number | undefined {
  if (typeof item !== "object" || item === null) return undefined;
  for (const field of timeFields) {
    const value = (item as Readonly<Record<string, unknown>>)[field];
    if (typeof value === "number" && value > 1e12) return value;
    const isText = typeof value === "string" || value instanceof Date;
    const parsed = isText ? new Date(value).getTime() : Number.NaN;
    if (!Number.isNaN(parsed)) return parsed;
  }
  return undefined;
}
