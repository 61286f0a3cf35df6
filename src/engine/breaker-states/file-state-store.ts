/**
 * States in one file, which is always whole: written beside, synced, renamed.
 *
 * F1. A file that cannot be understood is set aside under another name, is told, and stops nobody.
 * F2. A file of a newer version is neither read nor overwritten.
 * F3. Writers of several processes take turns by a lock, and each lays its states over the others'.
 */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { messageOf, SoulMirrorError } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { acquireLock, type Lock, writeDurably } from "../../system/index.ts";
import { realTools } from "../real-tools.ts";
import type { BreakerStateStore, LoadedStates } from "./breaker-state-store.ts";
import { asOfNow, mergeSaved, readSaved, type SavedBreaker } from "./saved-breaker.ts";

const format = "soulmirror-breakers";
const version = 1;
/** More of them say nothing new, and would fill the disk. */
const setAsideMax = 5;
const turnsMax = 40;

/** @param path of the file; its folder is made when it is missing. */
export function fileStateStore(
  path: string,
  tools: Pick<Tools, "wallMs" | "timers" | "random"> = realTools,
): BreakerStateStore {
  const file = resolve(path);
  let isTooNew = false;

  function load(): LoadedStates {
    isTooNew = false;
    const text = textOf(file);
    if (text === undefined) return { states: [], troubles: [] };
    const read = understand(text);
    if (read.kind === "newer") {
      isTooNew = true;
      const what = `${file} was written by a newer version (format ${read.version}): it is left alone`;
      return { states: [], troubles: [what] };
    }
    if (read.kind === "corrupt")
      return { states: [], troubles: [setAside(file, read.reason, tools)] };
    const nowMs = tools.wallMs();
    const troubles = read.left > 0 ? [`${file}: ${read.left} entries are no states`] : [];
    return { states: read.states.map((state) => asOfNow(state, nowMs)), troubles };
  }

  return {
    name: `file ${file}`,
    load,
    async save(states) {
      mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
      const lock = await takeTurn(`${file}.lock`, tools);
      try {
        const merged = mergeSaved(load().states, states);
        if (isTooNew) {
          throw new SoulMirrorError("STORE_TOO_NEW", `a newer version wrote ${file}`, {
            fix: "run the newer version, or name another state file",
          });
        }
        await writeDurably(file, textFor([...merged.values()], tools.wallMs()));
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
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new SoulMirrorError("STORE_UNAVAILABLE", `state file ${file}: ${messageOf(error)}`, {
      fix: "name a file that this process may read and write, or make this one readable for it",
      cause: error,
    });
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

/** Undefined where this system has no locks: the rename still keeps the file whole. */
async function takeTurn(
  path: string,
  { timers, random }: Pick<Tools, "timers" | "random">,
): Promise<Lock | undefined> {
  for (let turn = 1; ; turn += 1) {
    try {
      return acquireLock(path);
    } catch (error) {
      const code = error instanceof SoulMirrorError ? error.code : undefined;
      if (code === "DATA_DIRECTORY_UNUSABLE") return undefined;
      if (code !== "DATA_DIRECTORY_HELD" || turn === turnsMax) throw error;
    }
    await new Promise<void>((done) => timers.after(5 + random.next() * 20, done));
  }
}
