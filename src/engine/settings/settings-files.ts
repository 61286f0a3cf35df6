/**
 * The files that an engine reads, as one layer. Reads anew only what has changed, and what could
 * not be read: that may pass by itself, as when a process has too many files open.
 *
 * A file that is found but cannot be read, or has mistakes, gives its last good entries; when it
 * never had any, the mode is `shadow` until it is right: nobody knows what it was to forbid. So
 * does one that has become empty: most such files are being written.
 */
import { readFileSync, statSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { messageOf } from "../../kernel/index.ts";
import { loadConfig } from "./load-config.ts";
import type { Entry, Layer } from "./setting.ts";
import type { SettingProblem } from "./setting-problem.ts";

/** Looked for in the working directory; the later one wins. */
const usualFiles: readonly string[] = [
  "config/reliability.yml",
  "config/reliability.yaml",
  ".reliability-config.json",
];

const bytesMax = 4 * 1024 * 1024;

interface Known {
  /** Undefined: it is not there. */
  stamp: string | undefined;
  text: string | undefined;
  good: readonly Entry[] | undefined;
  problems: readonly SettingProblem[];
}

export class SettingsFiles {
  readonly paths: readonly string[];
  readonly #folder: string;
  readonly #known = new Map<string, Known>();

  /** @param file one that must be there; without it the usual ones are looked for. */
  constructor(folder: string, file: string | undefined) {
    this.#folder = folder;
    this.paths =
      file === undefined ? usualFiles.map((name) => join(folder, name)) : [resolve(folder, file)];
  }

  /** True when something was read that was not known before. */
  refresh(): boolean {
    let isNew = false;
    for (const path of this.paths) {
      const before = this.#known.get(path);
      const stamp = stampOf(path);
      if (before !== undefined && before.stamp === stamp) continue;
      const known = { ...(before ?? nothing), stamp };
      this.#known.set(path, known);
      if (stamp !== undefined) isNew = this.#read(path, known) || isNew;
      else if (before?.stamp !== undefined) {
        known.problems = [
          this.#problem(path, "it is gone; what it said last holds on", "bring it back"),
        ];
        isNew = true;
      }
    }
    return isNew;
  }

  get problems(): readonly SettingProblem[] {
    return [...this.#known.values()].flatMap(({ good, problems }) => {
      const [first, ...others] = problems;
      if (good !== undefined || first === undefined) return problems;
      // Whoever reads of the mistake wants to know why nothing acts.
      const message = `${first.message}; until it is mended the mode is shadow`;
      return [{ ...first, message }, ...others];
    });
  }

  /** The same without what follows from them. */
  get mistakes(): readonly SettingProblem[] {
    return [...this.#known.values()].flatMap(({ problems }) => problems);
  }

  /** Files that are there. */
  get found(): readonly string[] {
    return this.paths.filter((path) => this.#known.get(path)?.stamp !== undefined);
  }

  get layer(): Layer {
    const entries = [...this.#known].flatMap(([path, known]): readonly Entry[] => {
      if (known.good !== undefined) return known.good;
      if (known.problems.length === 0) return [];
      const from = `${this.#nameOf(path)} has mistakes and nothing of it is known`;
      return [{ leaf: "mode", value: "shadow", key: "mode", from }];
    });
    return { name: "files", entries };
  }

  #read(path: string, known: Known): boolean {
    const name = this.#nameOf(path);
    try {
      const text = readFileSync(path, "utf8");
      if (text === known.text && known.problems.length === 0) return false;
      known.text = text;
      if (isBlank(text) && (known.good?.length ?? 0) > 0) {
        const message = "it is empty; what it said last holds on";
        known.problems = [this.#problem(path, message, "write `{}` to take everything back")];
        return true;
      }
      const read = loadConfig().readEngineFile({ path: name, text });
      known.problems = read.ok ? [] : read.error;
      // What the schema has let through has the types that the names promise.
      if (read.ok) known.good = read.value as readonly Entry[];
    } catch (error) {
      known.stamp = unread;
      const message = messageOf(error);
      if (known.problems[0]?.message === message) return false;
      known.problems = [this.#problem(path, message, "make it readable for this process")];
    }
    return true;
  }

  #problem(path: string, message: string, fix: string): SettingProblem {
    return { file: this.#nameOf(path), line: 0, column: 0, key: "", message, fix };
  }

  #nameOf(path: string): string {
    const name = relative(this.#folder, path);
    return name.startsWith("..") ? path : name;
  }
}

/** Nothing, or comments. */
function isBlank(text: string): boolean {
  return text.split("\n").every((line) => /^\s*(?:#.*)?$/.test(line));
}

const nothing: Known = { stamp: undefined, text: undefined, good: undefined, problems: [] };

/** It is there, and nobody knows what it says. */
const unread = "unread";

/** What changes when a file does; undefined when it is not there. */
function stampOf(path: string): string | undefined {
  try {
    const { ino, size, mtimeMs, ctimeMs } = statSync(path);
    return size > bytesMax ? `too large: ${size}` : `${ino}:${size}:${mtimeMs}:${ctimeMs}`;
  } catch {
    // Not there, or not for us: reading it would say the same.
    return undefined;
  }
}
