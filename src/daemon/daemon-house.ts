/** The house as the API sees it: read from the loop, the store and the targets. */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { type Trend, trendsOf } from "../analyze/index.ts";
import type { House, Self } from "../api/index.ts";
import { diffFleets, maskedFleet } from "../config/index.ts";
import { type Clock, type Mode, messageOf, strictest } from "../kernel/index.ts";
import {
  type Conductor,
  type ResourceView,
  resourcesOf,
  type ServiceView,
  servicesOf,
} from "../loop/index.ts";
import {
  type Action,
  type EngineWish,
  type EngineWishChange,
  type Failure,
  type Incident,
  instanceId,
  instanceOf,
  isFinished,
  isLive,
  nameOf,
  type PersonRequest,
  type ResourceId,
  type RouteReport,
  type Store,
  strategyScope,
} from "../model/index.ts";
import { realClock, realTimers, version } from "../system/index.ts";
import {
  EngineBook,
  type EngineReport,
  followLog,
  lastLines,
  type Taken,
  type Telemetry,
} from "../targets/index.ts";
import { answeringStore } from "./answering-store.ts";
import { engineNow } from "./engine-now.ts";
import { engineSamples } from "./engine-samples.ts";
import type { EngineSteering } from "./engine-steering.ts";
import { wishWords } from "./engine-wish.ts";
import type { FleetSource } from "./fleet-source.ts";
import type { EntryListener } from "./journal-keeper.ts";
import type { KnowledgeBase } from "./knowledge-base.ts";
import type { Redaction } from "./redaction.ts";
import type { SpecArchive } from "./spec-archive.ts";
import type { TargetSet } from "./target-set.ts";

export interface DaemonHouseOptions {
  readonly conductor: Conductor;
  readonly source: FleetSource;
  readonly knowledge: KnowledgeBase;
  readonly targets: TargetSet;
  readonly startedAt: number;
  readonly archive: Pick<SpecArchive, "specOf">;
  /** For what a process wrote, or has in its memory. */
  readonly redaction: Pick<Redaction, "text">;
  readonly steering: EngineSteering;
}

/** Five wake-ups a second: 300 looks at the loop in a minute, of which the third worst is told. */
const delayResolutionMs = 200;
const delayWindowMs = 60_000;

export class DaemonHouse implements House {
  readonly version: string = version();
  readonly clock: Clock = realClock;
  readonly startedAt: number;
  readonly store: Store;
  readonly steering: EngineSteering;
  readonly #options: DaemonHouseOptions;
  readonly #loopDelay = monitorEventLoopDelay({ resolution: delayResolutionMs });

  readonly #engines: EngineBook;

  #delaySinceMs = 0;
  /** What the minute before had. */
  #delayBeforeMs = 0;

  constructor(options: DaemonHouseOptions) {
    this.#options = options;
    this.store = answeringStore(options.knowledge.store, realTimers);
    this.startedAt = options.startedAt;
    this.steering = options.steering;
    this.#engines = new EngineBook(undefined, (text) => options.redaction.text(text));
    this.#loopDelay.enable();
  }

  get fleetName(): string {
    return this.#loop.fleet.name;
  }

  services(): readonly ServiceView[] {
    return servicesOf(this.#loop);
  }

  resources(): readonly ResourceView[] {
    return resourcesOf(this.#loop);
  }

  /** Further names that the API is reached by, as the fleet file says now. */
  hosts(): readonly string[] {
    return this.#loop.fleet.api.hosts;
  }

  mode(): Mode {
    const { fleet, plan } = this.#loop;
    return strictest(fleet.mode, plan.modes.get("fleet") ?? "full");
  }

  modes(): Readonly<Record<string, Mode>> {
    const { fleet, plan } = this.#loop;
    const modes: Record<string, Mode> = {};
    const note = (scope: string, mode: Mode): void => {
      const strategy = scope.startsWith("strategy/") ? scope.slice("strategy/".length) : scope;
      const name = fleet.services[strategy] === undefined ? strategy : scope;
      modes[name] = strictest(modes[name] ?? "full", mode);
    };
    for (const [name, mode] of Object.entries(fleet.strategyModes)) note(strategyScope(name), mode);
    for (const [scope, mode] of plan.modes) if (scope !== "fleet") note(scope, mode);
    return modes;
  }

  liveIncidents(): readonly Incident[] {
    return [...this.#loop.analyze.incidents.incidents.values()].filter(isLive).toReversed();
  }

  openFailures(): readonly Failure[] {
    return [...this.#loop.analyze.incidents.failures.values()].toReversed();
  }

  actionsUnderWay(): readonly Action[] {
    return [...this.#loop.execute.actions.values()].filter((action) => !isFinished(action));
  }

  trends(): readonly Trend[] {
    return trendsOf(this.#loop.analyze.judging, this.clock.now());
  }

  async routes(): Promise<readonly RouteReport[]> {
    const { proxy } = this.#options.targets;
    return proxy.process === undefined ? [] : await proxy.router.reports();
  }

  request(request: PersonRequest): boolean {
    return this.#options.conductor.request(request);
  }

  heartbeat(resource: ResourceId): boolean {
    const name = this.#reporterOf(resource);
    return name !== undefined && this.#options.targets.heartbeats.record(name);
  }

  /** Whose beat it is: a resource, an instance, or a service for its only instance. */
  #reporterOf(resource: ResourceId): string | undefined {
    const { resources, services } = this.#loop.fleet;
    if (resources[resource]?.kind === "heartbeat") return nameOf(resource);
    const instance = instanceOf(resource);
    const service = services[instance?.service ?? nameOf(resource)];
    if (service === undefined) return undefined;
    const { startup, readiness, liveness, instances } = service;
    const isAsked = [startup, readiness, liveness].some((probe) => probe?.kind === "heartbeat");
    const number = instance?.number ?? (instances === 1 ? 1 : undefined);
    if (!isAsked || number === undefined || number > instances) return undefined;
    return instanceId(service.name, number);
  }

  engines(): readonly EngineReport[] {
    return this.#engines
      .reports(this.clock.now())
      .map((each) => engineNow(each, this.steering.saidBy(each.service, each.id)));
  }

  takeTelemetry(telemetry: readonly Telemetry[], service: string | undefined): Taken {
    const now = this.clock.now();
    const taken = this.#engines.take(telemetry, service, now);
    for (const observation of engineSamples(taken.windows, this.services(), now)) {
      this.#options.conductor.observe(observation);
    }
    return taken;
  }

  async steer(service: string, change: EngineWishChange, by: string): Promise<EngineWish> {
    const { keeper } = this.#options.knowledge;
    const resource = `service/${service}` as const;
    const what = `${wishWords(change)} inside`;
    await keeper.write([{ kind: "request", by, what, resource }], this.clock.now().wallMs);
    return await this.steering.change(service, change, by);
  }

  async logTail(resource: ResourceId, lines: number): Promise<readonly string[]> {
    const last = await lastLines(this.#options.targets.processes.logOf(resource), lines);
    return last.map((line) => this.#options.redaction.text(line));
  }

  followLog(resource: ResourceId, onLine: (line: string) => void, signal: AbortSignal): void {
    const log = this.#options.targets.processes.logOf(resource);
    const lines = followLog(log, { timers: realTimers, signal });
    void (async () => {
      for await (const line of lines) onLine(this.#options.redaction.text(line));
    })().catch((error: unknown) => onLine(`the log cannot be followed: ${messageOf(error)}`));
  }

  async diagnostics(resource: ResourceId): Promise<string> {
    const effector = this.#options.targets.effectors.get("diagnose");
    if (effector === undefined) return "nothing can be seen";
    const service = instanceOf(resource)?.service;
    const mode = this.services().find(({ name }) => name === service)?.mode;
    const parameters = { untouched: mode !== "full" && mode !== "limited" };
    const step = { kind: "diagnose", resource, parameters, deadlineMs: 1000 };
    const result = await effector.act(
      { id: "by-hand", phase: "act", action: "by-hand", step, announced: true, afterSync: false },
      AbortSignal.timeout(step.deadlineMs),
    );
    return this.#options.redaction.text(result.kind === "done" ? result.detail : result.reason);
  }

  effectiveConfig(): unknown {
    return maskedFleet(this.#loop.fleet);
  }

  async diff(): Promise<readonly string[]> {
    const pending = this.#options.source.pending();
    const lines = pending.ok
      ? pending.value
      : pending.error.map(({ message }) => `refused: ${message}`);
    return [...lines, ...this.#pins()];
  }

  /** What runs against what is declared, where supervision went back to the last good one. */
  #pins(): readonly string[] {
    const { fleet, plan } = this.#loop;
    const pins = new Map([...plan.slots.values()].map((slot) => [slot.service, slot.pinnedHash]));
    return [...pins].flatMap(([name, hash]) => {
      const declared = fleet.services[name];
      if (hash === undefined || declared === undefined || hash === declared.hash) return [];
      const runs = this.#options.archive.specOf(hash);
      const lines =
        runs === undefined
          ? []
          : diffFleets(
              { ...fleet, services: { [name]: runs } },
              { ...fleet, services: { [name]: declared } },
            ).lines;
      const head = `! service/${name} runs with its last good configuration; the fleet file says:`;
      return [head, ...lines.map((line) => `  ${line}`)];
    });
  }

  explain(key: string): unknown {
    return this.#options.source.loaded?.explain(key);
  }

  subscribe(listener: EntryListener): () => void {
    return this.#options.knowledge.keeper.subscribe(listener);
  }

  self(): Self {
    const { conductor, knowledge } = this.#options;
    const { user, system } = process.cpuUsage();
    return {
      rssBytes: process.memoryUsage.rss(),
      cpuSeconds: (user + system) / 1e6,
      loopDelayP99Ms: this.#loopDelayP99Ms(),
      kept: knowledge.keeper.kept,
      losses: conductor.losses,
      queued: conductor.queued,
    };
  }

  /** Of the last minute at least. The histogram counts its own waiting, which is no delay. */
  #loopDelayP99Ms(): number {
    const delayMs = Math.max(0, this.#loopDelay.percentile(99) / 1e6 - delayResolutionMs);
    const nowMs = this.clock.now().monotonicMs;
    const told = Math.max(delayMs, this.#delayBeforeMs);
    if (nowMs - this.#delaySinceMs > delayWindowMs) {
      this.#delaySinceMs = nowMs;
      this.#delayBeforeMs = delayMs;
      this.#loopDelay.reset();
    }
    return told;
  }

  get #loop() {
    return this.#options.conductor.state;
  }
}
