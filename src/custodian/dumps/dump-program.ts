/**
 * A dump by a program that writes it to its standard output. That is the file itself, so a dump of
 * any size passes through no memory of ours.
 */
import { spawn } from "node:child_process";
import { open } from "node:fs/promises";

export interface DumpProgram {
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the environment of this process; values are never told. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

/** Kept of what the program complains about. */
const complaintCharacters = 500;

/**
 * Rejects with what the program said; then `path` holds nothing of use. At its limit all that the
 * program has started is ended as well: what goes on would hold its output open.
 */
export async function dumpProgram(
  { args, command, env, timeoutMs }: DumpProgram,
  path: string,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
    const child = spawn(command, args, {
      stdio: ["ignore", file.fd, "pipe"],
      env: { ...process.env, ...env },
      // A process group of its own, so that all of it can be ended.
      detached: true,
    });
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const end = (): void => endGroup(child.pid);
    limit.addEventListener("abort", end, { once: true });
    let complaint = "";
    child.stderr?.setEncoding("utf8").on("data", (said: string) => {
      complaint = (complaint + said).slice(-complaintCharacters);
    });
    child.on("error", reject);
    child.on("close", (code, killedBy) => {
      const said = masked(complaint.trim(), env);
      if (code === 0) resolve(undefined);
      else if (code !== null) resolve(`${command} ended with ${code}: ${said}`);
      else resolve(`${command} was ended by ${killedBy} (its limit is ${timeoutMs} ms): ${said}`);
    });
    if (limit.aborted) end();
    const failure = await promise.finally(() => limit.removeEventListener("abort", end));
    signal.throwIfAborted();
    if (failure !== undefined) throw new Error(failure);
    if ((await file.stat()).size === 0) throw new Error(`${command} wrote nothing`);
    await file.sync();
  } finally {
    await file.close();
  }
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Passwords reach such programs by their environment. */
function masked(text: string, env: DumpProgram["env"]): string {
  return Object.values(env)
    .filter((value) => value.length >= 4)
    .reduce((told, value) => told.replaceAll(value, "***"), text);
}
