/**
 * A process of an instance: what it is made with, and its start, with the spare that waits for it
 * or anew.
 *
 * B2. From the spawn to the note for a later daemon nothing else of this daemon runs, so that
 *     there is no moment in which a kill of the daemon would lose a process.
 * B3. A process with limits is in its cgroup before the start counts as done.
 */
import { resolve } from "node:path";
import type { ServiceSpec } from "../../config/index.ts";
import { messageOf } from "../../kernel/index.ts";
import { instanceId, type ProcessIdentity } from "../../model/index.ts";
import { descendantsOf, freePort, processIdentity } from "../../system/index.ts";
import { type Account, findAccount } from "./account.ts";
import { cgroupPids, moveInto, removeCgroups } from "./cgroups.ts";
import type { ProcessContext } from "./context.ts";
import { descriptorPrefix } from "./descriptor-limit.ts";
import { serviceEnvironment } from "./environment.ts";
import { membersOf } from "./members.ts";
import type { Run } from "./run.ts";
import type { Outfit, Spare } from "./spares.ts";
import { type OnExit, spawnService } from "./spawn-service.ts";
import { identityWith } from "./supplementary-groups.ts";

/** So long a port that was handed out is not handed out again. */
const promiseMs = 30_000;
/** A start is downtime: what slows it down has time until afterwards. */
const moveLaterMs = 2000;
/** A service that has run for so long is no crash loop, and is in its cgroups. */
const spareAfterMs = 3000;

/** Everything but the process itself: its port, its cgroups, its environment. */
export async function outfitOf(
  context: ProcessContext,
  spec: ServiceSpec,
  { number, account }: { readonly number: number; readonly account: Account },
): Promise<Outfit> {
  const resource = instanceId(spec.name, number);
  const port = spec.listen ? await promisePort(context) : undefined;
  const env = serviceEnvironment({
    service: spec.name,
    number,
    cwd: spec.cwd,
    account,
    declared: spec.env,
    inherited: context.inherited(),
    given: context.environmentOf(resource),
    ...(port === undefined ? {} : { port }),
  });
  const command = [...descriptorPrefix(spec.limits.descriptors), ...spec.command];
  const logPath = context.logOf(resource).path;
  const { missing, ...identity } = identityWith(account, env);
  if (missing.length > 0) context.note("groups-not-given", { resource, groups: missing });
  const launch = { command, cwd: spec.cwd, logPath, ...identity };
  // Last, so that nothing can go wrong behind it: who has an outfit gives its groups back.
  const name = `${context.groupPrefix}.${spec.name}.${number}`;
  const groups = context.cgroups.create(name, spec.limits);
  if (groups.polled.length > 0) {
    context.note("limits-are-polled", { resource, limits: groups.polled });
  }
  if (groups.ignored.length > 0) {
    context.note("limits-have-no-effect", { resource, limits: groups.ignored });
  }
  return { specHash: spec.hash, launch, groups, port };
}

export interface Start {
  readonly spec: ServiceSpec;
  readonly number: number;
  readonly outfit: Outfit;
  /** The process itself, when it was made ahead. */
  readonly spare: Spare | undefined;
}

/** The new run, or why there is none. Keeps B2 and B3. */
export async function launch(context: ProcessContext, start: Start): Promise<Run | string> {
  const { spec, number, outfit, spare } = start;
  const { groups, port } = outfit;
  const known: { run?: Run } = {};
  const process = await begin(outfit, spare, (code, signal) => {
    if (known.run) context.table.ended(known.run, code, signal);
  });
  if (typeof process === "string") {
    removeCgroups(groups.paths);
    return process;
  }
  const now = context.clock.now();
  const run: Run = {
    resource: instanceId(spec.name, number),
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
  // The promise to a process that was made ahead may be long over, and it listens only now.
  if (port !== undefined) context.promisedPorts.set(port, now.monotonicMs + promiseMs);
  context.table.add(run);
  context.routes.add(run, spec);
  context.table.reportStarted(run);
  if (groups.moves === "now") await moveRun(run);
  if (groups.moves === "later") context.later(moveLaterMs, () => void moveRun(run));
  prepareNext(context, run);
  return run;
}

/** In some seconds, if it still runs then: so that a crash loop makes no spares. */
export function prepareNext(context: ProcessContext, run: Run, delayMs = spareAfterMs): void {
  context.later(delayMs, () => {
    // Without a spare the next start is a little slower, and says itself what is wrong.
    makeSpare(context, run).catch((error: unknown) => {
      context.note("no-spare-process", { resource: run.resource, reason: messageOf(error) });
    });
  });
}

async function makeSpare(context: ProcessContext, run: Run): Promise<void> {
  const { resource, number, specHash } = run;
  const spec = context.specOf(specHash);
  const account = spec && findAccount(spec);
  const isWanted = (): boolean => context.table.current(resource) === run && !run.isStopping;
  if (!spec || !account?.ok || !isWanted() || context.spares.has(resource)) return;
  const outfit = await outfitOf(context, spec, { number, account: account.value });
  if (isWanted()) context.spares.make(resource, outfit);
  else removeCgroups(outfit.groups.paths);
}

/** Without giving way to any other event when it worked. */
async function begin(
  { launch: parts, groups }: Outfit,
  spare: Spare | undefined,
  onExit: OnExit,
): Promise<ProcessIdentity | string> {
  if (spare) {
    spare.begin(onExit);
    return spare.process;
  }
  const spawned = await groups.birth(() => spawnService(parts, onExit));
  if (!spawned.ok) return `could not be started: ${spawned.error}`;
  return processIdentity(spawned.value) ?? `pid ${spawned.value} cannot be seen in /proc`;
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
  const isTaken = (port: number): boolean =>
    context.promisedPorts.has(port) || context.spares.hasPort(port);
  const port = await freePort("127.0.0.1", isTaken);
  context.promisedPorts.set(port, nowMs + promiseMs);
  return port;
}
