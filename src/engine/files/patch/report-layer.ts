/** Which of node's functions are looked at, and how each tells what it does. */
import type { BigIntStats, Stats } from "node:fs";
import type { Writable } from "node:stream";
import type { EmptyWatch } from "./empty-watch.ts";
import type { Seen, Underway } from "./judge-read.ts";
import type { MetWrites, RaceWatch } from "./race-watch.ts";
import type { Call, Make } from "./swap.ts";
import { wishOf } from "./written-data.ts";

export type Layer = Readonly<Record<string, Make>>;

export interface Watches {
  readonly races: RaceWatch;
  readonly empties: EmptyWatch;
}

/** Of `fs`: callbacks and synchronous functions. */
export function reportFs(watches: Watches): Layer {
  const { races } = watches;
  return {
    writeFile: callbackWriter(watches, "fs.writeFile", "write"),
    appendFile: callbackWriter(watches, "fs.appendFile", "append"),
    writeFileSync: syncWriter(watches, "fs.writeFileSync", "write"),
    appendFileSync: syncWriter(watches, "fs.appendFileSync", "append"),
    createWriteStream: streamWriter(watches),
    readFile: callbackReader(races, "fs.readFile", contentSeen),
    stat: callbackReader(races, "fs.stat", sizeSeen),
    readFileSync: syncReader(races, "fs.readFileSync", contentSeen),
    statSync: syncReader(races, "fs.statSync", sizeSeen),
    existsSync: syncReader(races, "fs.existsSync", existenceSeen),
    createReadStream: syncReader(races, "fs.createReadStream", () => ({ kind: "unknown" })),
  };
}

/** Of `fs.promises`. */
export function reportPromises(watches: Watches): Layer {
  const { races } = watches;
  return {
    writeFile: promiseWriter(watches, "fs.promises.writeFile", "write"),
    appendFile: promiseWriter(watches, "fs.promises.appendFile", "append"),
    readFile: promiseReader(races, "fs.promises.readFile", contentSeen),
    stat: promiseReader(races, "fs.promises.stat", sizeSeen),
  };
}

type Kind = Underway["kind"];
type Look = (result: unknown, given: readonly unknown[]) => Seen | undefined;

function contentSeen(result: unknown, [, options]: readonly unknown[]): Seen | undefined {
  if (Buffer.isBuffer(result)) return { kind: "content", content: result };
  if (typeof result !== "string") return undefined;
  const encoding = wishOf(options, "r")?.encoding ?? "utf8";
  return { kind: "content", content: Buffer.from(result, encoding) };
}

function sizeSeen(result: unknown): Seen | undefined {
  if (result === undefined) return { kind: "missing" };
  return { kind: "size", sizeBytes: Number((result as Stats | BigIntStats).size) };
}

function existenceSeen(result: unknown): Seen | undefined {
  return result === false ? { kind: "missing" } : undefined;
}

function see(met: MetWrites, look: Look, [result, given]: [unknown, readonly unknown[]]): void {
  const seen = look(result, given);
  if (seen !== undefined) met.saw(seen);
}

function callbackWriter({ races, empties }: Watches, operation: string, kind: Kind): Make {
  return (original) =>
    function (this: unknown, ...given) {
      const callback = given.at(-1);
      if (typeof callback !== "function") return Reflect.apply(original, this, given);
      if (kind === "write") empties.write(operation, given);
      const begun = races.begin(operation, given, kind);
      if (begun === undefined) return Reflect.apply(original, this, given);
      const told = function (this: unknown, ...results: readonly unknown[]): unknown {
        begun.end();
        return Reflect.apply(callback as Call, this, results);
      };
      return attempt(begun.end, () => Reflect.apply(original, this, [...given.slice(0, -1), told]));
    };
}

function promiseWriter({ races, empties }: Watches, operation: string, kind: Kind): Make {
  return (original) =>
    function (this: unknown, ...given) {
      if (kind === "write") empties.write(operation, given);
      const begun = races.begin(operation, given, kind);
      if (begun === undefined) return Reflect.apply(original, this, given);
      const result = attempt(begun.end, () => Reflect.apply(original, this, given));
      if (result instanceof Promise) begun.write.promise = result;
      else begun.end();
      return result;
    };
}

function syncWriter({ races, empties }: Watches, operation: string, kind: Kind): Make {
  return (original) =>
    function (this: unknown, ...given) {
      if (kind === "write") empties.write(operation, given);
      races.beginSync(operation, given, kind);
      return Reflect.apply(original, this, given);
    };
}

/** Whoever has ended a stream may think that the file is there. */
function streamWriter({ races, empties }: Watches): Make {
  const operation = "fs.createWriteStream";
  return (original) =>
    function (this: unknown, ...given) {
      const [target, options] = given;
      const tellEmpty = empties.stream(operation, given);
      const made = Reflect.apply(original, this, given) as Writable;
      const flags = (options as { flags?: unknown } | null | undefined)?.flags;
      if (flags !== undefined && flags !== "w") return made;
      tellEmpty(made);
      const begun = races.begin(operation, [target], "stream");
      if (begun !== undefined) begun.write.stream = new WeakRef(made);
      return made;
    };
}

function callbackReader(races: RaceWatch, operation: string, look: Look): Make {
  return (original) =>
    function (this: unknown, ...given) {
      const callback = given.at(-1);
      const met = typeof callback === "function" ? races.meet(operation, given[0]) : undefined;
      if (met === undefined) return Reflect.apply(original, this, given);
      const told = function (this: unknown, ...results: readonly unknown[]): unknown {
        const [error, result] = results;
        if (error) met.failed(error);
        else see(met, look, [result, given]);
        return Reflect.apply(callback as Call, this, results);
      };
      return Reflect.apply(original, this, [...given.slice(0, -1), told]);
    };
}

function promiseReader(races: RaceWatch, operation: string, look: Look): Make {
  return (original) =>
    function (this: unknown, ...given) {
      const met = races.meet(operation, given[0]);
      const result = Reflect.apply(original, this, given);
      if (met === undefined || !(result instanceof Promise)) return result;
      return result.then(
        (value: unknown) => {
          see(met, look, [value, given]);
          return value;
        },
        (error: unknown) => {
          met.failed(error);
          throw error;
        },
      );
    };
}

function syncReader(races: RaceWatch, operation: string, look: Look): Make {
  return (original) =>
    function (this: unknown, ...given) {
      const met = races.meet(operation, given[0]);
      if (met === undefined) return Reflect.apply(original, this, given);
      const result = attempt(met.failed, () => Reflect.apply(original, this, given));
      see(met, look, [result, given]);
      return result;
    };
}

/** What is thrown goes on as it is. */
function attempt(onError: (error: unknown) => void, work: () => unknown): unknown {
  try {
    return work();
  } catch (error) {
    onError(error);
    throw error;
  }
}
