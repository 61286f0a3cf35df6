/** Plain processes of the measurements, without any supervisor. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { Bench } from "./figure.ts";
import { signalProcess } from "./process-figures.ts";

export function appFile(name: "app" | "stranger" | "listeners"): string {
  return fileURLToPath(new URL(`./apps/${name}.js`, import.meta.url));
}

export function environment(port: number): NodeJS.ProcessEnv {
  return { ...process.env, PORT: String(port) };
}

/** In a group of its own, which ends with the figure. */
export function startGroup(
  { teardown }: Bench,
  command: readonly [string, ...string[]],
  env: NodeJS.ProcessEnv,
): ChildProcess {
  const [program, ...words] = command;
  const child = spawn(program, words, { env, detached: true, stdio: "ignore" });
  teardown.defer(() => signalGroup(child));
  return child;
}

export function signalGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) signalProcess(-pid, "SIGKILL");
}

/** Resolves when it says its first word. */
export async function startSpeaking(
  { teardown }: Bench,
  name: "stranger" | "listeners",
  ports: readonly number[],
): Promise<ChildProcess> {
  const child = spawn(process.execPath, [appFile(name), ...ports.map(String)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  teardown.defer(() => void child.kill("SIGKILL"));
  await Promise.race([
    once(child.stdout, "data"),
    once(child, "exit").then(() => {
      throw new Error(`${name} ended before it listened`);
    }),
  ]);
  return child;
}

export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
