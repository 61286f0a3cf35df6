/**
 * One operation under way: for which file, how long it waits, whom it tells. A writer lines up
 * behind the others of its file, first in this process and then among processes.
 */
import type { PathLike } from "node:fs";
import { dirname } from "node:path";
import { harmless, type Tools } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import { undoHalfAppend } from "./append.ts";
import { codeOf, textOf, toFileError } from "./file-error.ts";
import { type Healing, type Tell, tellHub } from "./healing.ts";
import { defaults, type FileOperationsOptions, type WaitOptions } from "./options.ts";
import type { Patience } from "./patience.ts";
import { holdLock } from "./process-lock.ts";
import { lockPath } from "./side-names.ts";
import { sweep } from "./sweep.ts";
import { makeFolders, realTarget } from "./target.ts";
import { inTurn } from "./turns.ts";

export interface Session {
  /** The file itself, behind all links. */
  readonly target: string;
  readonly patience: Patience;
  readonly tell: Tell;
  readonly healed: readonly Healing[];
}

export interface Call {
  /** What it is called in events: `files.safeWriteFile`. */
  readonly operation: string;
  /** What it is called in errors: `write`. */
  readonly action: string;
  readonly path: PathLike;
  readonly options: WaitOptions;
}

export class Sessions {
  readonly #options: FileOperationsOptions;
  readonly #tools: Tools;

  constructor(options: FileOperationsOptions) {
    this.#options = options;
    this.#tools = options.tools ?? realTools;
  }

  /** Errors come out as `FileError`, with path and fix. */
  async run<T>(call: Call, work: (session: Session) => Promise<T>): Promise<T> {
    try {
      call.options.signal?.throwIfAborted();
      return await work(this.#open(call));
    } catch (error) {
      throw toFileError(error, call.action, textOf(call.path));
    }
  }

  /** The same, alone with the file. `makesFolders`: its folder is made when it is missing. */
  async alone<T>(
    call: Call,
    makesFolders: boolean,
    work: (session: Session) => Promise<T>,
  ): Promise<T> {
    return this.run(call, (session) =>
      this.inTurnUnderLock(session, () => work(session), makesFolders),
    );
  }

  /** For an operation that finds out on its way that it has to be alone. */
  inTurnUnderLock<T>(
    { target, patience, tell }: Session,
    work: () => Promise<T>,
    makesFolders = false,
  ): Promise<T> {
    return inTurn(target, patience, async () => {
      if (makesFolders) makeFolders(dirname(target), tell);
      using held = await holdLock(lockPath(target), patience, tell);
      await sweep(dirname(target), { tools: this.#tools, tell, now: held.wasStale });
      await undoHalfAppend(target, tell);
      return await work();
    });
  }

  #open({ operation, path, options }: Call): Session {
    const startedMs = this.#tools.monotonicMs();
    const healed: Healing[] = [];
    const lockTimeoutMs =
      options.lockTimeoutMs ?? this.#options.lockTimeoutMs ?? defaults.lockTimeoutMs;
    return {
      target: realTarget(path),
      patience: {
        tools: this.#tools,
        dueMs: startedMs + lockTimeoutMs,
        signal: options.signal,
      },
      healed,
      tell: (healing) => {
        healed.push(healing);
        this.#tell(healing, operation, startedMs);
      },
    };
  }

  #tell(healing: Healing, operation: string, startedMs: number): void {
    const { events, onHealed } = this.#options;
    const told = { operation, elapsedMs: this.#tools.monotonicMs() - startedMs };
    if (events !== undefined) tellHub(events, healing, told);
    harmless(() => onHealed?.(healing, told));
  }
}

/** True for the errors of a place where nothing can be written. */
export function isUnwritable(error: unknown): boolean {
  return ["EACCES", "EPERM", "EROFS", "ENOSPC", "EDQUOT"].includes(codeOf(error) ?? "");
}
