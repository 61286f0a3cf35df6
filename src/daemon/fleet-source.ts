/**
 * The fleet file on disk, and its changes. A file that cannot be used never replaces one that can:
 * the last good fleet goes on, and the problems are told. As root, a file in which others have a
 * say cannot be used, at no time: it, or one beside it, may have been replaced since the start.
 *
 * Many programs empty a file and then write it. The beginning of a fleet file is most often a good
 * one of fewer services, and an empty one is a fleet of none: taken at its word, it would stop
 * what runs. So a change is read when the files have come to rest, and an empty file, which is
 * also what a full disk leaves, never replaces a fleet.
 */
import { createHash } from "node:crypto";
import { existsSync, type StatWatcher, statSync, unwatchFile, watchFile } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  type ConfigProblem,
  type ConfigSetting,
  type ConfigText,
  companionFiles,
  diffFleets,
  type LoadedFleet,
  loadFleet,
  passphraseVariables,
  type VaultAgent,
} from "../config/index.ts";
import { failed, messageOf, type Result, success } from "../kernel/index.ts";
import {
  readPlainFile,
  readSecretFile,
  untrustedFile,
  withdrawVariables,
} from "../system/index.ts";

export interface FleetSourceOptions {
  readonly path: string;
  /** A copy: what holds a passphrase is taken out of what services inherit. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly flags: readonly ConfigSetting[];
  readonly vaultAgent: VaultAgent;
  /** Told every secret that was read, before anything is done with it. */
  readonly learn?: (secrets: readonly string[]) => void;
}

interface Taken {
  readonly loaded: LoadedFleet;
  /** What it was made of: the fleet file, then those beside it. */
  readonly files: readonly ConfigText[];
}

const pollMs = 1000;
const restMs = 100;
const restLooksMax = 50;

export class FleetSource {
  readonly #options: FleetSourceOptions;
  readonly #path: string;
  #taken: Taken | undefined;
  #watched: string[] = [];

  constructor(options: FleetSourceOptions) {
    this.#options = options;
    this.#path = resolve(options.path);
  }

  /** The last one that could be used. */
  get loaded(): LoadedFleet | undefined {
    return this.#taken?.loaded;
  }

  /** The files of `loaded`, as they were then. */
  get files(): readonly ConfigText[] {
    return this.#taken?.files ?? [];
  }

  /** What the files say now; becomes `loaded` when it can be used. */
  load(): Result<LoadedFleet, readonly ConfigProblem[]> {
    const result = this.#read();
    if (!result.ok) return result;
    this.#taken = result.value;
    const { loaded } = result.value;
    withdrawVariables(passphraseVariables(loaded.fleet));
    return success(loaded);
  }

  /** Resolves when the files have not changed for a moment; in any case after some seconds. */
  async rested(): Promise<void> {
    let before = this.#marks();
    for (let look = 0; look < restLooksMax; look += 1) {
      await pause(restMs);
      const now = this.#marks();
      if (now === before) return;
      before = now;
    }
  }

  #marks(): string {
    return [this.#path, ...this.#companionPaths()]
      .map((path) => statSync(path, { throwIfNoEntry: false }))
      .map((stat) => (stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs}` : "none"))
      .join();
  }

  /** What a reload would change. */
  pending(): Result<readonly string[], readonly ConfigProblem[]> {
    const result = this.#read();
    if (!result.ok) return result;
    const before = this.loaded?.fleet;
    const lines = before ? diffFleets(before, result.value.loaded.fleet).lines : [];
    return { ok: true, value: lines };
  }

  /** Calls back when one of the files has changed; looked at every second, on any file system. */
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
    return companionFiles.map((name) => join(dirname(this.#path), name));
  }

  #read(): Result<Taken, readonly ConfigProblem[]> {
    const paths = [this.#path, ...this.#companionPaths().filter((path) => existsSync(path))];
    try {
      const distrusted = paths.flatMap((path) => distrustOf(path) ?? []);
      if (distrusted.length > 0) return failed(distrusted);
      const files = paths.map((path) => ({ path, text: readPlainFile(path) }));
      if (this.#taken && files[0]?.text.trim() === "") return failed([emptied(this.#path)]);
      const result = loadFleet({
        files,
        environment: this.#options.environment,
        readSecretFile,
        flags: this.#options.flags,
        vaultAgent: this.#options.vaultAgent,
        baseDir: dirname(this.#path),
        hash: (text) => createHash("sha256").update(text).digest("hex").slice(0, 16),
      });
      if (!result.ok) return result;
      this.#options.learn?.(result.value.secrets);
      return success({ loaded: result.value, files });
    } catch (error) {
      return failed([unreadable(this.#path, error)]);
    }
  }
}

function distrustOf(path: string): ConfigProblem | undefined {
  const distrust = untrustedFile(path);
  if (distrust === undefined) return undefined;
  const { what, fix } = distrust;
  return { file: path, line: 0, column: 0, key: "", message: what, fix, isUnsafe: true };
}

function emptied(path: string): ConfigProblem {
  const message = "it is empty, and a fleet is running";
  const fix = "bring the file back; `soulmirror down` stops the fleet";
  return { file: path, line: 1, column: 1, key: "", message, fix };
}

function unreadable(path: string, error: unknown): ConfigProblem {
  const fix = "write one with `soulmirror init --write`, or name it with -c FILE";
  return { file: path, line: 0, column: 0, key: "", message: messageOf(error), fix };
}
