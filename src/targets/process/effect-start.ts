/**
 * Starts one process of an instance.
 *
 * B1. It never starts a second process of an instance unless it was told to (`beside`).
 * B2. From the spawn to the note for a later daemon nothing else of this daemon runs, so that
 *     there is no moment in which a kill of the daemon would lose a process.
 * B3. A process with limits is in its cgroup before the start counts as done.
 */
import { accessSync, constants, statSync } from "node:fs";
import { delimiter, isAbsolute, join, resolve } from "node:path";
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
import {
  descendantsOf,
  freePort,
  isPortFree,
  portHolder,
  processIdentity,
  readProcessStat,
} from "../../system/index.ts";
import { type Account, findAccount } from "./account.ts";
import { cgroupPids, moveInto } from "./cgroups.ts";
import type { ProcessContext } from "./context.ts";
import { descriptorPrefix } from "./descriptor-limit.ts";
import { endRemains, endRun, signalOf } from "./effect-stop.ts";
import { serviceEnvironment } from "./environment.ts";
import { membersOf } from "./members.ts";
import { type Address, ownAddresses } from "./own-ports.ts";
import { done, failure, identityOf, textOf } from "./parameters.ts";
import type { Run } from "./run.ts";
import { spawnService } from "./spawn-service.ts";

const portRetryMs = 100;
/** So long a port that was handed out is not handed out again. */
const promiseMs = 30_000;
/** A start is downtime: what slows it down has time until afterwards. */
const moveLaterMs = 2000;

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
  context.report({
    resource,
    sensor: "process",
    at: now.wallMs,
    begunMs: now.monotonicMs,
    reading: { kind: "check", ok: false, elapsedMs: 0, symptom: "missing", reason },
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
  const path = spec.env["PATH"] ?? context.inherited["PATH"] ?? "";
  const candidates = program.includes("/")
    ? [isAbsolute(program) ? program : resolve(spec.cwd, program)]
    : path.split(delimiter).map((folder) => join(folder, program));
  return candidates.some(isExecutable) ? undefined : `there is no executable ${program}`;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    // Not there, or not for us.
    return false;
  }
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
  const port = spec.listen ? await promisePort(context) : undefined;
  if (signal.aborted) return failure("the deadline passed before it was started");
  if (context.table.current(resource) && !isBeside) return failure("it runs already");
  const run = await launch(context, spec, {
    number: instance.number,
    account: account.value,
    port,
  });
  if (typeof run === "string") return failure(run);
  void context.routes.declare(run.service);
  const { pid, startTicks, bootId } = run.process;
  const detail = `started as pid ${pid}${port === undefined ? "" : ` on port ${port}`}`;
  return { kind: "done", detail, undo: { process: { pid, startTicks, bootId } } };
}

interface Place {
  readonly number: number;
  readonly account: Account;
  readonly port: number | undefined;
}

/** The new run, or why there is none. Keeps B2 and B3. */
async function launch(
  context: ProcessContext,
  spec: ServiceSpec,
  { number, account, port }: Place,
): Promise<Run | string> {
  const resource: ResourceId = `instance/${spec.name}.${number}`;
  const groups = context.cgroups.create(
    `${context.groupPrefix}.${spec.name}.${number}`,
    spec.limits,
  );
  if (groups.polled.length > 0) {
    context.note("limits-are-polled", { resource, limits: groups.polled });
  }
  const known: { run?: Run } = {};
  const parts = { service: spec.name, number, account, declared: spec.env };
  const env = serviceEnvironment({
    ...parts,
    inherited: context.inherited,
    given: context.environmentOf(resource),
    ...(port === undefined ? {} : { port }),
  });
  const command = [...descriptorPrefix(spec.limits.descriptors), ...spec.command];
  const logPath = context.logOf(resource).path;
  const spawned = await groups.birth(() =>
    spawnService(
      { command, cwd: spec.cwd, env, logPath, ...account },
      (code, signal) => known.run && context.table.ended(known.run, code, signal),
    ),
  );
  if (!spawned.ok) return `could not be started: ${spawned.error}`;
  const process = processIdentity(spawned.value);
  if (process === undefined) return `pid ${spawned.value} cannot be seen in /proc`;
  const now = context.clock.now();
  const run: Run = {
    resource,
    service: spec.name,
    number,
    process,
    specHash: spec.hash,
    startedAt: now.wallMs,
    startedMs: now.monotonicMs,
    isAdopted: false,
    cgroups: groups.paths,
    isInCgroups: isInAll(groups.paths, process.pid),
    role: "current",
    isStopping: false,
    ...(port === undefined ? {} : { port }),
    ...pidFileOf(spec, number),
  };
  known.run = run;
  context.table.add(run);
  context.routes.add(run, spec);
  context.table.reportStarted(run);
  if (groups.moves === "now") await moveRun(run);
  if (groups.moves === "later") context.later(moveLaterMs, () => void moveRun(run));
  return run;
}

/** Until it is done, its session tells who belongs to the run. */
async function moveRun(run: Run): Promise<void> {
  if (run.exit !== undefined) return;
  const pids = [run.process, ...descendantsOf(run.process.pid), ...membersOf(run)].map(
    ({ pid }) => pid,
  );
  await moveInto(run.cgroups, [...new Set(pids)]);
  run.isInCgroups = isInAll(run.cgroups, run.process.pid);
}

function isInAll(paths: readonly string[], pid: number): boolean {
  return paths.length > 0 && paths.every((path) => cgroupPids([path]).includes(pid));
}

/** Every instance has a file of its own; the first has the name that was asked for. */
function pidFileOf(spec: ServiceSpec, number: number): { pidFile?: string } {
  if (spec.pidFile === undefined) return {};
  const path = resolve(spec.cwd, spec.pidFile);
  return { pidFile: number === 1 ? path : `${path}.${number}` };
}

async function promisePort(context: ProcessContext): Promise<number> {
  const nowMs = context.clock.now().monotonicMs;
  for (const [port, untilMs] of context.promisedPorts) {
    if (untilMs < nowMs) context.promisedPorts.delete(port);
  }
  const port = await freePort("127.0.0.1", (candidate) => context.promisedPorts.has(candidate));
  context.promisedPorts.set(port, nowMs + promiseMs);
  return port;
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
