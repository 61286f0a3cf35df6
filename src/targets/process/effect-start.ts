/**
 * Starts one process of an instance.
 *
 * B1. It never starts a second process of an instance unless it was told to (`beside`).
 * (B2 and B3 are about the launch itself: see `launch.ts`.)
 */
import { statSync } from "node:fs";
import type { ServiceSpec } from "../../config/index.ts";
import {
  type AbortSignalLike,
  type Command,
  type Effector,
  instanceOf,
  type PortHolder,
  type ResourceId,
  type StepResult,
} from "../../model/index.ts";
import { findExecutable, isPortFree, portHolder, readProcessStat } from "../../system/index.ts";
import { findAccount } from "./account.ts";
import { removeCgroups } from "./cgroups.ts";
import type { ProcessContext } from "./context.ts";
import { endRemains, endRun, signalOf } from "./effect-stop.ts";
import { launch, outfitOf } from "./launch.ts";
import { membersOf } from "./members.ts";
import { type Address, ownAddresses } from "./own-ports.ts";
import { done, failure, identityOf, textOf } from "./parameters.ts";
import { programFiles } from "./program-files.ts";

const portRetryMs = 100;

export function startEffector(context: ProcessContext): Effector {
  return {
    kind: "start",
    precheck: async (command) => tell(context, command, await precheck(context, command)),
    act: async (command, signal) => tell(context, command, await start(context, command, signal)),
    undo: (command) => takeBack(context, command),
  };
}

/** That it cannot be started is a fact about the instance, whoever asked for the start. */
function tell(context: ProcessContext, { step }: Command, result: StepResult): StepResult {
  if (result.kind !== "failed" && result.kind !== "refused") return result;
  const { resource } = step;
  if (context.table.current(resource) || context.table.previous(resource)) return result;
  const now = context.clock.now();
  const reason = `it cannot be started: ${result.reason}`;
  const spec = context.specOf(textOf(step.parameters, "specHash") ?? "");
  const program = spec && programFiles(spec, context.inherited());
  context.report({
    resource,
    sensor: "process",
    at: now.wallMs,
    begunMs: now.monotonicMs,
    reading: {
      kind: "check",
      ok: false,
      elapsedMs: 0,
      symptom: "missing",
      reason,
      ...(program === undefined ? {} : { program }),
    },
  });
  return result;
}

async function precheck(context: ProcessContext, { step }: Command): Promise<StepResult> {
  const { resource, parameters } = step;
  const spec = context.specOf(textOf(parameters, "specHash") ?? "");
  if (!spec || !instanceOf(resource)) {
    return { kind: "refused", reason: `no specification of ${resource} is known` };
  }
  const current = context.table.current(resource);
  if (current && parameters["beside"] !== true) {
    return { kind: "refused", reason: `pid ${current.process.pid} runs already` };
  }
  if (context.table.previous(resource)) {
    return { kind: "refused", reason: "an older process has not ended yet" };
  }
  const addresses = ownAddresses(spec);
  if (current && addresses[0]) {
    const reason = `two processes cannot share port ${addresses[0].port}; \`listen\` would allow it`;
    return { kind: "refused", reason };
  }
  const reason = unusable(context, spec);
  if (reason !== undefined) return { kind: "refused", reason };
  for (const address of addresses) {
    const held = await heldBy(context, resource, address);
    if (held !== undefined) return held;
  }
  return done("may be started");
}

/** Why the command could never run. */
function unusable(context: ProcessContext, spec: ServiceSpec): string | undefined {
  if (!statSync(spec.cwd, { throwIfNoEntry: false })?.isDirectory()) {
    return `there is no directory ${spec.cwd}`;
  }
  const account = findAccount(spec);
  if (!account.ok) return account.error;
  const [program = ""] = spec.command;
  const path = spec.env["PATH"] ?? context.inherited()["PATH"] ?? "";
  const found = findExecutable(program, { cwd: spec.cwd, path });
  return found === undefined ? `there is no executable ${program}` : undefined;
}

/** Undefined when the port is free, or held by what this start will end first. */
async function heldBy(
  context: ProcessContext,
  resource: ResourceId,
  { host, port }: Address,
): Promise<StepResult | undefined> {
  if (await isPortFree(host, port)) return undefined;
  const holder = portHolder(host, port);
  if (holder && isRemains(context, resource, holder)) return undefined;
  const now = context.clock.now();
  context.report({
    resource,
    sensor: "process",
    at: now.wallMs,
    begunMs: now.monotonicMs,
    reading: { kind: "port-held", port, ...(holder ? { holder } : {}) },
  });
  const who = holder ? `pid ${holder.pid} (${holder.command})` : "a process that cannot be seen";
  return {
    kind: "later",
    reason: `port ${port} is held by ${who}`,
    retryAfterMs: portRetryMs,
  };
}

function isRemains(context: ProcessContext, resource: ResourceId, holder: PortHolder): boolean {
  return context.table
    .remains(resource)
    .some((run) => membersOf(run).some((member) => member.pid === holder.pid));
}

async function start(
  context: ProcessContext,
  { step }: Command,
  signal: AbortSignalLike,
): Promise<StepResult> {
  const { resource, parameters } = step;
  const spec = context.specOf(textOf(parameters, "specHash") ?? "");
  const instance = instanceOf(resource);
  if (!spec || !instance) return failure(`no specification of ${resource} is known`);
  const account = findAccount(spec);
  if (!account.ok) return failure(account.error);
  const isBeside = parameters["beside"] === true;
  if (context.table.current(resource) && !isBeside) return failure("it runs already");
  if (!isBeside && context.table.remains(resource).length > 0) {
    await endRemains(context, resource);
  }
  const place = { number: instance.number, account: account.value };
  const spare = await context.spares.take(resource, spec.hash);
  const outfit = spare ?? (await outfitOf(context, spec, place));
  const isTooLate = context.table.current(resource) && !isBeside;
  if (signal.aborted || isTooLate) {
    if (spare) spare.dismiss();
    else removeCgroups(outfit.groups.paths);
    return failure(isTooLate ? "it runs already" : "the deadline passed before it was started");
  }
  const run = await launch(context, { spec, number: instance.number, outfit, spare });
  if (typeof run === "string") return failure(run);
  void context.routes.declare(run.service);
  const { pid, startTicks, bootId } = run.process;
  const detail = `started as pid ${pid}${run.port === undefined ? "" : ` on port ${run.port}`}`;
  return { kind: "done", detail, undo: { process: { pid, startTicks, bootId } } };
}

/** Ends that very process; one that is gone already is what was wanted. */
async function takeBack(context: ProcessContext, { undo }: Command): Promise<StepResult> {
  const identity = identityOf(undo);
  const run = identity && context.table.find(identity);
  if (!identity || !run) {
    const isThere = identity && readProcessStat(identity.pid)?.startTicks === identity.startTicks;
    return isThere ? failure(`pid ${identity.pid} is not one of ours`) : done("it is gone");
  }
  const declared = context.specOf(run.specHash)?.stop;
  const ending = { signal: signalOf(declared?.signal), graceMs: declared?.graceMs ?? 0 };
  const { detail, left } = await endRun(context, run, ending);
  return left > 0 ? failure(detail) : done(detail);
}
