/**
 * A program of somebody else, run to its end: its output into a file or into a small text. At its
 * limit all that it has started is ended as well, for what goes on would hold its output open.
 */
import { spawn } from "node:child_process";

export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  /** Beside the environment of this process; values are never told. */
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

export interface RunOptions {
  /** Of a file that takes the output; without it, the output is what is returned. */
  readonly descriptor?: number;
  readonly signal: AbortSignal;
}

/** Kept of what the program complains about. */
const complaintCharacters = 500;
const outputCharactersMax = 1 << 20;

/** Rejects with what the program said. */
export async function runProgram(program: Program, options: RunOptions): Promise<string> {
  const { args, command, env, timeoutMs } = program;
  const { descriptor, signal } = options;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<string | undefined>();
  const child = spawn(command, args, {
    stdio: ["ignore", descriptor ?? "pipe", "pipe"],
    env: { ...process.env, ...env },
    // A process group of its own, so that all of it can be ended.
    detached: true,
  });
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const end = (): void => endGroup(child.pid);
  limit.addEventListener("abort", end, { once: true });
  let [complaint, output] = ["", ""];
  child.stdout?.setEncoding("utf8").on("data", (said: string) => {
    output += said;
    if (output.length > outputCharactersMax) end();
  });
  child.stderr?.setEncoding("utf8").on("data", (said: string) => {
    complaint = (complaint + said).slice(-complaintCharacters);
  });
  child.on("error", reject);
  child.on("close", (code, killedBy) => {
    const said = masked(complaint.trim(), env);
    const isTooLong = output.length > outputCharactersMax;
    if (isTooLong) resolve(`${command} said more than ${outputCharactersMax} characters`);
    else if (code === 0) resolve(undefined);
    else if (code !== null) resolve(`${command} ended with ${code}: ${said}`);
    else resolve(`${command} was ended by ${killedBy} (its limit is ${timeoutMs} ms): ${said}`);
  });
  const failure = await promise.finally(() => limit.removeEventListener("abort", end));
  signal.throwIfAborted();
  if (failure !== undefined) throw new Error(failure);
  return output;
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
export function masked(text: string, env: Program["env"]): string {
  return Object.values(env)
    .filter((value) => value.length >= 4)
    .reduce((told, value) => told.replaceAll(value, "***"), text);
}

/** With more options behind those that MariaDB's programs take in the first place only. */
export function behindDefaults(
  words: readonly string[],
  more: readonly string[],
): readonly string[] {
  const isFirst = (word: string): boolean => /^--(?:no-defaults|defaults-\w)/.test(word);
  const first = words.findIndex((word) => !isFirst(word));
  const count = first < 0 ? words.length : first;
  return [...words.slice(0, count), ...more, ...words.slice(count)];
}
