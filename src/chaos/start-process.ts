/**
 * The one place of this folder where processes are started: our own small ones, a daemon, and
 * tools of the system. No shell reads any of these commands.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { entryFile } from "../system/index.ts";

/** Enough to start a process again later, from anywhere. */
export interface StartCommand {
  readonly command: readonly string[];
  readonly cwd: string;
  /** Over the environment of whoever starts it. */
  readonly env?: Readonly<Record<string, string>>;
  /** Where its output goes. */
  readonly logPath: string;
}

/** Starts it in a session of its own and forgets it; its pid, or undefined if that failed. */
export function startDetached({ command, cwd, env, logPath }: StartCommand): number | undefined {
  const log = openSync(logPath, "a", 0o600);
  const child = spawn(command[0] ?? "", command.slice(1), {
    cwd,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["ignore", log, log],
  });
  closeSync(log);
  // A failed start shows as a missing pid.
  child.on("error", () => {});
  child.unref();
  return child.pid;
}

/** Starts a file of this folder as a process in a session of its own, with a channel to talk. */
export function startOwn(name: string, words: readonly string[] = []): ChildProcess {
  const file = fileURLToPath(entryFile(`chaos/${name}`, import.meta.url));
  return spawn(process.execPath, [file, ...words], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
}

export interface Ended {
  /** Undefined when it was ended by a signal, or could not be started. */
  readonly code: number | undefined;
  /** What it wrote, both streams. */
  readonly output: string;
}

/** Runs a command to its end, which comes at `limitMs` at the latest. */
export function runToEnd(
  command: readonly string[],
  options: { limitMs: number; cwd?: string; env?: Readonly<Record<string, string>> },
): Promise<Ended> {
  const { limitMs, cwd, env } = options;
  const settings = {
    timeout: limitMs,
    killSignal: "SIGKILL" as const,
    env: { ...process.env, ...env },
  };
  return new Promise((resolve) => {
    const child = execFile(
      command[0] ?? "",
      command.slice(1),
      cwd === undefined ? settings : { ...settings, cwd },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : (child.exitCode ?? undefined);
        resolve({ code, output: stdout + stderr });
      },
    );
  });
}
