/**
 * Runs a declared command as a remedy: step kind `command`.
 *
 * C1. It gets PATH, HOME, LANG and TZ of ours, what the fleet file declares and the name of the
 *     resource, and nothing else: the daemon's secrets stay with the daemon.
 * C2. `precheck` only looks whether the programs and the folder are there, those of the undo too:
 *     a way back that cannot be gone is none.
 * C3. Exit code 0 is done; anything else, a signal and a missed deadline included, is failed. What
 *     could not even be started is refused: nothing was done.
 * C4. The declared undo may be run twice (after a crash of ours nobody knows whether it ran) and
 *     after a command that did nothing or half of its work, so it has to bear that. Its record is
 *     a mere mark, because records are kept.
 * C5. What is told of a command names its program only: arguments may be secrets, and a preview is
 *     kept and shown before anybody has agreed.
 */
import { stat } from "node:fs/promises";
import { z } from "zod";
import { cutOff, quote } from "../../kernel/index.ts";
import type { AbortSignalLike, Command, Effector, StepResult } from "../../model/index.ts";
import { findExecutable } from "../../system/index.ts";
import { guardedEffector } from "../guarded-effector.ts";
import { maskSecrets } from "../mask-secrets.ts";
import { type CommandEnd, runCommand } from "./run-command.ts";

export interface CommandEffectorOptions {
  /** Ours, of which only the names of C1 are passed on. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const words = z.array(z.string()).min(1);

const parameters = z.object({
  command: words,
  undo: words.optional(),
  cwd: z.string().min(1).optional(),
  env: z.record(z.string(), z.string()).default({}),
  /** Names in `env` whose values are masked in what is reported, beside those that tell. */
  secretEnv: z.array(z.string()).default([]),
  timeoutMs: z.number().positive(),
});

type Parameters = z.infer<typeof parameters>;

const passedOn = ["PATH", "HOME", "LANG", "TZ"];
const outputBytesMax = 16 * 1024;
const detailLines = 10;
const lineLength = 500;
/** `DB_PASSWORD_FILE` only tells where it is. */
const secretName = /(?:pass|secret|token|key|credential|auth|dsn|private)(?!.*_FILE$)/i;

export function createCommandEffector(options: CommandEffectorOptions): Effector {
  const environmentOf = (step: Command["step"], given: Parameters): Record<string, string> => {
    const env: Record<string, string> = {};
    for (const name of passedOn) {
      const value = options.environment[name];
      if (value !== undefined) env[name] = value;
    }
    return { ...env, ...given.env, SOULMIRROR_RESOURCE: step.resource };
  };

  return guardedEffector({
    kind: "command",
    parameters,
    precheck: (given, command) => look(given, environmentOf(command.step, given)["PATH"] ?? ""),
    act: async (given, command, signal) => {
      const env = environmentOf(command.step, given);
      const result = await carryOut({ ...given, env }, given, signal);
      return result.kind === "done" && given.undo !== undefined
        ? { ...result, undo: { ran: true } }
        : result;
    },
    undo: async (given, command, signal) => {
      if (given.undo === undefined || command.undo === undefined) {
        return { kind: "refused", reason: "no command was declared that takes it back" };
      }
      const env = environmentOf(command.step, given);
      return carryOut({ ...given, command: given.undo, env }, given, signal);
    },
  });
}

/** Keeps C2 and C5. */
async function look({ command, undo, cwd }: Parameters, path: string): Promise<StepResult> {
  if (cwd !== undefined && !(await isFolder(cwd))) {
    return { kind: "refused", reason: `the folder ${cwd} does not exist` };
  }
  for (const each of [command, ...(undo === undefined ? [] : [undo])]) {
    const program = each[0] ?? "";
    if (findExecutable(program, { cwd, path }) === undefined) {
      return { kind: "refused", reason: `the program "${program}" cannot be found or run` };
    }
  }
  return { kind: "done", detail: `would run ${command[0] ?? ""}` };
}

interface Run {
  readonly command: readonly string[];
  readonly cwd?: string | undefined;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
}

async function carryOut(run: Run, given: Parameters, signal: AbortSignalLike): Promise<StepResult> {
  const end = await runCommand({ ...run, outputBytesMax }, signal);
  const secrets = Object.entries(given.env).flatMap(([name, value]) =>
    secretName.test(name) || given.secretEnv.includes(name) ? [value] : [],
  );
  // Before it is cut into lines: half a secret is not known again.
  return end.kind === "unstartable"
    ? judge({ ...end, reason: maskSecrets(end.reason, secrets) }, run)
    : judge({ ...end, output: maskSecrets(end.output, secrets) }, run);
}

type Judged = Exclude<StepResult, { kind: "later" }>;

/** Keeps C3. */
function judge(end: CommandEnd, { command, timeoutMs }: Run): Judged {
  const program = command[0] ?? "";
  if (end.kind === "unstartable") {
    return { kind: "refused", reason: `${program} could not be started: ${end.reason}` };
  }
  const lines = linesOf(end.output);
  if (end.kind === "exited" && end.code === 0) {
    return { kind: "done", detail: [`${program} ended with exit code 0`, ...lines].join("\n") };
  }
  const last = lines.at(-1);
  const reason = `${program} ${fate(end, timeoutMs)}${last === undefined ? "" : `: ${quote(last)}`}`;
  return { kind: "failed", reason };
}

function fate(end: Exclude<CommandEnd, { kind: "unstartable" }>, timeoutMs: number): string {
  switch (end.kind) {
    case "exited":
      return `ended with exit code ${end.code}`;
    case "killed":
      return `was ended by ${end.by}`;
    case "timeout":
      return `was not done after ${timeoutMs} ms and was killed`;
    case "aborted":
      return "was killed at the deadline of its step";
  }
}

function linesOf(output: string): readonly string[] {
  return output
    .split(/[\r\n]+/)
    .map((line) => cutOff(line.trimEnd(), lineLength))
    .filter((line) => line !== "")
    .slice(-detailLines);
}

async function isFolder(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // Not there, or not ours to see: the command could not be run in it either.
    return false;
  }
}
