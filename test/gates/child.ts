/** Runs one program of the tests to its end, with its output on our terminal as it comes. */
import { spawn } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const root: string = fileURLToPath(new URL("../..", import.meta.url));

const passedOn: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];

/**
 * Resolves with the exit code; a death by signal is 128. Rejects only when we ourselves were told
 * to stop: the signal is passed on, the program's end awaited, and nothing further may be started.
 */
export async function runChild(
  command: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<number> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
    env: { ...process.env, PATH: searchPath(), ...env },
  });
  let stoppedBy: NodeJS.Signals | undefined;
  const forward = (signal: NodeJS.Signals): void => {
    stoppedBy = signal;
    child.kill(signal);
  };
  for (const signal of passedOn) process.on(signal, forward);
  try {
    const exitCode = await new Promise<number>((resolve) => {
      child.once("error", (error) => {
        console.error(`${program} could not be started: ${error.message}`);
        resolve(127);
      });
      child.once("exit", (code) => resolve(code ?? 128));
    });
    if (stoppedBy !== undefined) throw new Error(`stopped by ${stoppedBy}`);
    return exitCode;
  } finally {
    for (const signal of passedOn) process.off(signal, forward);
  }
}

/** The packages' programs and our own Node come first, however we were started. */
function searchPath(): string {
  const own = [path.join(root, "node_modules", ".bin"), path.dirname(process.execPath)];
  return [...own, process.env["PATH"] ?? ""].join(path.delimiter);
}
