/**
 * The engine inside of a service: it wraps what the service calls, measures it, protects it, and
 * tells what it sees and does.
 *
 * N1. Modes, switches and settings take effect at once, for everything that was wrapped before.
 * N2. An engine that is switched off when it is made wraps nothing: the raw things are returned.
 * N3. It keeps no process alive and installs no handler of signals, exceptions or rejections.
 * N4. Circuits stand where they stood before the first call is admitted.
 */
import { checkArgument, checkOptions, type Mode } from "../kernel/index.ts";
import { createClassify, type Tools } from "../resilience/index.ts";
import type { BreakerMemory } from "./breaker-states/index.ts";
import { meterOf } from "./core/meter.ts";
import type { ErrorsReport } from "./errors/index.ts";
import { EngineEventHub, type EngineEvents, type EventName } from "./events.ts";
import { memoryOf } from "./facade/circuit-memory.ts";
import { startControl } from "./facade/control.ts";
import { keptIn } from "./facade/database.ts";
import type { EngineOptions } from "./facade/engine-options.ts";
import {
  checkListener,
  engineReaders,
  methodsOption,
  nameOption,
} from "./facade/engine-readers.ts";
import { type Explanation, explain } from "./facade/explain.ts";
import { Foresight, type Optimization, type OptimizeOptions } from "./facade/foresight.ts";
import { Operations } from "./facade/operations.ts";
import { EngineProviders } from "./facade/provider-groups.ts";
import { ServiceCare } from "./facade/service-care.ts";
import { SettingsInUse } from "./facade/settings-in-use.ts";
import { type StartedTelemetry, startTelemetry } from "./facade/telemetry.ts";
import { ReachTeller } from "./facade/tell-reach.ts";
import { servicesIn, settingsTeller } from "./facade/tell-settings.ts";
import type { Prediction } from "./foresight/index.ts";
import type { HealthCheckRegistry, HealthReport } from "./health/index.ts";
import { type AdoptOptions, handedMonitors, type MonitorReport } from "./monitors/index.ts";
import type { CallMeter, EngineView, OperationReport } from "./operation.ts";
import { realTools } from "./real-tools.ts";
import type { RecoveryEngine } from "./recovery/index.ts";
import {
  type EngineSettings,
  entriesInCode,
  layerOfCode,
  type SettingProblem,
  SettingsSource,
} from "./settings/index.ts";
import { hearFindings, type WatchProcessOptions, watchProcess } from "./silent/index.ts";
import { instanceName, type Metric, type OperationTracker } from "./telemetry/index.ts";
import { Wrapper } from "./wrap/wrapper.ts";
import type { RegisterOptions, WrapOptions } from "./wrap-options.ts";

export type { EngineOptions, Explanation, RegisterOptions, WrapOptions };

/** What `createEngine` makes: wraps, measures, protects and tells. `close()` ends it. */
export class InfrastructureReliabilityEngine implements EngineView {
  readonly service: string;
  /** Everything that it tells, for parts that listen to much of it. */
  readonly events: EngineEventHub = new EngineEventHub();
  /** The rings of AI providers that were made with this engine: `providers.report()`. */
  readonly providers: EngineProviders;
  readonly #source: SettingsSource;
  readonly #memory: BreakerMemory;
  readonly #operations: Operations;
  readonly #wrapper: Wrapper;
  readonly #inUse: SettingsInUse;
  readonly #reach: ReachTeller = new ReachTeller(this.events);
  readonly #services: ServiceCare;
  readonly #foresight: Foresight;
  readonly #telemetry: StartedTelemetry;
  readonly #stopHearing: () => void;
  readonly #watches = new Set<() => void>();
  readonly #stopControl: () => void;

  /**
   * @throws SoulMirrorError OPTIONS_INVALID, CONFIG_INVALID, CONFIG_NOT_FOUND: with the key, the
   * value and the fix of each mistake
   */
  constructor(options: EngineOptions | string = {}, tools: Tools = realTools) {
    const given = typeof options === "string" ? { config: options } : options;
    const checked = checkOptions("createEngine", given, engineReaders.engine);
    const { service, config, sampling, ...more } = checked;
    const { code, ...kept } = keptIn(more);
    const { events } = this;
    const settings = (): EngineSettings => this.settings;
    this.service = service ?? process.env["SOULMIRROR_SERVICE"] ?? "service";
    const tell = settingsTeller(events);
    this.#source = new SettingsSource({
      code: layerOfCode(code),
      environment: process.env,
      folder: process.cwd(),
      ...(config === undefined ? {} : { file: config }),
      tools,
      tell: ({ changes, isNew }) => {
        this.#settingsChanged(servicesIn(changes));
        tell({ changes: isNew ? [] : changes, problems: this.problems });
      },
    });
    this.#memory = memoryOf(kept.breakerStates, events, tools);
    this.#operations = new Operations({
      tools,
      events,
      classify: createClassify(tools.wallMs),
      sampling: sampling ?? "adaptive",
      memory: this.#memory,
      settings,
    });
    const operations = this.#operations;
    this.providers = new EngineProviders(operations, settings);
    this.#inUse = new SettingsInUse({
      settings,
      isCalled: (name) => operations.has(name) || this.health.checkOf(name) !== undefined,
      onChange: () => tell({ changes: [], problems: this.problems }),
    });
    this.#wrapper = new Wrapper({
      operation: (name, method) => operations.of(name, method),
      made: (name, target, depth) => this.#inUse.made(name, { target, depth }),
      reachedInto: (name, whole) => this.#reach.reachedInto(name, whole),
    });
    this.#services = new ServiceCare({
      tools,
      events,
      service: this.service,
      operations,
      settings,
      problems: () => this.problems,
      unused: () => this.#inUse.unused(),
      recoveries: kept.recoveries,
      foresight: () => this.#foresight,
      record: (metric) => this.record(metric),
      monitors: handedMonitors(code),
    });
    this.#foresight = new Foresight({
      tools,
      events,
      operations,
      settings,
      set: (entries) => this.#source.change(entries, "optimization"),
    });
    const startedAt = tools.wallMs();
    this.#telemetry = startTelemetry(this, tools, { startedAt, kept: kept.metrics });
    this.#stopControl = startControl({
      service: this.service,
      instance: instanceName(startedAt),
      tools,
      events,
      settings,
      memory: this.#memory,
      providers: this.providers,
      set: (entries) => this.#source.change(entries, "daemon"),
    });
    // Whoever made the engine can listen by then.
    queueMicrotask(() => tell({ changes: [], problems: this.problems }));
    this.#stopHearing = hearFindings((found) => {
      const { engine, silentErrors } = this.settings.switches;
      if (engine && silentErrors) events.emit("silent_error", found);
    });
  }

  /** What holds now, with the source of every value: `settings.explain()`. */
  get settings(): EngineSettings {
    return this.#source.current;
  }

  /** The checks behind `getSystemHealth`; register your own. */
  get health(): HealthCheckRegistry {
    return this.#services.health;
  }

  /** Heals what is ill beside the calls; register strategies of your own there. */
  get recovery(): RecoveryEngine {
    return this.#services.recovery.engine;
  }

  get mode(): Mode {
    return this.settings.mode;
  }

  /**
   * A thing with the same API, the same types, the same `this` and the same errors, whose methods
   * are measured and protected as operations `name.method`.
   *
   * Works for objects, class instances, classes, functions and modules. Wrapping twice is one wrap.
   * @throws SoulMirrorError OPTIONS_INVALID
   */
  wrap<T extends object>(name: string, target: T, options: WrapOptions = {}): T {
    const checked = checkOptions(`wrap("${name}")`, options, engineReaders.wrap);
    const wrapped = this.#wrap(name, target, checked);
    this.#services.wrapped(name, this.unwrap(target));
    return wrapped;
  }

  /**
   * As `wrap`, and the health of the service becomes part of `getSystemHealth`: by its address, or
   * by a check in code. When it is ill it is healed by what it can, or what `recovery` brings.
   * @throws SoulMirrorError OPTIONS_INVALID
   */
  registerService<T extends object>(name: string, service: T, options: RegisterOptions = {}): T {
    const subject = `registerService("${name}")`;
    const read = checkOptions(subject, options, engineReaders.register);
    const { check, recovery, ...rest } = read;
    const wrapped = this.#wrap(name, service, rest);
    this.#services.registered(name, this.unwrap(service), { check, recovery });
    return wrapped;
  }

  /**
   * Takes in a monitor or daemon that is there already: what it emits, and what its `check()`,
   * `getHealth()`, `getStatus()`, ... say, becomes the health check `monitor:<name>`, the event
   * `monitor`, issues and metrics. Nothing of it is changed; the returned function lets go of it.
   * @throws SoulMirrorError OPTIONS_INVALID; BAD_REQUEST for a name that is taken
   */
  adoptMonitor(name: string, monitor: object, options: AdoptOptions = {}): () => void {
    return this.#services.adopt(name, monitor, options);
  }

  /** The monitors that were handed in, each with what it says. */
  get monitors(): readonly MonitorReport[] {
    return this.#services.monitors();
  }

  /** What was wrapped; anything else is returned as it is. */
  unwrap<T extends object>(wrapped: T): T {
    return this.#wrapper.unwrap(wrapped);
  }

  /** Listens to one kind of event, until the returned function is called. */
  on<K extends EventName>(name: K, listener: (event: EngineEvents[K]) => unknown): () => void {
    checkListener(name, listener);
    return this.events.on(name, listener);
  }

  off<K extends EventName>(name: K, listener: (event: EngineEvents[K]) => unknown): void {
    this.events.off(name, listener);
  }

  /**
   * Files, environment and kill switch may be stricter, and win.
   * @throws SoulMirrorError OPTIONS_INVALID
   */
  setMode(mode: Mode): void {
    checkOptions("setMode", { mode }, engineReaders.mode);
    const entry = { leaf: "mode", value: mode, key: "mode", from: "setMode" } as const;
    this.#source.change([entry], "setMode");
  }

  /** All that is known of each operation. */
  operations(): readonly OperationReport[] {
    return Array.from(this.#operations, (operation) => operation.report());
  }

  operation(name: string): OperationReport | undefined {
    return this.#operations.get(name)?.report();
  }

  meter(name: string): CallMeter {
    if (typeof name !== "string" || name === "") checkArgument(["meter", "name"], name, nameOption);
    return meterOf(this.#operations.of(name));
  }

  /** The server of that client answers again: open circuits around it let probes through. */
  serverIsBack(client: object): void {
    this.#services.serverIsBack(this.unwrap(client));
  }

  /** For operations that begin and end in code of yours; see docs/engine/telemetry.md. */
  get tracker(): OperationTracker {
    return this.#telemetry.tracker;
  }

  /** Takes one value that the service has measured; it goes where telemetry goes. Never throws. */
  record(metric: Metric): void {
    this.#telemetry.record(metric);
  }

  /** What is wrong with the settings now, with line and column; empty: nothing. */
  get problems(): readonly SettingProblem[] {
    return [...this.#source.problems, ...this.#inUse.mistakes];
  }

  /**
   * What somebody has set for the engine, a service or its method, from where, and what it won
   * over; what is wrong with it; what nothing here uses. `settings.explain()` has every value.
   */
  explain(service?: string, method?: string): Explanation {
    const { settings, problems } = this;
    const sources = { settings, problems, inUse: this.#inUse, reach: this.#reach };
    return explain(sources, service, method);
  }

  /** Refuses its calls until the answer is called; after a restart the next one takes it over. */
  isolate(name: string, reason: string): () => void {
    checkArgument(["isolate", "name"], name, nameOption);
    return this.#operations.isolate(name, reason, (each) => this.#inUse.doubtOf(each));
  }

  /** All checks at once: `{overall, checks, timestamp}`, the worst one decides. Never rejects. */
  getSystemHealth(): Promise<HealthReport> {
    return this.#services.health.report();
  }

  /** As `getSystemHealth`. */
  getHealth(): Promise<HealthReport> {
    return this.getSystemHealth();
  }

  /**
   * What is ill by its health check now, and what will go wrong if it goes on like this, the most
   * urgent first; empty: nothing is known.
   */
  predictIssues(): readonly Prediction[] {
    return [...this.#services.issues(), ...this.#foresight.predictions()];
  }

  /** As `predictIssues`. */
  getPredictions(): readonly Prediction[] {
    return this.predictIssues();
  }

  /**
   * What fails, each error once with its way through wrapped services, how often, what is usual of
   * it and what follows what; the most frequent first.
   */
  errors(): ErrorsReport {
    return this.#foresight.errors.report();
  }

  /**
   * What should be set differently, by what was measured, and what is being tried. Name the `id` of
   * a recommendation to try it: it is watched, and undone when its figures do not get better. In
   * mode `full` that is done without being asked.
   */
  optimizePerformance(options: OptimizeOptions = {}): Optimization {
    const { apply, undo } = checkOptions("optimizePerformance", options, engineReaders.optimize);
    if (apply !== undefined) this.#foresight.apply(apply);
    if (undo !== undefined) this.#foresight.undo(undo);
    return this.#foresight.optimization();
  }

  /**
   * Looks after the whole process until the returned function is called, or the engine is closed: a
   * blocked event loop with the line that blocks it, errors that nobody handled and the process has
   * survived, a heap or descriptors that grow towards their limit.
   *
   * Each is told as `silent_error` of the operation `process`, by all engines of the process: it is
   * watched once, with the options of the first who asks. Under `soulmirror/register`, which
   * watches already, this adds nothing.
   * @throws SoulMirrorError OPTIONS_INVALID
   */
  watchProcess(options: WatchProcessOptions = {}): () => void {
    const { stalls } = checkOptions("watchProcess", options, engineReaders.watch);
    const { engine, silentErrors } = this.settings.switches;
    if (!engine || !silentErrors) return () => {};
    const end = watchProcess({ environment: process.env, stallMs: stalls });
    const stop = (): void => {
      this.#watches.delete(stop);
      end();
    };
    this.#watches.add(stop);
    return stop;
  }

  /**
   * Resolves when circuits are saved and what was measured is sent, or cannot be. Wraps work on;
   * nothing is tried again: who waits for a further attempt has the last error at once.
   */
  async close(): Promise<void> {
    this.#stopHearing();
    for (const stop of this.#watches) stop();
    this.#stopControl();
    this.#source.close();
    this.#operations.stop();
    this.#foresight.stop();
    await Promise.all([this.#memory.close(), this.#services.close(), this.#telemetry.stop()]);
  }

  #settingsChanged(services: ReadonlySet<string> | undefined): void {
    this.#operations.replan(services);
    this.#inUse.changed(services);
    this.#services.settingsChanged();
  }

  #wrap<T extends object>(name: string, target: T, options: WrapOptions): T {
    checkOptions("wrap", { name, target }, engineReaders.subject);
    const { depth = 1, fallback, ...rest } = options;
    const looked = { target: this.#wrapper.unwrap(target), depth };
    checkOptions(`wrap("${name}")`, rest.methods, methodsOption(looked));
    if (!this.settings.switches.engine) return target;
    const isWanted = this.settings.value("integration.wrapExistingServices");
    if (!isWanted) return this.#reach.leftAlone(name, target);
    if (fallback !== undefined) this.#operations.fallBack(name, fallback);
    if (Object.keys(rest).length > 0)
      this.#source.declare(name, entriesInCode(name, rest), this.#inUse.isInUse(name));
    this.#inUse.wrapped(name, looked);
    this.#reach.wrapped(name, looked);
    return this.#wrapper.wrap(name, target, depth);
  }
}
