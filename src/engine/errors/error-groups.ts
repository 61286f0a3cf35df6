/**
 * Errors by their fingerprint.
 *
 * G1. Bounded: the group that was not seen for longest gives way, and what it had counted is
 *     counted as forgotten.
 * G2. Texts that are always new (names, free text) end in one group of their kind: more than
 *     `textsMax` of one kind are not told apart, nor more than `newTextsMax` in a second.
 */
import { BurstWatch, Onsets } from "../../statistics/index.ts";
import type { ErrorGroup } from "./error-group.ts";
import { type ErrorFacts, exampleOf, withoutSecrets } from "./fingerprint.ts";
import { textMax, textPattern } from "./text-pattern.ts";

export interface GroupLimits {
  readonly groupsMax: number;
  readonly textsMax: number;
  readonly newTextsMax: number;
}

export const groupLimits: GroupLimits = { groupsMax: 300, textsMax: 50, newTextsMax: 200 };

const examplesMax = 3;
/** Texts as they came, whose group is known. */
const memoMax = 500;

export interface Moment {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export interface Forgotten {
  readonly groups: number;
  readonly calls: number;
}

export class ErrorGroups {
  readonly #limits: GroupLimits;
  readonly #sinceMs: number;
  readonly #groups = new Map<string, ErrorGroup>();
  readonly #memo = new Map<number, ErrorGroup>();
  #newest: ErrorGroup | undefined;
  readonly #texts = new Map<string, number>();
  #forgotten: Forgotten = { groups: 0, calls: 0 };
  #second = 0;
  #newTexts = 0;

  constructor(sinceMs: number, limits: GroupLimits = groupLimits) {
    this.#sinceMs = sinceMs;
    this.#limits = limits;
  }

  get size(): number {
    return this.#groups.size;
  }

  get forgotten(): Forgotten {
    return this.#forgotten;
  }

  [Symbol.iterator](): Iterator<ErrorGroup> {
    return this.#groups.values();
  }

  /** The group of such errors, made when they are first seen. */
  of(facts: ErrorFacts, moment: Moment): ErrorGroup {
    // A hash, because the text itself may hold a secret.
    const hash = hashOfFacts(facts);
    const known = this.#memo.get(hash);
    if (known !== undefined && !known.isForgotten) return this.#seen(known);
    const text = this.#textOf(facts, moment);
    const group = this.#group({ ...withoutSecrets(facts), text }, moment);
    if (!group.isVarious) this.#remember(hash, group);
    const example = exampleOf(facts.message);
    const { examples } = group;
    if (example !== "" && examples.length < examplesMax && !examples.includes(example)) {
      examples.push(example);
    }
    return this.#seen(group);
  }

  #seen(group: ErrorGroup): ErrorGroup {
    if (this.#newest === group) return group;
    this.#newest = group;
    this.#groups.delete(group.key);
    this.#groups.set(group.key, group);
    return group;
  }

  /** Undefined: G2. */
  #textOf(facts: ErrorFacts, { monotonicMs }: Moment): string | undefined {
    const second = Math.floor(monotonicMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#newTexts = 0;
    }
    this.#newTexts += 1;
    return this.#newTexts > this.#limits.newTextsMax ? undefined : textPattern(facts.message);
  }

  #group(facts: Known & { readonly text: string | undefined }, moment: Moment): ErrorGroup {
    const { text } = facts;
    const kind = kindOf(facts);
    if (text !== undefined) {
      const known = this.#groups.get(keyOf({ ...facts, text, isVarious: false }));
      if (known !== undefined) return known;
      const texts = this.#texts.get(kind) ?? 0;
      if (texts < this.#limits.textsMax) {
        this.#texts.set(kind, texts + 1);
        return this.#made({ ...facts, text, isVarious: false }, moment);
      }
    }
    const various = { ...facts, resource: "", text: "(various texts)", isVarious: true };
    return this.#groups.get(keyOf(various)) ?? this.#made(various, moment);
  }

  #made(
    { category, name, code, resource, text, isVarious }: Known & Keyed,
    { monotonicMs, wallMs }: Moment,
  ): ErrorGroup {
    if (this.#groups.size >= this.#limits.groupsMax) this.#forgetOldest();
    const fingerprint = { category, name, code, resource, text, isVarious };
    const key = keyOf(fingerprint);
    const group: ErrorGroup = {
      ...fingerprint,
      id: idOf(key),
      key,
      firstMs: monotonicMs,
      firstAt: wallMs,
      lastAt: wallMs,
      rate: new BurstWatch(monotonicMs),
      onsets: new Onsets(this.#sinceMs),
      examples: [],
      origins: new Map(),
      places: 0,
      calls: 0,
      refused: 0,
      isNew: false,
      isForgotten: false,
    };
    this.#groups.set(key, group);
    return group;
  }

  /** G1. */
  #forgetOldest(): void {
    const [oldest] = this.#groups;
    if (oldest === undefined) return;
    const [key, group] = oldest;
    this.#groups.delete(key);
    group.isForgotten = true;
    const { groups, calls } = this.#forgotten;
    this.#forgotten = { groups: groups + 1, calls: calls + group.calls };
    if (group.isVarious) return;
    const kind = kindOf(group);
    const texts = (this.#texts.get(kind) ?? 1) - 1;
    if (texts > 0) this.#texts.set(kind, texts);
    else this.#texts.delete(kind);
  }

  #remember(hash: number, group: ErrorGroup): void {
    if (this.#memo.size >= memoMax) this.#memo.clear();
    this.#memo.set(hash, group);
  }
}

type Known = Omit<ErrorFacts, "message">;

interface Keyed {
  readonly text: string;
  readonly isVarious: boolean;
}

function kindOf({ category, name, code }: Known): string {
  return `${category}\n${name}\n${code}`;
}

function keyOf(group: Known & Keyed): string {
  return `${kindOf(group)}\n${group.resource}\n${group.isVarious}\n${group.text}`;
}

/** 53 bits of two FNV-1a of 32 bits. */
class TextHash {
  #one = 0x811c9dc5;
  #two = 0x9747b28c;

  add(text: string, length = text.length): this {
    let one = this.#one;
    let two = this.#two;
    const end = Math.min(length, text.length);
    for (let index = 0; index < end; index += 1) {
      const code = text.charCodeAt(index);
      one = Math.imul(one ^ code, 0x01000193);
      two = Math.imul(two ^ code, 0x01000193) + 1;
    }
    this.#one = Math.imul(one ^ 0xffff, 0x01000193);
    this.#two = two + 7;
    return this;
  }

  get value(): number {
    return (this.#one >>> 0) * 2 ** 21 + (this.#two >>> 11);
  }
}

function hashOfFacts({ category, name, code, resource, message }: ErrorFacts): number {
  const hash = new TextHash().add(category).add(name).add(code).add(resource);
  return hash.add(message, textMax).value;
}

/** The same error has the same id in every process. */
function idOf(key: string): string {
  return new TextHash().add(key).value.toString(36);
}
