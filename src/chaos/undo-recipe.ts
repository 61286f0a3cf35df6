/**
 * How a fault is taken away, as plain data: it is handed to another process, which must be able to
 * do it alone when the drill is dead.
 *
 * U1. Every step may be done twice, and at any time, without harm.
 * U2. A process gets a signal only while it is that very process.
 * U3. A file is put back only while it is as the fault left it.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync, rmdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../kernel/index.ts";
import type { ProcessIdentity } from "../model/index.ts";
import { isAlive, replaceFile } from "../system/index.ts";
import { runToEnd, type StartCommand, startDetached } from "./start-process.ts";

export interface UndoRecipe {
  readonly steps: readonly UndoStep[];
  /** Unless it is disarmed, it is carried out after so long, or when the drill dies. */
  readonly afterMs: number;
}

export type UndoStep =
  | { readonly kind: "signal"; readonly process: ProcessIdentity; readonly signal: UndoSignal }
  /** The same for a process that is known only at the moment of the blow: the file names it. */
  | { readonly kind: "signal-recorded"; readonly path: string; readonly signal: UndoSignal }
  /** Puts the content of `backup` back while the file still hashes to `changedSha256`. */
  | {
      readonly kind: "restore";
      readonly path: string;
      readonly backup: string;
      readonly changedSha256: string;
    }
  | { readonly kind: "write"; readonly path: string; readonly text: string }
  | { readonly kind: "remove"; readonly path: string }
  /** Moves all members of a control group of ours to another one, and removes it. */
  | { readonly kind: "dissolve"; readonly group: string; readonly home: string }
  | { readonly kind: "unmount"; readonly path: string }
  | { readonly kind: "start"; readonly start: StartCommand };

type UndoSignal = "SIGCONT" | "SIGKILL";

/** Carries the steps out, each whatever became of the others. Answers with what went wrong. */
export async function undoSteps(steps: readonly UndoStep[]): Promise<readonly string[]> {
  const troubles: string[] = [];
  for (const step of steps) {
    try {
      await undoStep(step);
    } catch (error) {
      troubles.push(`${step.kind}: ${messageOf(error)}`);
    }
  }
  return troubles;
}

async function undoStep(step: UndoStep): Promise<void> {
  switch (step.kind) {
    case "signal":
      if (isAlive(step.process)) process.kill(step.process.pid, step.signal);
      return;
    case "signal-recorded": {
      const recorded = readRecord(step.path);
      if (recorded && isAlive(recorded)) process.kill(recorded.pid, step.signal);
      return;
    }
    case "restore":
      restore(step);
      return;
    case "write":
      writeFileSync(step.path, step.text);
      return;
    case "remove":
      rmSync(step.path, { force: true });
      return;
    case "dissolve":
      dissolve(step.group, step.home);
      return;
    case "unmount":
      await runToEnd(["umount", "--lazy", step.path], { limitMs: 10_000 });
      return;
    case "start":
      startDetached(step.start);
      return;
  }
}

export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Keeps U3. */
function restore(step: UndoStep & { kind: "restore" }): void {
  if (sha256(readFileSync(step.path)) !== step.changedSha256) return;
  replaceFile(step.path, readFileSync(step.backup), { mode: statSync(step.path).mode & 0o777 });
  rmSync(step.backup, { force: true });
}

function dissolve(group: string, home: string): void {
  if (!existsSync(group)) return;
  for (const pid of readFileSync(join(group, "cgroup.procs"), "utf8").split("\n")) {
    if (pid !== "") writeFileSync(join(home, "cgroup.procs"), pid);
  }
  rmdirSync(group);
}

/** Undefined while nothing was recorded: the blow has not landed. */
function readRecord(path: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ProcessIdentity;
  } catch {
    // Not written: there is nobody to help.
    return undefined;
  }
}
