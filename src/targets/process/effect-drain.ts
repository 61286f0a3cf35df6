/**
 * Takes an instance out of the router: with patience (`drain`) or at once (`eject`), and puts it
 * back (`readmit`). An ejection that is `gently` lets the requests under way finish, and is refused
 * when nobody else would serve.
 */
import {
  type AbortSignalLike,
  type Command,
  type Effector,
  type StepResult,
  sameProcess,
} from "../../model/index.ts";
import type { ProcessContext } from "./context.ts";
import { done, failure, identityOf, numberOf, runsNamed, textOf } from "./parameters.ts";
import type { Run } from "./run.ts";

const defaultDrainMs = 30_000;

export function drainEffector(context: ProcessContext): Effector {
  return {
    kind: "drain",
    precheck: async () => done("may be drained"),
    act: (command, signal) => drain(context, command, signal),
    undo: (command) => bringBack(context, command, "serve"),
  };
}

export function ejectEffector(context: ProcessContext): Effector {
  return {
    kind: "eject",
    precheck: (command) => mayBeEjected(context, command),
    act: (command) => eject(context, command),
    undo: (command) => bringBack(context, command, "join"),
  };
}

/** It serves again as soon as it answers the router. */
export function readmitEffector(context: ProcessContext): Effector {
  return {
    kind: "readmit",
    precheck: async () => done("may be put back"),
    async act(command) {
      const run = routedRun(context, command);
      if (!run) return done("no router leads to it");
      if (!(await context.routes.set(run, "join"))) return failure("the router does not answer");
      return done(`pid ${run.process.pid} gets requests again`);
    },
  };
}

async function mayBeEjected(context: ProcessContext, command: Command): Promise<StepResult> {
  const run = isGentle(command) ? routedRun(context, command) : undefined;
  if (!run || (await context.routes.othersServe(run))) return done("may be ejected");
  return { kind: "refused", reason: "it is the last one in rotation" };
}

function isGentle({ step }: Command): boolean {
  return step.parameters["gently"] === true;
}

async function drain(
  context: ProcessContext,
  command: Command,
  signal: AbortSignalLike,
): Promise<StepResult> {
  const run = routedRun(context, command);
  if (!run) return done("no router leads to it");
  if (!(await context.routes.set(run, "drain"))) return failure("the router does not answer");
  const drainMs = numberOf(command.step.parameters, "drainMs") ?? defaultDrainMs;
  const left = await Promise.race([context.routes.drained(run, drainMs), aborted(signal)]).catch(
    // The router died: nothing is in flight through it.
    () => 0,
  );
  const pid = run.process.pid;
  const detail =
    left === 0
      ? `pid ${pid} has no request in flight`
      : `pid ${pid} still had ${left ?? "some"} requests in flight at the deadline`;
  return { kind: "done", detail, undo: undoOf(run) };
}

async function eject(context: ProcessContext, command: Command): Promise<StepResult> {
  const run = routedRun(context, command);
  if (!run) return done("no router leads to it");
  const state = isGentle(command) ? "drain" : "eject";
  if (!(await context.routes.set(run, state))) return failure("the router does not answer");
  return { kind: "done", detail: `pid ${run.process.pid} gets no requests`, undo: undoOf(run) };
}

function routedRun(context: ProcessContext, { step }: Command): Run | undefined {
  const which = textOf(step.parameters, "which");
  const [run] = runsNamed(context, step.resource, { which, fallback: "current" });
  return run && context.routes.has(run) ? run : undefined;
}

async function bringBack(
  context: ProcessContext,
  { step, undo }: Command,
  state: "serve" | "join",
): Promise<StepResult> {
  const identity = identityOf(undo);
  const run = runsNamed(context, step.resource, { which: "all", fallback: "all" }).find(
    (each) => identity && sameProcess(each.process, identity),
  );
  if (!run || run.isStopping) return done("that process is gone");
  const isTold = await context.routes.set(run, state);
  return isTold ? done(`pid ${run.process.pid} gets requests again`) : failure("no router answers");
}

function undoOf({ process: { pid, startTicks, bootId } }: Run): {
  process: { pid: number; startTicks: number; bootId: string };
} {
  return { process: { pid, startTicks, bootId } };
}

function aborted(signal: AbortSignalLike): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
