/**
 * States in one file, which is always whole: written beside, synced, renamed.
 *
 * F1. A file that cannot be understood is set aside under another name, is told, and stops nobody.
 * F2. A file of a newer version is neither read nor overwritten.
 * F3. Writers of several processes take turns by a lock, and each lays its states over the others'.
 * F4. What is no file is refused, and neither waited for nor replaced; a link stays one, what it
 *     leads to is read and written.
 */
import { mkdirSync, readdirSync, readlinkSync, realpathSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { checkArgument, messageOf, SoulMirrorError, textOption } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { readPlainFile, writeDurably } from "../../system/index.ts";
import { realTools } from "../real-tools.ts";
import { takeTurn } from "../take-turn.ts";
import type { BreakerStateStore, LoadedStates } from "./breaker-state-store.ts";
import { asOfNow, mergeSaved, readSaved, type SavedBreaker } from "./saved-breaker.ts";

const format = "soulmirror-breakers";
const version = 1;
/** More of them say nothing new, and would fill the disk. */
const setAsideMax = 5;

/** @param path of the file; its folder is made when it is missing. */
export function fileStateStore(
  path: string,
  tools: Pick<Tools, "wallMs" | "timers" | "random"> = realTools,
): BreakerStateStore {
  checkArgument(["fileStateStore", "path"], path, textOption({ max: 4096 }));
  const file = resolve(path);
  let isTooNew = false;

  function load(): LoadedStates {
    isTooNew = false;
    const target = targetOf(file);
    const text = textOf(target);
    if (text === undefined) return { states: [], troubles: [] };
    const read = understand(text);
    if (read.kind === "newer") {
      isTooNew = true;
      const what = `${file} was written by a newer version (format ${read.version}): it is left alone`;
      return { states: [], troubles: [what] };
    }
    if (read.kind === "corrupt")
      return { states: [], troubles: [setAside(target, read.reason, tools)] };
    const nowMs = tools.wallMs();
    const troubles = read.left > 0 ? [`${file}: ${read.left} entries are no states`] : [];
    return { states: read.states.map((state) => asOfNow(state, nowMs)), troubles };
  }

  return {
    name: `file ${file}`,
    load,
    async save(states) {
      const target = targetOf(file);
      mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
      const lock = await takeTurn(`${target}.lock`, tools);
      try {
        const merged = mergeSaved(load().states, states);
        if (isTooNew) {
          throw new SoulMirrorError("STORE_TOO_NEW", `a newer version wrote ${file}`, {
            fix: "run the newer version, or name another state file",
          });
        }
        await writeDurably(target, textFor([...merged.values()], tools.wallMs()));
      } finally {
        lock?.release();
      }
    },
  };
}

function textFor(breakers: readonly SavedBreaker[], savedAt: number): string {
  return `${JSON.stringify({ format, version, savedAt, breakers }, undefined, 1)}\n`;
}

type Understood =
  | { readonly kind: "states"; readonly states: readonly SavedBreaker[]; readonly left: number }
  | { readonly kind: "newer"; readonly version: number }
  | { readonly kind: "corrupt"; readonly reason: string };

function understand(text: string): Understood {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { kind: "corrupt", reason: text === "" ? "it is empty" : messageOf(error) };
  }
  const from = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  const found = from["version"];
  const breakers = from["breakers"];
  if (from["format"] !== format || typeof found !== "number") {
    return { kind: "corrupt", reason: `it is no file of states (its "format" is not ${format})` };
  }
  if (found > version) return { kind: "newer", version: found };
  if (!Array.isArray(breakers)) return { kind: "corrupt", reason: `it has no list "breakers"` };
  const states = breakers.flatMap((each: unknown) => readSaved(each) ?? []);
  return { kind: "states", states, left: breakers.length - states.length };
}

/** Undefined: it is not there. Throws when it is there and cannot be read. */
function textOf(file: string): string | undefined {
  try {
    return readPlainFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new SoulMirrorError("STORE_UNAVAILABLE", `state file ${file}: ${messageOf(error)}`, {
      fix: "name a file that this process may read and write, or make this one readable for it",
      cause: error,
    });
  }
}

/** F4. Also of a link to what is not there yet. */
function targetOf(path: string, linksMax = 40): string {
  try {
    return realpathSync(path);
  } catch {
    if (linksMax === 0) return path;
    try {
      const next = resolve(realpathSync(dirname(path)), readlinkSync(path));
      return targetOf(next, linksMax - 1);
    } catch {
      // It is no link: what is wrong with it is told by who reads it.
      return path;
    }
  }
}

function setAside(file: string, reason: string, tools: Pick<Tools, "wallMs">): string {
  const stamp = new Date(tools.wallMs()).toISOString().replaceAll(":", "-");
  const aside = `${file}.corrupt-${stamp}`;
  try {
    renameSync(file, aside);
    forgetOld(file);
    return `${file} cannot be understood (${reason}) and is now ${aside}`;
  } catch (error) {
    return `${file} cannot be understood (${reason}), nor set aside: ${messageOf(error)}`;
  }
}

function forgetOld(file: string): void {
  const prefix = `${basename(file)}.corrupt-`;
  const old = readdirSync(dirname(file))
    .filter((name) => name.startsWith(prefix))
    .sort()
    .slice(0, -setAsideMax);
  for (const name of old) rmSync(join(dirname(file), name), { force: true });
}
