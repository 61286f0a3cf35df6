/**
 * The one place where a service is started, and where the two tools of the system are called that
 * this folder needs (`prlimit` as a prefix of a service, `fallocate` on a log).
 *
 * N1. The child has a session of its own and writes to a file: it does not die with the daemon.
 * N2. No shell reads the command.
 */
import { execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { failed, messageOf, type Result, success } from "../../kernel/index.ts";

export interface Launch {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly logPath: string;
  readonly uid?: number;
  readonly gid?: number;
}

export type OnExit = (code: number | null, signal: string | null) => void;

/**
 * The pid, or why there is none. The promise settles before `onExit` can be called, and without
 * giving way to any other event when the start worked.
 */
export async function spawnService(launch: Launch, onExit: OnExit): Promise<Result<number>> {
  const { command, cwd, env, logPath, uid, gid } = launch;
  let log: number | undefined;
  try {
    log = openLog(logPath);
    const child = spawn(command[0] ?? "", command.slice(1), {
      cwd,
      env,
      detached: true,
      stdio: ["ignore", log, log],
      ...(uid === undefined ? {} : { uid }),
      ...(gid === undefined ? {} : { gid }),
    });
    if (child.pid === undefined) {
      return failed(
        await new Promise<string>((resolve) => child.once("error", (e) => resolve(e.message))),
      );
    }
    // Signals are sent by this folder itself; an error event can only be about the start.
    child.on("error", () => {});
    child.once("exit", onExit);
    child.unref();
    return success(child.pid);
  } catch (error) {
    return failed(messageOf(error));
  } finally {
    if (log !== undefined) closeSync(log);
  }
}

/** A disk that takes no new file must not keep a service from running. */
function openLog(path: string): number {
  try {
    return openSync(path, "a", 0o600);
  } catch {
    // Its words are lost then; `file-not-written` of the note beside it tells of the disk.
    return openSync("/dev/null", "a");
  }
}

/** Runs a tool of the system to its end; false when it is missing or says no. */
export function runTool(path: string, words: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(path, words, { timeout: 10_000 }, (error) => resolve(error === null));
  });
}
