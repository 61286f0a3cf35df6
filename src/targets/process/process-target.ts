/**
 * Processes as a target: it starts them, ends them, looks at them, and says at once when one ends.
 *
 * The rule: it never restarts anything by itself. What an exit means, whether it comes back, when
 * and how often, is decided elsewhere; here is only the hand and the eye.
 * X1. Nothing is started or ended but by an effector's step.
 * X2. `close` ends the watching and never a service.
 */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import type { ServiceSpec } from "../../config/index.ts";
import type { CancelTimer, Clock, Timers } from "../../kernel/index.ts";
import { messageOf } from "../../kernel/index.ts";
import {
  type Effector,
  instanceOf,
  type Observation,
  type ProcessIdentity,
  type ProcessRun,
  type ProgramFiles,
  type Report,
  type ResourceId,
  type Router,
  type Sensor,
} from "../../model/index.ts";
import { hasPid, isAlive } from "../../system/index.ts";
import { Cgroups } from "./cgroups.ts";
import type { Note, ProcessContext } from "./context.ts";
import { collectEffector } from "./effect-collect.ts";
import { diagnoseEffector } from "./effect-diagnose.ts";
import { drainEffector, ejectEffector, readmitEffector } from "./effect-drain.ts";
import { readyEffector } from "./effect-ready.ts";
import { startEffector } from "./effect-start.ts";
import { stopEffector } from "./effect-stop.ts";
import { inheritedEnvironment } from "./environment.ts";
import { ProcessTable } from "./process-table.ts";
import { programFiles } from "./program-files.ts";
import { Routes } from "./routes.ts";
import type { Run } from "./run.ts";
import { RunNotes } from "./run-notes.ts";
import { type Rotation, ServiceLog } from "./service-log.ts";
import { Spares } from "./spares.ts";
import { takeOver } from "./take-over.ts";
import { usageSensor } from "./usage-sensor.ts";

export interface ProcessTargetOptions {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly report: Report;
  /** Without one, services with `listen` run and nobody leads requests to them. */
  readonly router?: Router;
  /** Old specifications included: a process runs on with the one that it was started with. */
  readonly specOf: (hash: string) => ServiceSpec | undefined;
  readonly directory: {
    readonly run: string;
    logOf(service: string, number: number): string;
  };
  readonly cgroups?: Cgroups;
  /** What services inherit; default: the environment of this process. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  /** What is added for one instance, for example its endpoint and scoped token. */
  readonly environmentOf?: (resource: ResourceId) => Readonly<Record<string, string>>;
  readonly note?: Note;
}

/** A process that runs now. */
export interface RunningProcess {
  readonly resource: ResourceId;
  readonly process: ProcessIdentity;
  readonly port?: number;
  readonly startedAt: number;
  readonly specHash: string;
  readonly role: "current" | "previous";
}

/**
 * Nobody tells when an adopted process ends, so its pid is looked for this often. Whether it is
 * still that process, and no zombie, takes a file to read: every so manieth look.
 */
const adoptedPollMs = 50;
const fullLookEvery = 4;
const logCheckMs = 1000;
const logAgainMs = 100;
/** A generation of a log holds at most so many times `log.max_size`. */
const generationSizes = 2;
/** So long the end of a daemon waits for its spares; what is left, the next one clears away. */
const sparesEndMs = 500;

export class ProcessTarget {
  readonly #options: ProcessTargetOptions;
  readonly #context: ProcessContext;
  readonly #notes: RunNotes;
  readonly #logs = new Map<ResourceId, ServiceLog>();
  /** Rotated a moment ago, and soon looked at again. */
  readonly #filling = new Set<ServiceLog>();
  readonly #cancels = new Set<CancelTimer>();
  #isClosed = false;
  #isPolling = false;
  #polls = 0;

  constructor(options: ProcessTargetOptions) {
    const { clock, report, timers, directory, note = () => {} } = options;
    this.#options = options;
    this.#notes = new RunNotes(directory.run, (path, error) =>
      note("file-not-written", { path, reason: messageOf(error) }),
    );
    const table = new ProcessTable({
      clock,
      notes: this.#notes,
      logEnd: (run) => this.logOf(run.resource).end(),
      programOf: (specHash) => this.programOf(specHash),
      report: (observation) => {
        report(observation);
        this.#follow(observation);
      },
    });
    this.#context = {
      clock,
      timers,
      report,
      note,
      table,
      specOf: options.specOf,
      routes: new Routes(options.router, note),
      cgroups: options.cgroups ?? new Cgroups(),
      groupPrefix: createHash("sha256").update(directory.run).digest("hex").slice(0, 8),
      // Asked at each start: what is secret is withdrawn when a fleet file names it.
      inherited: () => inheritedEnvironment(options.environment ?? process.env),
      environmentOf: options.environmentOf ?? (() => ({})),
      logOf: (resource) => this.logOf(resource),
      spares: new Spares(),
      later: (delayMs, run) => this.#after(delayMs, run),
      promisedPorts: new Map(),
    };
    this.#repeat(logCheckMs, () => this.#rotateLogs());
  }

  effectors(): readonly Effector[] {
    const context = this.#context;
    return [
      startEffector(context),
      readyEffector(context),
      drainEffector(context),
      ejectEffector(context),
      readmitEffector(context),
      stopEffector(context),
      diagnoseEffector(context),
      collectEffector(context),
    ];
  }

  sensors(): readonly Sensor[] {
    return [usageSensor(this.#context)];
  }

  /**
   * Takes over what an earlier daemon started: what the journal knows (`runs`) and what was noted
   * below `run/`. Returns what is to be observed of each, `started` or `exited`; reports nothing.
   */
  async adopt(runs: readonly ProcessRun[]): Promise<readonly Observation[]> {
    const observations = takeOver(this.#context, this.#notes.read(), runs);
    await this.#context.routes.declareAll();
    this.#pollAdopted();
    return observations;
  }

  /** What runs now. */
  processes(): readonly RunningProcess[] {
    return this.#context.table.all().map((run) => {
      const { resource, process, startedAt, specHash, role, port } = run;
      return {
        resource,
        process,
        startedAt,
        specHash,
        role,
        ...(port === undefined ? {} : { port }),
      };
    });
  }

  /** The log of an instance, for `lastLines` and `followLog`. */
  logOf(resource: ResourceId): ServiceLog {
    let log = this.#logs.get(resource);
    if (log === undefined) {
      const instance = instanceOf(resource) ?? { service: "unknown", number: 0 };
      log = new ServiceLog(this.#options.directory.logOf(instance.service, instance.number));
      this.#logs.set(resource, log);
    }
    return log;
  }

  /** Tells a router that has just started all routes again. */
  declareRoutes(): Promise<void> {
    return this.#context.routes.declareAll();
  }

  /** What a start with that specification would run now. */
  programOf(specHash: string): ProgramFiles | undefined {
    const spec = this.#options.specOf(specHash);
    return spec && programFiles(spec, this.#context.inherited());
  }

  /** A service that is no longer in the fleet will not be started again. */
  forgetService(service: string): void {
    this.#context.spares.dropUnless((resource) => instanceOf(resource)?.service !== service);
  }

  /** Nobody listens for the service any more. */
  forgetRoute(service: string): Promise<void> {
    return this.#context.routes.forget(service);
  }

  /** Keeps X2. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    const { spares, timers } = this.#context;
    const late = Promise.withResolvers<void>();
    const cancel = timers.after(sparesEndMs, () => late.resolve());
    await Promise.race([spares.close(), late.promise]);
    cancel();
  }

  /** A router's upstream goes with its process; the adopted are polled while there are any. */
  #follow({ reading }: Observation): void {
    if (reading.kind !== "exited") return;
    const run = this.#context.table.find(reading.process);
    // After what it leads to has begun: the proxy finds the door closed by itself.
    if (run) queueMicrotask(() => this.#context.routes.remove(run));
  }

  #pollAdopted(): void {
    if (this.#isPolling || this.#isClosed) return;
    const adopted = this.#adopted();
    if (adopted.length === 0) return;
    this.#isPolling = true;
    this.#after(adoptedPollMs, () => {
      this.#isPolling = false;
      this.#polls += 1;
      const isFull = this.#polls % fullLookEvery === 0;
      for (const run of this.#adopted()) {
        const lives = hasPid(run.process.pid) && (!isFull || isAlive(run.process));
        if (!lives) this.#context.table.ended(run, null, null);
      }
      this.#pollAdopted();
    });
  }

  #adopted(): readonly Run[] {
    return this.#context.table.all().filter((run) => run.isAdopted);
  }

  #rotateLogs(): void {
    for (const run of this.#context.table.all()) {
      const rotation = this.#options.specOf(run.specHash)?.log;
      if (!rotation) continue;
      const log = this.logOf(run.resource);
      const bytes = log.takeLost();
      if (bytes > 0) this.#context.note("log-lines-lost", { log: basename(log.path), bytes });
      const generationMaxBytes = generationSizes * rotation.maxBytes;
      void this.#rotateLog(log, { ...rotation, generationMaxBytes });
    }
    for (const resource of this.#context.table.resources()) this.#context.table.sweep(resource);
  }

  /** Until there is little in it: who fills it faster than we look must not fill the disk. */
  async #rotateLog(log: ServiceLog, rotation: Rotation): Promise<void> {
    if (this.#filling.has(log)) return;
    try {
      if (!(await log.rotate(rotation))) return;
      this.#filling.add(log);
      this.#after(logAgainMs, () => {
        this.#filling.delete(log);
        void this.#rotateLog(log, rotation);
      });
    } catch (error) {
      const reason = messageOf(error);
      this.#context.note("log-not-rotated", { log: basename(log.path), reason });
    }
  }

  #repeat(delayMs: number, run: () => void): void {
    this.#after(delayMs, () => {
      run();
      this.#repeat(delayMs, run);
    });
  }

  #after(delayMs: number, run: () => void): void {
    if (this.#isClosed) return;
    const cancel = this.#options.timers.after(delayMs, () => {
      this.#cancels.delete(cancel);
      if (!this.#isClosed) run();
    });
    this.#cancels.add(cancel);
  }
}
