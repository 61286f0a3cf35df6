/**
 * What healing does to node's functions: a folder that is missing is made, and the call made again;
 * `writeFile` puts whole files in place.
 */
import { dirname } from "node:path";
import { codeOf } from "../file-error.ts";
import type { Healing } from "../healing.ts";
import { makeFolders } from "../target.ts";
import { pathKey } from "./path-key.ts";
import type { Layer } from "./report-layer.ts";
import type { Call, Make } from "./swap.ts";
import { type PlanTools, planWholeFile } from "./whole-file-plan.ts";
import {
  type RealFs,
  type WholeFileWrite,
  writeWhole,
  writeWholeSync,
} from "./whole-file-writer.ts";

export interface HealTools extends RealFs {
  readonly tell: (healing: Healing, operation: string) => void;
}

/** Which of the arguments says what is to be made. */
type Destination = (given: readonly unknown[]) => unknown;

const first: Destination = ([path]) => path;

export function healFs(tools: HealTools): Layer {
  const { real } = tools;
  const second: Destination = ([from, to]) => (isThere(real, from) ? to : undefined);
  const opened: Destination = ([path, flags]) => (creates(flags) ? path : undefined);
  const sync = (name: string, destination: Destination): Make =>
    healSync(`fs.${name}`, destination, tools);
  const called = (name: string, destination: Destination): Make =>
    healCallback(`fs.${name}`, destination, tools);
  return {
    writeFile: (original) => called("writeFile", first)(wholeCallback(tools)(original)),
    writeFileSync: (original) => sync("writeFileSync", first)(wholeSync(tools)(original)),
    appendFile: called("appendFile", first),
    appendFileSync: sync("appendFileSync", first),
    mkdir: called("mkdir", first),
    mkdirSync: sync("mkdirSync", first),
    open: called("open", opened),
    openSync: sync("openSync", opened),
    copyFile: called("copyFile", second),
    copyFileSync: sync("copyFileSync", second),
    rename: called("rename", second),
    renameSync: sync("renameSync", second),
    createWriteStream: streamMaker(tools),
  };
}

export function healPromises(tools: HealTools): Layer {
  const { real } = tools;
  const second: Destination = ([from, to]) => (isThere(real, from) ? to : undefined);
  const opened: Destination = ([path, flags]) => (creates(flags) ? path : undefined);
  const healed = (name: string, destination: Destination): Make =>
    healPromise(`fs.promises.${name}`, destination, tools);
  return {
    writeFile: (original) => healed("writeFile", first)(wholePromise(tools)(original)),
    appendFile: healed("appendFile", first),
    mkdir: healed("mkdir", first),
    open: healed("open", opened),
    copyFile: healed("copyFile", second),
    rename: healed("rename", second),
  };
}

function isThere(real: HealTools["real"], path: unknown): boolean {
  const key = pathKey(path);
  return key !== undefined && real.lstatSync(key, { throwIfNoEntry: false }) !== undefined;
}

function creates(flags: unknown): boolean {
  return typeof flags === "string" ? /[wa]/.test(flags) : ((Number(flags) || 0) & 0o100) !== 0;
}

/** True when a folder was missing and has been made: the call may be made again. */
function madeFolder(destination: unknown, operation: string, { real, tell }: HealTools): boolean {
  const path = pathKey(destination);
  if (path === undefined) return false;
  const folder = dirname(path);
  try {
    if (real.statSync(folder, { throwIfNoEntry: false }) !== undefined) return false;
    makeFolders(folder, (healing) => tell(healing, operation));
    return true;
  } catch {
    // The caller gets the error of his own call.
    return false;
  }
}

function healSync(operation: string, destination: Destination, tools: HealTools): Make {
  return (original) =>
    function (this: unknown, ...given) {
      try {
        return Reflect.apply(original, this, given);
      } catch (error) {
        if (codeOf(error) !== "ENOENT") throw error;
        if (!madeFolder(destination(given), operation, tools)) throw error;
        return Reflect.apply(original, this, given);
      }
    };
}

function healPromise(operation: string, destination: Destination, tools: HealTools): Make {
  return (original) =>
    function (this: unknown, ...given) {
      const result = Reflect.apply(original, this, given);
      if (!(result instanceof Promise)) return result;
      return result.catch((error: unknown) => {
        if (codeOf(error) !== "ENOENT") throw error;
        if (!madeFolder(destination(given), operation, tools)) throw error;
        return Reflect.apply(original, this, given);
      });
    };
}

function healCallback(operation: string, destination: Destination, tools: HealTools): Make {
  return (original) =>
    function (this: unknown, ...given) {
      const callback = given.at(-1);
      if (typeof callback !== "function") return Reflect.apply(original, this, given);
      const again = (): unknown => Reflect.apply(original, this, given);
      const told = function (this: unknown, ...results: readonly unknown[]): unknown {
        const isMissing = codeOf(results[0]) === "ENOENT";
        if (isMissing && madeFolder(destination(given), operation, tools)) return again();
        return Reflect.apply(callback as Call, this, results);
      };
      return Reflect.apply(original, this, [...given.slice(0, -1), told]);
    };
}

/** A stream opens its file by itself, later: the folder is made before. */
function streamMaker(tools: HealTools): Make {
  return (original) =>
    function (this: unknown, ...given) {
      const [path, options] = given;
      const flags = (options as { flags?: unknown } | null | undefined)?.flags ?? "w";
      if (creates(flags)) madeFolder(path, "fs.createWriteStream", tools);
      return Reflect.apply(original, this, given);
    };
}

function writeFor(
  given: readonly unknown[],
  tools: HealTools,
  asBefore: () => unknown,
): WholeFileWrite | undefined {
  const plan = planWholeFile(given, tools.real as PlanTools);
  if (plan === undefined) return undefined;
  return { plan, data: given[1], real: tools.real, promises: tools.promises, asBefore };
}

function wholeSync(tools: HealTools): Make {
  return (original) =>
    function (this: unknown, ...given) {
      const asBefore = (): unknown => Reflect.apply(original, this, given);
      const write = writeFor(given, tools, asBefore);
      return write === undefined ? asBefore() : writeWholeSync(original, write);
    };
}

function wholePromise(tools: HealTools): Make {
  return (original) =>
    function (this: unknown, ...given) {
      const asBefore = (): unknown => Reflect.apply(original, this, given);
      const write = writeFor(given, tools, asBefore);
      return write === undefined ? asBefore() : writeWhole(original, write);
    };
}

/** The callback is called outside of every promise: what it throws is nobody's rejection. */
async function tellBack(written: Promise<unknown>, callback: Call): Promise<void> {
  try {
    await written;
    process.nextTick(callback, null);
  } catch (error) {
    process.nextTick(callback, error);
  }
}

function wholeCallback(tools: HealTools): Make {
  return (original) =>
    function (this: unknown, ...given) {
      const callback = given.at(-1) as Call;
      const asBefore = (): unknown => Reflect.apply(original, this, given);
      const promised = (): Promise<void> => {
        const [path, data, options] = given;
        return tools.promises.writeFile(
          path as string,
          data as string,
          typeof options === "function" ? undefined : (options as undefined),
        );
      };
      const write = typeof callback === "function" ? writeFor(given, tools, promised) : undefined;
      if (write === undefined) return asBefore();
      void tellBack(writeWhole(tools.promises.writeFile as Call, write), callback);
      return undefined;
    };
}
