/**
 * Where an engine's settings come from, and how they change while it runs: code, files, the
 * environment, and what is changed at run time.
 *
 * R1. What cannot be never takes effect: the last good settings stay, and the mistakes are told
 *     with line and column.
 * R2. A file that is named in code must be there and right when the engine is made; one that is
 *     only found cannot stop the service (see `settings-files.ts`).
 * R3. A change is seen within `pollMs`, also where the file system tells nothing; mostly at once.
 * R4. Looking keeps no process alive.
 */
import { type FSWatcher, watch } from "node:fs";
import { dirname, join } from "node:path";
import { SoulMirrorError } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { EngineSettings, type SettingChange } from "./engine-settings.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import type { Entry, Layer } from "./setting.ts";
import { lineOf, type SettingProblem } from "./setting-problem.ts";
import { SettingsFiles } from "./settings-files.ts";

/** Told after it has taken effect, or was refused. */
export interface SettingsNews {
  readonly settings: EngineSettings;
  readonly changes: readonly SettingChange[];
  /** Everything that is wrong with the sources now. */
  readonly problems: readonly SettingProblem[];
  /** It was said together with the thing that it is about: nothing was otherwise before. */
  readonly isNew: boolean;
}

export interface SettingsSourceOptions {
  readonly code: Layer;
  readonly environment: Environment;
  /** Relative paths start here: the working directory. */
  readonly folder: string;
  /** Must be there; without it the usual files are looked for in `folder`. */
  readonly file?: string;
  readonly tools: Tools;
  readonly tell: (news: SettingsNews) => void;
  readonly pollMs?: number;
  /** So long a file must be quiet before it is read. */
  readonly quietMs?: number;
}

export class SettingsSource {
  #current: EngineSettings;
  /** By who has set them: one does not take back what another has set. */
  // What a person says is stronger than what was recommended, whenever he has said it.
  readonly #runtime = new Map<string, Layer["entries"]>([["optimization", []]]);
  readonly #code: Layer;
  /** What was said in code later, by service: in the place of what `#code` says of it. */
  readonly #declared = new Map<string, readonly Entry[]>();
  readonly #environment: Layer;
  readonly #environmentProblems: readonly SettingProblem[];
  readonly #files: SettingsFiles;
  readonly #options: Required<Omit<SettingsSourceOptions, "file">>;
  readonly #watchers = new Map<string, FSWatcher>();
  #cancelPoll: (() => void) | undefined;
  #cancelQuiet: (() => void) | undefined;
  #isClosed = false;

  /** Throws SoulMirrorError CONFIG_NOT_FOUND or CONFIG_INVALID (R2). */
  constructor({ file, ...options }: SettingsSourceOptions) {
    this.#options = { pollMs: 5000, quietMs: 100, ...options };
    this.#code = options.code;
    const { layer, problems } = readEnvironment(options.environment);
    this.#environment = layer;
    this.#environmentProblems = problems;
    this.#files = new SettingsFiles(options.folder, file);
    this.#files.refresh();
    if (file !== undefined) refuseUnusable(this.#files, file);
    this.#current = this.#compose();
    this.#watch();
    this.#poll();
  }

  get current(): EngineSettings {
    return this.#current;
  }

  /** Everything that is wrong with the sources now. */
  get problems(): readonly SettingProblem[] {
    return [...this.#environmentProblems, ...this.#files.problems];
  }

  /** Replaces what `author` has set at run time; nothing else can be changed here. */
  change(entries: readonly Entry[], author = ""): void {
    this.#runtime.set(author, entries);
    this.#apply();
  }

  /**
   * Takes `entries` for all that code says of `service`. Costs as much as they are, however many
   * others were declared before. @param isInUse somebody goes by what held of it until now.
   */
  declare(service: string, entries: readonly Entry[], isInUse = false): void {
    this.#declared.set(service, entries);
    const before = this.#current;
    this.#current = before.declared(service, entries);
    const changes = before.changesOf(service, this.#current);
    const { problems } = this;
    this.#options.tell({ settings: this.#current, changes, problems, isNew: !isInUse });
  }

  /** Looks at the files now. */
  reload(): void {
    if (this.#files.refresh()) this.#apply();
    this.#watch();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelPoll?.();
    this.#cancelQuiet?.();
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #compose(): EngineSettings {
    const runtime: Layer = { name: "runtime", entries: [...this.#runtime.values()].flat() };
    const own = this.#code.entries.filter(
      ({ service }) => service === undefined || !this.#declared.has(service),
    );
    const code: Layer = { name: "code", entries: [...own, ...[...this.#declared.values()].flat()] };
    return new EngineSettings([code, this.#files.layer, this.#environment, runtime]);
  }

  #apply(): void {
    const before = this.#current;
    this.#current = this.#compose();
    const changes = before.changesTo(this.#current);
    const { problems } = this;
    this.#options.tell({ settings: this.#current, changes, problems, isNew: false });
  }

  #poll(): void {
    const { tools, pollMs } = this.#options;
    this.#cancelPoll = tools.background.after(pollMs, () => {
      if (this.#isClosed) return;
      // Before all else: whatever comes of one look, there is a next one (R3).
      this.#poll();
      this.reload();
    });
  }

  /** Folders, not files: an editor replaces a file, and the watch would stay with the old one. */
  #watch(): void {
    for (const folder of new Set(this.#files.found.map((path) => dirname(path)))) {
      if (this.#isClosed || this.#watchers.has(folder)) continue;
      try {
        const watcher = watch(folder, { persistent: false }, (_what, name) => {
          if (name === null || this.#isOurs(folder, name)) this.#hear();
        });
        const drop = (): void => {
          watcher.close();
          this.#watchers.delete(folder);
        };
        watcher.on("error", drop);
        this.#watchers.set(folder, watcher);
      } catch {
        // No more watches on this machine: the poll sees it, a little later.
      }
    }
  }

  #isOurs(folder: string, name: string): boolean {
    return this.#files.paths.includes(join(folder, name));
  }

  #hear(): void {
    const { tools, quietMs } = this.#options;
    this.#cancelQuiet?.();
    this.#cancelQuiet = tools.background.after(quietMs, () => {
      if (!this.#isClosed) this.reload();
    });
  }
}

function refuseUnusable(files: SettingsFiles, file: string): void {
  if (files.found.length === 0) {
    throw new SoulMirrorError("CONFIG_NOT_FOUND", `there is no file ${file}`, {
      fix: "correct its path, which starts at the working directory, or leave it out",
    });
  }
  const { mistakes: problems } = files;
  if (problems.length === 0) return;
  throw new SoulMirrorError("CONFIG_INVALID", problems.map(lineOf).join("\n"), {
    fix: problems.map(({ key, fix }) => (key === "" ? fix : `${key}: ${fix}`)).join("; "),
  });
}
