/**
 * Options that people hand in from code, checked without a package: what is wrong is told all at
 * once, each mistake with its key, its value and the fix. A reader looks at one value; readers are
 * put together to the shape that a function takes:
 *
 *     const shape = optionsOf({ timeout: durationOption({ min: 1 }), name: textOption() });
 *     const { timeout = 30_000 } = checkOptions("retry", given, shape);
 *
 * O1. A key that nobody knows is a mistake, and the nearest known one is named.
 * O2. What `checkOptions` returns has only known keys with values of their types, and is new: what
 *     the caller does to the object afterwards changes nothing.
 * O3. Values whose key sounds secret are not shown.
 */
import { parseDurationMs } from "./duration.ts";
import { SoulMirrorError } from "./errors.ts";
import { messageOf } from "./result.ts";
import { soundsSecret } from "./secret-name.ts";
import { adviceFor } from "./suggest.ts";

/** Where a reader looks, and where it says what it does not like. */
export interface OptionPlace {
  /** `services.chat.timeout` */
  readonly key: string;
  /** The place of a member. */
  at(member: string | number): OptionPlace;
  /** A wrong value: `wants` follows "expected". */
  wrong(value: unknown, wants: string, fix: string): void;
  /** A mistake in one's own words. */
  say(message: string, fix: string): void;
}

/** The value as it is meant. After `wrong` or `say` whatever it returns is thrown away. */
export type OptionReader<T> = (value: unknown, place: OptionPlace) => T;

interface Mistake {
  readonly key: string;
  readonly message: string;
  readonly fix: string;
}

/**
 * Reads `value`, or throws SoulMirrorError OPTIONS_INVALID with every mistake.
 * @param subject whose options they are: `createEngine`, `retry`
 */
export function checkOptions<T>(subject: string, value: unknown, reader: OptionReader<T>): T {
  const mistakes: Mistake[] = [];
  const read = reader(value, placeOf("", mistakes));
  if (mistakes.length === 0) return read;
  const lines = mistakes.map(({ key, message }) => (key === "" ? message : `${key}: ${message}`));
  const fixes = mistakes.map(({ key, fix }) =>
    mistakes.length === 1 || key === "" ? fix : `${key}: ${fix}`,
  );
  throw new SoulMirrorError("OPTIONS_INVALID", `${subject}: ${lines.join("; ")}`, {
    fix: fixes.join("; "),
  });
}

/** An object with these keys, all optional unless `requiredOption`; undefined is left out. */
export function optionsOf<S extends Record<string, OptionReader<unknown>>>(
  shape: S,
): OptionReader<ReadOptions<S>> {
  const known = Object.keys(shape);
  return (value, place) => {
    const read: Record<string, unknown> = {};
    if (!isRecord(value)) {
      place.wrong(value, "an object with options", `use some of: ${known.join(", ")}`);
      return read as ReadOptions<S>;
    }
    for (const key of Object.keys(value)) {
      if (Object.hasOwn(shape, key)) continue;
      place.at(key).say(`there is no option "${key}"`, adviceFor(key, known));
    }
    for (const key of known) {
      const given = value[key];
      const reader = shape[key] as OptionReader<unknown>;
      if (given !== undefined) read[key] = reader(given, place.at(key));
      else if (needed.has(reader)) place.at(key).say("it is missing", `add \`${key}\``);
    }
    return read as ReadOptions<S>;
  };
}

type ReadOptions<S> = {
  readonly [K in keyof S as S[K] extends Required ? K : never]: ValueOf<S[K]>;
} & { readonly [K in keyof S as S[K] extends Required ? never : K]?: ValueOf<S[K]> };
type ValueOf<R> = R extends OptionReader<infer T> ? T : never;
type Required = { readonly isRequired: true };

const needed = new WeakSet<object>();

/** An option that must be there. */
export function requiredOption<T>(reader: OptionReader<T>): OptionReader<T> & Required {
  const copy: OptionReader<T> = (value, place) => reader(value, place);
  needed.add(copy);
  return Object.assign(copy, { isRequired: true as const });
}

/** An object with names of people's choice; at most `max` of them. */
export function namedOption<T>(
  reader: OptionReader<T>,
  { max = 10_000 }: { readonly max?: number } = {},
): OptionReader<Readonly<Record<string, T>>> {
  return (value, place) => {
    const read: Record<string, T> = {};
    if (!isRecord(value)) place.wrong(value, "an object with names", "write { NAME: ... }");
    else if (Object.keys(value).length > max) {
      place.say(`it has more than ${max} names`, "take the ones that differ from the others");
    } else {
      for (const [name, member] of Object.entries(value)) {
        if (name === "__proto__") place.at(name).say("this cannot be a name", "choose another");
        else if (member !== undefined) read[name] = reader(member, place.at(name));
      }
    }
    return read;
  };
}

export function listOption<T>(
  reader: OptionReader<T>,
  { min = 0, max = 1000 }: Limits = {},
): OptionReader<readonly T[]> {
  return (value, place) => {
    if (Array.isArray(value) && value.length >= min && value.length <= max) {
      return value.map((item, index) => reader(item, place.at(index)));
    }
    place.wrong(value, `a list of ${min} to ${max}`, "write [a, b]");
    return [];
  };
}

/** The first reader that likes it reads it; else the mistakes of the last one are told. */
export function eitherOption<A, B>(
  first: OptionReader<A>,
  second: OptionReader<B>,
): OptionReader<A | B> {
  return (value, place) => {
    const mistakes: Mistake[] = [];
    const read = first(value, placeOf(place.key, mistakes));
    return mistakes.length === 0 ? read : second(value, place);
  };
}

export interface Limits {
  readonly min?: number;
  readonly max?: number;
}

/** Milliseconds; people may write "30s". */
export function durationOption({ min = 0, max = 2 ** 31 - 1 }: Limits = {}): OptionReader<number> {
  return (value, place) => {
    const isText = typeof value === "string" || typeof value === "number";
    const ms = isText ? parseDurationMs(value) : undefined;
    if (ms !== undefined && ms >= min && ms <= max) return ms;
    const wants = `a duration from ${min} ms to ${max} ms`;
    place.wrong(value, wants, 'write milliseconds, or for example "30s"');
    return 0;
  };
}

export function wholeOption({ min = 0, max = 1_000_000_000 }: Limits = {}): OptionReader<number> {
  return (value, place) => {
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) {
      return value as number;
    }
    place.wrong(value, `a whole number from ${min} to ${max}`, `write for example ${min || 1}`);
    return 0;
  };
}

/** Not NaN, not infinite. */
export function numberOption({ min = -1e300, max = 1e300 }: Limits = {}): OptionReader<number> {
  return (value, place) => {
    if (typeof value === "number" && value >= min && value <= max) return value;
    place.wrong(
      value,
      `a number from ${min} to ${max}`,
      `write for example ${max < 1e9 ? max : 1}`,
    );
    return 0;
  };
}

export function flagOption(): OptionReader<boolean> {
  return (value, place) => {
    if (typeof value === "boolean") return value;
    place.wrong(value, "true or false", "write true or false");
    return false;
  };
}

/** A text that is not empty. */
export function textOption({ max = 1000 }: { readonly max?: number } = {}): OptionReader<string> {
  return (value, place) => {
    if (typeof value === "string" && value !== "" && value.length <= max) return value;
    place.wrong(value, `a text of 1 to ${max} characters`, "put it into quotes");
    return "";
  };
}

/** One of a few words; the nearest is named. */
export function wordOption<const W extends string>(words: readonly W[]): OptionReader<W> {
  return (value, place) => {
    const found = words.find((word) => word === value);
    if (found !== undefined) return found;
    const fix = typeof value === "string" ? adviceFor(value, words) : `use ${words[0]}`;
    place.wrong(value, words.join(" | "), fix);
    return words[0] as W;
  };
}

/** A function; what it takes and returns nobody can check. */
export function callbackOption<F extends (...given: never[]) => unknown>(): OptionReader<F> {
  return (value, place) => {
    if (typeof value !== "function") place.wrong(value, "a function", "hand in a function");
    return value as F;
  };
}

function placeOf(key: string, mistakes: Mistake[]): OptionPlace {
  return {
    key,
    at: (member) => placeOf(memberKey(key, member), mistakes),
    wrong: (value, wants, fix) => {
      mistakes.push({ key, message: `expected ${wants}, found ${show(key, value)}`, fix });
    },
    say: (message, fix) => mistakes.push({ key, message, fix }),
  };
}

function memberKey(key: string, member: string | number): string {
  if (typeof member === "number") return `${key}[${member}]`;
  return key === "" ? member : `${key}.${member}`;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

const shownMax = 60;

function show(key: string, value: unknown): string {
  if (soundsSecret(key)) return "***";
  if (typeof value === "function") return "a function";
  if (typeof value === "number" || value === undefined) return String(value);
  const written = typeof value === "string" ? JSON.stringify(value) : messageOf(value);
  return written.length > shownMax ? `${written.slice(0, shownMax - 3)}...` : written;
}
