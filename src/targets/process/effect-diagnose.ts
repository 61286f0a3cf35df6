/**
 * Asks a sick process what ails it, before anything is done to it. It changes nothing, it never
 * takes longer than its deadline, and it never fails a plan.
 *
 * G1. The environment of a process is never read.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { AbortSignalLike, Command, Effector, StepResult } from "../../model/index.ts";
import { readProcessStatus } from "../../system/index.ts";
import { BlockedStack } from "./blocked-stack.ts";
import type { ProcessContext } from "./context.ts";
import { done } from "./parameters.ts";
import { pause } from "./pause.ts";
import { lastLines } from "./read-log.ts";

const deadlineMs = 500;
const lineCount = 20;
const statusNames = [
  "State",
  "VmRSS",
  "VmSwap",
  "Threads",
  "voluntary_ctxt_switches",
  "nonvoluntary_ctxt_switches",
];
/** More are not looked at one by one: each costs a system call. */
const descriptorsMax = 2000;

export function diagnoseEffector(context: ProcessContext): Effector {
  const stack = new BlockedStack();
  return {
    kind: "diagnose",
    precheck: async () => done("may be looked at"),
    act: (command, signal) => diagnose({ ...context, stack }, command, signal),
  };
}

async function diagnose(
  context: ProcessContext & { readonly stack: BlockedStack },
  { step }: Command,
  signal: AbortSignalLike,
): Promise<StepResult> {
  const run = context.table.current(step.resource);
  if (!run) return done("no process runs");
  const { pid } = run.process;
  const log = context.logOf(step.resource);
  const from = log.end();
  const parts = [statusText(pid), descriptorText(pid)];
  const limit = new AbortController();
  const stop = (): void => limit.abort();
  signal.addEventListener("abort", stop, { once: true });
  const cancel = context.timers.after(deadlineMs, stop);
  try {
    const lines = await Promise.race([
      lastLines(log, lineCount, from),
      late(context, limit.signal),
    ]);
    parts.push(
      lines ? `last lines of its log:\n${lines.join("\n")}` : "its log could not be read in time",
    );
    const { timers } = context;
    // A stack is had by a signal; `untouched` asks for what can be seen without any.
    if (step.parameters["untouched"] === true) return done(textOf(parts));
    parts.push(await context.stack.read({ run, log, timers, signal: limit.signal }));
  } catch (error) {
    // Half a diagnosis is better than none, and none is no reason not to heal.
    parts.push(`the rest could not be found out: ${String(error)}`);
  } finally {
    cancel();
    // Whoever still waits for the deadline need not.
    stop();
    signal.removeEventListener("abort", stop);
  }
  return done(textOf(parts));
}

function textOf(parts: readonly string[]): string {
  return parts.filter((part) => part !== "").join("\n");
}

async function late(context: ProcessContext, signal: AbortSignalLike): Promise<undefined> {
  await pause(context.timers, deadlineMs, signal);
}

function statusText(pid: number): string {
  const status = readProcessStatus(pid);
  const lines = statusNames.flatMap((name) => {
    const value = status.get(name);
    return value === undefined ? [] : [`${name}: ${value}`];
  });
  const waits = readOne(`/proc/${pid}/wchan`);
  const call = readOne(`/proc/${pid}/syscall`).split(" ")[0] ?? "";
  if (waits !== "" && waits !== "0") lines.push(`waits in: ${waits}`);
  if (call !== "") lines.push(`system call: ${call}`);
  return `pid ${pid}\n${lines.join("\n")}`;
}

/** How many, and of which kinds the most are. */
function descriptorText(pid: number): string {
  const folder = `/proc/${pid}/fd`;
  let names: readonly string[];
  try {
    names = readdirSync(folder);
  } catch {
    // Gone, or somebody else's.
    return "";
  }
  const kinds = new Map<string, number>();
  for (const name of names.slice(0, descriptorsMax)) {
    const kind = kindOfDescriptor(`${folder}/${name}`);
    kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
  }
  const most = [...kinds].toSorted((a, b) => b[1] - a[1]).slice(0, 5);
  const text = most.map(([kind, count]) => `${kind} ${count}`).join(", ");
  return `open descriptors: ${names.length} (${text})`;
}

function kindOfDescriptor(path: string): string {
  try {
    const target = readlinkSync(path);
    const special = /^(?:anon_inode:)?\[?([a-z]+)/.exec(target)?.[1];
    return target.startsWith("/") ? target : (special ?? target);
  } catch {
    // Closed between the list and the look.
    return "closed";
  }
}

function readOne(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    // Not for us to read, or no such file in this kernel.
    return "";
  }
}
