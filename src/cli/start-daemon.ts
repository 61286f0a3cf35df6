/**
 * Starts the daemon in a session of its own, so that neither this terminal nor this process takes
 * it along when they end.
 *
 * U1. What the daemon says before it has a log goes to a file and not to a pipe: a pipe would end
 *     with us, and the daemon with it.
 * U2. A daemon that is not ready in time, or that ends, is an error with its own last words.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, existsSync, openSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { type ErrorCode, errorTable, formatDuration, SoulMirrorError } from "../kernel/index.ts";
import {
  type DataDirectory,
  entryFile,
  makeSparePath,
  openDataDirectory,
  realClock,
} from "../system/index.ts";
import { type DaemonNote, readDaemonNote } from "./daemon-note.ts";

export interface DaemonStart {
  readonly fleetPath: string;
  readonly dataPath: string;
  readonly port?: number | undefined;
  /** Told from time to time while it is not ready. */
  readonly progress: (text: string) => void;
}

export interface StartedDaemon {
  readonly note: DaemonNote;
  readonly child: ChildProcess;
}

/**
 * Most of what it makes lives for one tick, and the little that stays hardly changes. Left alone,
 * both generations of the heap only grow. 10,000 resources hold 276 MB so; with twice the young
 * generation and half as much more growth 301 MB, for 5 % of a core less.
 */
const heap = ["--max-semi-space-size=4", "--heap-growing-percent=20"];

const readyWithinMs = 60_000;
const lookEveryMs = 20;

/** Throws what the daemon itself gave as the reason. */
export async function startDaemon(start: DaemonStart): Promise<StartedDaemon> {
  const wasThere = existsSync(start.dataPath);
  const directory = openDataDirectory(start.dataPath);
  const { words, wordsPath } = openWords(directory);
  const from = statSync(wordsPath).size;
  const child = spawn(process.execPath, [...heap, daemonFile(), ...argumentsOf(start)], {
    detached: true,
    stdio: ["ignore", words, words],
    // Read from the cache, the sources need a third of the time and much less memory. Whoever has
    // named a folder for it is obeyed.
    env: { NODE_COMPILE_CACHE: join(start.dataPath, "compile-cache"), ...process.env },
  });
  closeSync(words);
  child.unref();
  const note = await ready(child, start);
  if (note !== undefined) return { note, child };
  const error = refusal(child, readFileSync(wordsPath).subarray(from).toString("utf8"), wordsPath);
  // What was refused leaves nothing behind, unless there is something to look into.
  const isEmpty = !existsSync(directory.store) && readDaemonNote(start.dataPath) === undefined;
  if (!wasThere && isEmpty && error.code !== "INTERNAL" && error.code !== "DATA_DIRECTORY_HELD") {
    rmSync(directory.root, { recursive: true, force: true });
  }
  throw error;
}

/** On a disk that became read-only a daemon can still supervise. */
function openWords({ root, logs }: DataDirectory): { words: number; wordsPath: string } {
  const open = (wordsPath: string) => ({ words: openSync(wordsPath, "a", 0o600), wordsPath });
  try {
    return open(join(logs, "daemon.out"));
  } catch (error) {
    const spare = makeSparePath(root, "out");
    if ((error as NodeJS.ErrnoException).code !== "EROFS" || spare === undefined) throw error;
    return open(spare);
  }
}

function daemonFile(): string {
  return entryFile("daemon/main", import.meta.url).pathname;
}

function argumentsOf({ fleetPath, dataPath, port }: DaemonStart): readonly string[] {
  const where = ["--config", fleetPath, "--data", dataPath];
  return port === undefined ? where : [...where, "--port", String(port)];
}

/** Undefined when it ended before it was ready. */
async function ready(child: ChildProcess, start: DaemonStart): Promise<DaemonNote | undefined> {
  let isOver = false;
  child.once("exit", () => (isOver = true));
  child.once("error", () => (isOver = true));
  const begunMs = realClock.now().monotonicMs;
  for (;;) {
    const note = readDaemonNote(start.dataPath);
    if (note !== undefined && note.pid === child.pid) return note;
    if (isOver) return undefined;
    const elapsedMs = realClock.now().monotonicMs - begunMs;
    start.progress(`starting the daemon, ${formatDuration(elapsedMs)} ...`);
    if (elapsedMs > readyWithinMs) {
      child.kill("SIGTERM");
      return undefined;
    }
    await pause(lookEveryMs);
  }
}

/** `soulmirror: CODE: what happened Fix: what to do`, as the daemon writes it. */
function refusal(child: ChildProcess, said: string, wordsPath: string): SoulMirrorError {
  const line = /soulmirror: ([A-Z_]+): ([\s\S]*)/.exec(said);
  const code = line?.[1] ?? "";
  if (line && code in errorTable) {
    const [message = "", fix] = (line[2] ?? "").trim().split(/ Fix: (?!.* Fix: )/s);
    return new SoulMirrorError(code as ErrorCode, message, fix === undefined ? {} : { fix });
  }
  const how = child.signalCode ?? child.exitCode;
  const why = how === null ? `was not ready within ${readyWithinMs / 1000} s` : `ended (${how})`;
  const lines = said.split("\n").filter((each) => each.trim() !== "" && !/^\s+at /.test(each));
  const last = lines.slice(-8).join("\n  ");
  return new SoulMirrorError("INTERNAL", `the daemon ${why}${last && `:\n  ${last}`}`, {
    fix: `look into ${wordsPath} and the log beside it`,
  });
}
