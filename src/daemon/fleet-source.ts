/**
 * The fleet file on disk, and its changes. A file that cannot be used never replaces one that can:
 * the last good fleet goes on, and the problems are told.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, type StatWatcher, unwatchFile, watchFile } from "node:fs";
import { dirname, join, resolve } from "node:path";
import {
  type ConfigProblem,
  type ConfigSetting,
  diffFleets,
  type LoadedFleet,
  loadFleet,
} from "../config/index.ts";
import { failed, messageOf, type Result } from "../kernel/index.ts";

export interface FleetSourceOptions {
  readonly path: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags: readonly ConfigSetting[];
}

const pollMs = 500;
/** Beside the fleet file; read when they are there. */
const companions = ["config/reliability.yml", ".reliability-config.json"];

export class FleetSource {
  readonly #options: FleetSourceOptions;
  readonly #path: string;
  #loaded: LoadedFleet | undefined;
  #watched: string[] = [];

  constructor(options: FleetSourceOptions) {
    this.#options = options;
    this.#path = resolve(options.path);
  }

  /** The last one that could be used. */
  get loaded(): LoadedFleet | undefined {
    return this.#loaded;
  }

  /** What the files say now; becomes `loaded` when it can be used. */
  load(): Result<LoadedFleet, readonly ConfigProblem[]> {
    const result = this.#read();
    if (result.ok) this.#loaded = result.value;
    return result;
  }

  /** What a reload would change. */
  pending(): Result<readonly string[], readonly ConfigProblem[]> {
    const result = this.#read();
    if (!result.ok) return result;
    const before = this.#loaded?.fleet;
    const lines = before ? diffFleets(before, result.value.fleet).lines : [];
    return { ok: true, value: lines };
  }

  /** Calls back when one of the files has changed; looked at twice a second, on any file system. */
  watch(changed: () => void): () => void {
    this.#watched = [this.#path, ...this.#companionPaths()];
    const watchers: StatWatcher[] = this.#watched.map((path) =>
      watchFile(path, { interval: pollMs, persistent: false }, (now, before) => {
        if (now.mtimeMs !== before.mtimeMs || now.ino !== before.ino) changed();
      }),
    );
    return () => {
      for (const path of this.#watched) unwatchFile(path);
      watchers.length = 0;
    };
  }

  #companionPaths(): readonly string[] {
    return companions.map((name) => join(dirname(this.#path), name));
  }

  #read(): Result<LoadedFleet, readonly ConfigProblem[]> {
    const paths = [this.#path, ...this.#companionPaths().filter((path) => existsSync(path))];
    try {
      return loadFleet({
        files: paths.map((path) => ({ path, text: readFileSync(path, "utf8") })),
        environment: this.#options.environment,
        flags: this.#options.flags,
        baseDir: dirname(this.#path),
        hash: (text) => createHash("sha256").update(text).digest("hex").slice(0, 16),
      });
    } catch (error) {
      return failed([unreadable(this.#path, error)]);
    }
  }
}

function unreadable(path: string, error: unknown): ConfigProblem {
  const fix = "write one with `soulmirror init --write`, or name it with -c FILE";
  return { file: path, line: 0, column: 0, key: "", message: messageOf(error), fix };
}
