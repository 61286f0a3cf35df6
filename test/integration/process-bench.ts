/** A process target over a temporary data directory, with everything it reports in a list. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { ServiceSpec } from "../../src/config/index.ts";
import type { JsonRecord, Timers } from "../../src/kernel/index.ts";
import type {
  Command,
  Observation,
  ProcessRun,
  Reading,
  ResourceId,
  Router,
  StepResult,
} from "../../src/model/index.ts";
import {
  type DataDirectory,
  isAlive,
  openDataDirectory,
  readProcessStat,
  realClock,
  realTimers,
} from "../../src/system/index.ts";
import { type Cgroups, ProcessTarget } from "../../src/targets/process/index.ts";
import { until } from "../until.ts";
import { controlGroupsOf } from "./control-groups.ts";

export const instance: ResourceId = "instance/shop.1";

interface BenchOptions {
  readonly router?: Router;
  readonly cgroups?: Cgroups;
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly timers?: Timers;
  readonly environmentOf?: (resource: ResourceId) => Readonly<Record<string, string>>;
}

export class ProcessBench implements AsyncDisposable {
  readonly stack: AsyncDisposableStack = new AsyncDisposableStack();
  readonly folder: string;
  readonly directory: DataDirectory;
  readonly observations: Observation[] = [];
  readonly notes: string[] = [];
  readonly target: ProcessTarget;
  readonly #specs = new Map<string, ServiceSpec>();

  constructor(options: BenchOptions = {}) {
    this.folder = mkdtempSync(join(tmpdir(), "process-"));
    this.stack.defer(() => rmSync(this.folder, { recursive: true }));
    this.directory = openDataDirectory(join(this.folder, "data"));
    this.target = this.#targetWith(options);
    this.stack.defer(() => this.#end());
  }

  /** The next daemon's target over the same data directory. */
  successor(options: BenchOptions): ProcessTarget {
    const target = this.#targetWith(options);
    this.stack.defer(() => target.close());
    return target;
  }

  #targetWith(options: BenchOptions): ProcessTarget {
    return new ProcessTarget({
      clock: realClock,
      timers: realTimers,
      report: (observation) => void this.observations.push(observation),
      specOf: (hash) => this.#specs.get(hash),
      directory: this.directory,
      note: (event, details) => void this.notes.push(`${event} ${JSON.stringify(details)}`),
      ...options,
    });
  }

  /** Whatever a test leaves running ends with it, and the target's timers with that. */
  async #end(): Promise<void> {
    const resources = new Set(this.observations.map(({ resource }) => resource));
    for (const resource of resources)
      await this.run("stop", { which: "all", graceMs: 0 }, { resource });
    // An orphan stays a zombie until init asks after it; only then its cgroup can go, too.
    await until(
      async () => {
        for (const resource of resources) await this.run("stop", {}, { resource });
        return this.groups().length === 0;
      },
      { what: "the control groups are gone", seen: () => this.#membersLeft() },
    );
    await this.target.close();
  }

  /** Names of the control groups that were made for what is started here. */
  groups(): readonly string[] {
    return controlGroupsOf(this.directory.run).map((path) => basename(path));
  }

  #membersLeft(): unknown {
    return controlGroupsOf(this.directory.run).map((path) => {
      const pids = readFileSync(join(path, "cgroup.procs"), "utf8").trim().split("\n");
      return [path, pids.map((pid) => readProcessStat(Number(pid)) ?? pid)];
    });
  }

  /** Makes a specification known; the source is the program, the rest is filled in. */
  spec(source: string, changes: Partial<ServiceSpec> = {}): string {
    const hash = `spec-${this.#specs.size}`;
    const script = join(this.folder, `${hash}.cjs`);
    writeFileSync(script, source);
    const spec = { ...plainSpec(this.folder, script), hash, ...changes };
    this.#specs.set(spec.hash, spec);
    return spec.hash;
  }

  async run(
    kind: string,
    parameters: JsonRecord = {},
    {
      resource = instance,
      deadlineMs = 10_000,
    }: { resource?: ResourceId; deadlineMs?: number } = {},
  ): Promise<StepResult> {
    const effector = this.target.effectors().find((each) => each.kind === kind);
    if (!effector) throw new Error(`no effector ${kind}`);
    const command = commandOf(kind, parameters, resource);
    const limit = AbortSignal.timeout(deadlineMs);
    const checked = await effector.precheck({ ...command, phase: "precheck" }, limit);
    return checked.kind === "done" ? effector.act(command, limit) : checked;
  }

  async undo(kind: string, { undo }: { undo: JsonRecord | undefined }): Promise<StepResult> {
    const effector = this.target.effectors().find((each) => each.kind === kind);
    if (!effector?.undo) throw new Error(`no undo of ${kind}`);
    const command: Command = { ...commandOf(kind, {}, instance), phase: "undo" };
    return effector.undo(undo ? { ...command, undo } : command, AbortSignal.timeout(10_000));
  }

  async adopt(runs: readonly ProcessRun[] = []): Promise<readonly Observation[]> {
    const found = await this.target.adopt(runs);
    this.observations.push(...found);
    return found;
  }

  /** Starts the program and waits until it has written `up`; its pid. */
  async start(source: string, changes: Partial<ServiceSpec> = {}): Promise<number> {
    const specHash = this.spec(source, changes);
    const result = await this.run("start", { specHash });
    if (result.kind !== "done") throw new Error(JSON.stringify(result));
    const started = await this.awaitReading("started");
    await until(() => this.log().includes("up"), { seen: () => this.log() });
    return started.process.pid;
  }

  log(resource = instance): string {
    return readFileSync(this.target.logOf(resource).path, "utf8");
  }

  readings<K extends Reading["kind"]>(kind: K): Extract<Reading, { kind: K }>[] {
    return this.observations
      .map((observation) => observation.reading)
      .filter((reading) => reading.kind === kind) as Extract<Reading, { kind: K }>[];
  }

  async awaitReading<K extends Reading["kind"]>(kind: K): Promise<Extract<Reading, { kind: K }>> {
    const seen = (): unknown => [this.observations, this.notes];
    await until(() => this.readings(kind).length > 0, { what: `a reading ${kind}`, seen });
    const [first] = this.readings(kind);
    if (!first) throw new Error("it was there a moment ago");
    return first;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
  }
}

function commandOf(kind: string, parameters: JsonRecord, resource: ResourceId): Command {
  const step = { kind, resource, parameters, deadlineMs: 10_000 };
  return { id: "cmd_1", phase: "act", action: "act_1", step, announced: true, afterSync: false };
}

export function plainSpec(folder: string, script: string): ServiceSpec {
  return {
    name: "shop",
    mode: "full",
    command: [process.execPath, script],
    cwd: folder,
    env: {},
    instances: 1,
    dependsOn: [],
    restart: "always",
    start: { timeoutMs: 10_000 },
    stop: { signal: "SIGTERM", graceMs: 5000, drainMs: 5000 },
    work: [],
    limits: {},
    log: { maxBytes: 1024 * 1024, keep: 3 },
    timeoutMs: 10_000,
    autoRetry: true,
    strategies: [],
    hooks: { commands: {}, webhooks: {}, clean: [], rotate: [] },
    approvals: {},
    scaleMax: 1,
    hash: "spec",
  };
}

export { isAlive };
