/** Runs small apps in real processes, with `soulmirror/register` or without. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll } from "vitest";

export const register: string = new URL("../../src/public/register.ts", import.meta.url).href;
/** The watches are there a second after the start; on a busy machine a little later. */
export const laterMs = 2500;
const longestMs = 60_000;

let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "register-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

export interface Ran {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

export interface RunOptions {
  readonly flags?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Sends SIGTERM when the app, or we, have said so much. */
  readonly killAfter?: string;
  /** Sends SIGUSR2 when a rejection named `ready` was told: the watches are there. */
  readonly isAwaited?: boolean;
  readonly name?: string;
}

let count = 0;

export async function appFile(code: string, name: string): Promise<string> {
  count += 1;
  const file = path.join(folder, `${count}-${name}`);
  await writeFile(file, code);
  return file;
}

export async function run(code: string, options: RunOptions = {}): Promise<Ran> {
  const { flags = [], environment = {}, killAfter, isAwaited = false, name = "app.mjs" } = options;
  const file = await appFile(isAwaited ? `${awaited}${code}` : code, name);
  return await runFile(file, flags, { environment, killAfter, isAwaited });
}

export interface RunFileOptions {
  readonly environment: Readonly<Record<string, string>>;
  readonly killAfter?: string | undefined;
  readonly isAwaited?: boolean;
}

/** Lives until it is told to do its worst. */
const awaited = `process.on("unhandledRejection", () => {}); Promise.reject(new Error("ready"));
const alive = setInterval(() => {}, 1000); const later = (run) => process.once("SIGUSR2", run);
`;

export async function runFile(
  file: string,
  flags: readonly string[],
  { environment, killAfter, isAwaited }: RunFileOptions,
): Promise<Ran> {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  const child = spawn(process.execPath, [...flags, file], {
    env: { ...inherited, ...environment },
    stdio: ["ignore", "pipe", "pipe"],
  });
  if (killAfter !== undefined) signalOnWord(child, killAfter, "SIGTERM");
  if (isAwaited === true) signalOnWord(child, "went on: ready", "SIGUSR2");
  // A loop that never ends would go on after the test, and take a core from all others.
  const late = setTimeout(() => child.kill("SIGKILL"), longestMs);
  const [out, err, [exitCode, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close") as Promise<[number | null, string | null]>,
  ]);
  clearTimeout(late);
  if (signal === "SIGKILL") throw new Error(`not over in ${longestMs} ms; it said: ${out}${err}`);
  return { code: exitCode, signal, out, err: err.replaceAll(String(child.pid), "PID") };
}

function signalOnWord(child: ChildProcess, word: string, signal: NodeJS.Signals): void {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on("data", (data) => {
      if (said.includes(word)) return;
      said += String(data);
      if (said.includes(word)) child.kill(signal);
    });
  }
}

export function guarded(options: RunOptions = {}): RunOptions {
  return { ...options, flags: ["--import", register, ...(options.flags ?? [])] };
}

/** Only our lines. */
export function told({ err }: Ran): readonly string[] {
  const lines = err.split("\n").filter((line) => line.startsWith("soulmirror: "));
  return lines.filter((line) => !line.includes("went on: ready"));
}

export const blocked: string = `function blockTheLoop(ms) {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
`;
