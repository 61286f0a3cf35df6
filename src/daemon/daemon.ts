/**
 * The composition root of the daemon: everything is made here, handed to each other, and released
 * in reverse. Nothing is decided here.
 */
import { join } from "node:path";
import { type ConfigProblem, type ConfigSetting, formatProblem } from "../config/index.ts";
import { createIds, SoulMirrorError } from "../kernel/index.ts";
import { Conductor, createLoopState, type Orchestra, resume } from "../loop/index.ts";
import type { Entry, Kept, Report } from "../model/index.ts";
import {
  acquireLock,
  createRealRandom,
  makeSparePath,
  openDataDirectory,
  openDeadline,
  readSecretFile,
  realClock,
  realTimers,
  version,
} from "../system/index.ts";
import { startApi } from "./api-server.ts";
import { DaemonHouse } from "./daemon-house.ts";
import { createDaemonLog, type DaemonLog } from "./daemon-log.ts";
import { EngineAccess } from "./engine-access.ts";
import { FleetSource } from "./fleet-source.ts";
import { keepHouse } from "./housekeeping.ts";
import { keepForAgents } from "./keep-for-agents.ts";
import { keepLogs } from "./keep-logs.ts";
import { keepUsual } from "./keep-usual.ts";
import { type KnowledgeBase, openKnowledge } from "./knowledge-base.ts";
import { openSteering } from "./open-steering.ts";
import { watchPrograms } from "./program-watch.ts";
import { writeReadyNote } from "./ready-note.ts";
import { recallLate } from "./recall-late.ts";
import { Redaction } from "./redaction.ts";
import { createReload } from "./reload.ts";
import { SpecArchive, specsNotKept } from "./spec-archive.ts";
import { openTargets, type TargetSet } from "./target-set.ts";
import { Teardown } from "./teardown.ts";
import { vaultAgentOf } from "./vault-agent-of.ts";

export interface DaemonOptions {
  readonly configPath: string;
  readonly dataPath: string;
  readonly flags: readonly ConfigSetting[];
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export interface Daemon {
  readonly port: number;
  /** Reads the fleet files again. */
  reload(): Promise<void>;
  /** Ends the daemon; services run on. */
  stop(reason: string): Promise<void>;
}

/** Throws a SoulMirrorError when it cannot start; everything acquired until then is released. */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const directory = openDataDirectory(options.dataPath);
  const redaction = new Redaction();
  const log = createDaemonLog(join(directory.logs, "daemon.log"), redaction);
  const teardown = new Teardown(log.complain);
  teardown.add("the log", () => log.close());
  try {
    return await compose(options, { directory, log, teardown, redaction });
  } catch (error) {
    log.complain("the daemon did not start", error);
    await teardown.run();
    throw error;
  }
}

interface Ground {
  readonly directory: ReturnType<typeof openDataDirectory>;
  readonly log: DaemonLog;
  readonly teardown: Teardown;
  readonly redaction: Redaction;
}

async function compose(options: DaemonOptions, ground: Ground): Promise<Daemon> {
  const { directory, log, teardown, redaction } = ground;
  const startedAt = realClock.now().wallMs;
  const lock = acquireLock(directory.lock, makeSparePath(directory.root, "lock"));
  teardown.add("the lock", () => lock.release());
  const { configPath: path, environment, flags } = options;
  const vaultAgent = vaultAgentOf(options);
  const learn = (secrets: readonly string[]): void => redaction.learn(secrets);
  const source = new FleetSource({ path, environment, flags, vaultAgent, learn });
  const first = source.load();
  if (!first.ok) throw refused(first.error);
  const { fleet } = first.value;
  const random = createRealRandom();
  const ids = createIds(realClock, random);
  const knowledge = await openKnowledge({ directory, log, ids, teardown, redaction });
  const memory = await knowledge.keeper.recall();
  const archive = new SpecArchive(directory.specs, {
    environment: options.environment,
    readFile: readSecretFile,
  });
  await archive.keep(fleet).catch((error: unknown) => log.complain(specsNotKept, error));
  await keepForAgents(directory.root, source, log);

  const loop = createLoopState(fleet, { clock: realClock, random, ids });
  resume(loop, memory, { clock: realClock, random, ids });
  const report: Report = (observation) => conductor.observe(observation);
  const engines = new EngineAccess();
  const parts = { ...ground, archive, engines, fleet, currentFleet: () => loop.fleet, report };
  const targets = await openTargets(parts);
  const conductor: Conductor = new Conductor(loop, orchestraOf(knowledge, targets, ground));
  teardown.add("the loop", () => conductor.stop());

  const write = (entry: Entry): Promise<Kept> =>
    knowledge.keeper.write([entry], realClock.now().wallMs);
  await write({ kind: "daemon_started", version: version(), pid: process.pid });
  if (knowledge.aside !== undefined) await write(setAside(knowledge.aside));
  await write({ kind: "fleet_loaded", hash: fleet.hash, changes: [] });
  const known = { source, knowledge, targets, redaction, archive, conductor, startedAt };
  const house = new DaemonHouse({ ...known, steering: openSteering(directory, log) });
  const api = await startApi({ house, directory, fleet, log, engines });
  teardown.add("the API", () => api.close());

  // What runs already is seen before anything may be started.
  const adopted = await targets.adopt([...memory.runs.values()]);
  for (const observation of adopted) conductor.observe(observation);
  conductor.load(fleet);

  recallBeside(conductor, knowledge, ground);
  const reload = createReload({ ...ground, source, archive, targets, conductor, write });
  teardown.add(
    "the watch on the fleet file",
    source.watch(() => void reload()),
  );
  // What has changed since it was read, while all of this was made.
  void reload();
  teardown.add("the watch on programs", watchPrograms(conductor, targets.processes, realTimers));
  const household = { store: knowledge.store, timers: realTimers, log, fleet: () => loop.fleet };
  teardown.add("the rotation of our logs", keepLogs({ ...household, logs: directory.logs }));
  teardown.add("the housekeeping", keepHouse(household));
  const { port } = api;
  const ready = await writeReadyNote(directory, { port, host: fleet.api.host, startedAt });
  teardown.add("the note that we are ready", ready);
  log.info("started", { pid: process.pid, port, fleet: fleet.name, version: version() });
  const end = async (reason: string): Promise<void> => {
    log.info("stopping", { reason });
    await conductor.stop();
    // When everything is to go, the front door goes, too.
    if (loop.plan.goingDown) {
      await targets.proxy.stop().catch((error: unknown) => {
        log.complain("the front proxy was not stopped", error);
      });
    }
    await write({ kind: "daemon_stopped", reason });
    await knowledge.keeper.checkpoint();
    await teardown.run();
  };
  let ending: Promise<void> | undefined;
  return { port, reload, stop: (reason) => (ending ??= end(reason)) };
}

/** What a start does not wait for is told to the loop while it works. */
function recallBeside(conductor: Conductor, knowledge: KnowledgeBase, ground: Ground): void {
  const { teardown, log } = ground;
  const told = { conductor, knowledge, timers: realTimers, log };
  teardown.add("what is usual", keepUsual(told));
  teardown.add("the past that is heard of late", recallLate(told));
}

/** What was lost with it cannot be counted. */
function setAside(aside: string): Entry {
  const reason = `what stood in the store's place was no database; it was set aside as ${aside}`;
  return { kind: "gap", lost: 0, reason };
}

function orchestraOf(knowledge: KnowledgeBase, targets: TargetSet, ground: Ground): Orchestra {
  const { keeper, store } = knowledge;
  const { log, redaction } = ground;
  return {
    clock: realClock,
    timers: realTimers,
    sensors: targets.sensors,
    effectors: targets.effectors,
    write: (entries) => keeper.write(entries, realClock.now().wallMs),
    sync: () => keeper.sync(),
    writeMetrics: (rows) => store.writeMetrics(rows),
    writeBaselines: (rows) => store.writeBaselines(rows),
    writeSketches: (rows) => store.writeSketches(rows),
    deadline: openDeadline,
    redact: (told) => redaction.told(told),
    complain: log.complain,
  };
}

function refused(problems: readonly ConfigProblem[]): SoulMirrorError {
  const text = problems.map(formatProblem).join("\n");
  if (problems.some(({ isUnsafe }) => isUnsafe)) {
    return new SoulMirrorError("CONFIG_UNSAFE", `\n${text}`);
  }
  const missing = problems.length === 1 && problems[0]?.line === 0;
  return new SoulMirrorError(missing ? "CONFIG_NOT_FOUND" : "CONFIG_INVALID", `\n${text}`, {
    fix: "mend the fleet file; `soulmirror validate` shows the same",
  });
}
