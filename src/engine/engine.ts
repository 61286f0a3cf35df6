/**
 * The engine inside of a service: it wraps what the service calls, measures it, protects it, and
 * tells what it sees and does.
 *
 * N1. Modes, switches and settings take effect at once, for everything that was wrapped before.
 * N2. An engine that is switched off when it is made wraps nothing: the raw things are returned.
 * N3. It keeps no process alive and installs no handler of signals, exceptions or rejections.
 * N4. Circuits stand where they stood before the first call is admitted.
 */
import {
  callbackOption,
  checkOptions,
  durationOption,
  type Mode,
  type OptionPlace,
  optionsOf,
  requiredOption,
  textOption,
  wholeOption,
  wordOption,
} from "../kernel/index.ts";
import { createClassify, type Tools } from "../resilience/index.ts";
import { BreakerMemory, type BreakerStateStore, fileStateStore } from "./breaker-states/index.ts";
import { meterOf } from "./core/meter.ts";
import type { SamplingMode } from "./core/sampling.ts";
import { EngineEventHub, type EngineEvents, type EventName } from "./events.ts";
import { startControl } from "./facade/control.ts";
import { Foresight, type Optimization } from "./facade/foresight.ts";
import { processHealth } from "./facade/health.ts";
import { Operations } from "./facade/operations.ts";
import { startTelemetry } from "./facade/telemetry.ts";
import { servicesIn, settingsTeller } from "./facade/tell-settings.ts";
import { urlCheck } from "./facade/url-check.ts";
import type { Prediction } from "./foresight/index.ts";
import type { HealthCheck, HealthCheckRegistry, HealthReport } from "./health/index.ts";
import type { CallMeter, EngineView, OperationReport } from "./operation.ts";
import { modeOption } from "./options.ts";
import { realTools } from "./real-tools.ts";
import {
  type EngineOptionsInCode,
  type EngineSettings,
  type Entry,
  engineOptionReaders,
  layerOfCode,
  type ServiceOptionsInCode,
  type SettingProblem,
  SettingsSource,
  serviceOptionReaders,
} from "./settings/index.ts";
import { hearFindings, watchProcess } from "./silent/index.ts";
import { instanceName } from "./telemetry/index.ts";
import { Wrapper } from "./wrap/wrapper.ts";

export interface EngineOptions extends EngineOptionsInCode {
  /** The name of this process in telemetry. Default: `SOULMIRROR_SERVICE`, else "service". */
  readonly service?: string;
  /** A configuration file that must be there; without it the usual ones are looked for. */
  readonly config?: string;
  /** Whether calls that come very often are all timed. Default `adaptive`: one of sixteen is. */
  readonly sampling?: SamplingMode;
  /** Where circuits are remembered across restarts: a store, or the path of a file. */
  readonly breakerStates?: BreakerStateStore | string;
}

export interface WrapOptions extends ServiceOptionsInCode {
  /** Wraps the methods of objects inside as well, so many levels deep. Default 1: none. */
  readonly depth?: number;
  /** Answers instead of an error, where the dependency is at fault. */
  readonly fallback?: (error: unknown) => unknown;
}

export interface RegisterOptions extends WrapOptions {
  /** Its health, asked for by `getSystemHealth`; for `healthCheck: "custom"`. */
  readonly check?: HealthCheck;
}

export interface OptimizeOptions {
  /** The `id` of a recommendation to try. */
  readonly apply?: string;
  /** The `id` of one to take back. */
  readonly undo?: string;
}

export interface WatchProcessOptions {
  /**
   * The event loop may be blocked for so long: milliseconds from 20, or `"500ms"`; `false`: for any
   * time. Default: `RELIABILITY_STALL_MS`, else 200 ms.
   */
  readonly stalls?: number | string | false;
}

const engineReaders = {
  ...engineOptionReaders,
  service: textOption(),
  config: textOption(),
  sampling: wordOption<SamplingMode>(["adaptive", "every"]),
  breakerStates: (value: unknown) => value as BreakerStateStore | string,
};
const wrapReaders = {
  ...serviceOptionReaders,
  depth: wholeOption({ min: 1, max: 10 }),
  fallback: callbackOption<(error: unknown) => unknown>(),
};
const subjectReader = optionsOf({
  name: requiredOption(textOption()),
  target: requiredOption(objectOption),
});
const registerReaders = { ...wrapReaders, check: callbackOption<HealthCheck>() };
const stallReader = durationOption({ min: 20 });
const watchReaders = {
  stalls: (value: unknown, place: OptionPlace) => (value === false ? 0 : stallReader(value, place)),
};

export class InfrastructureReliabilityEngine implements EngineView {
  readonly service: string;
  /** Everything that it tells, for parts that listen to much of it. */
  readonly events: EngineEventHub = new EngineEventHub();
  /** The checks behind `getSystemHealth`; register your own. */
  readonly health: HealthCheckRegistry;
  readonly #source: SettingsSource;
  readonly #memory: BreakerMemory;
  readonly #operations: Operations;
  readonly #wrapper: Wrapper;
  readonly #foresight: Foresight;
  readonly #stopTelemetry: () => Promise<void>;
  readonly #stopHearing: () => void;
  readonly #watches = new Set<() => void>();
  readonly #stopControl: () => void;
  #code: EngineOptionsInCode;

  /**
   * @throws SoulMirrorError OPTIONS_INVALID, CONFIG_INVALID, CONFIG_NOT_FOUND: with the key, the
   * value and the fix of each mistake
   */
  constructor(options: EngineOptions | string = {}, tools: Tools = realTools) {
    const given = typeof options === "string" ? { config: options } : options;
    const { service, config, sampling, breakerStates, ...code } = checkOptions(
      "createEngine",
      given,
      optionsOf(engineReaders),
    );
    const { events } = this;
    this.service = service ?? process.env["SOULMIRROR_SERVICE"] ?? "service";
    this.#code = code;
    const tell = settingsTeller(events);
    this.#source = new SettingsSource({
      code: layerOfCode(code),
      environment: process.env,
      folder: process.cwd(),
      ...(config === undefined ? {} : { file: config }),
      tools,
      tell: (news) => {
        this.#operations.replan(servicesIn(news.changes));
        tell(news);
      },
    });
    const tellState = (message: string): void => {
      events.emit("state", { subject: "breaker states", message });
    };
    const store =
      typeof breakerStates === "string" ? fileStateStore(breakerStates, tools) : breakerStates;
    const kept = store === undefined ? {} : { store };
    this.#memory = new BreakerMemory({ tools, ...kept, tell: tellState });
    this.#operations = new Operations({
      tools,
      events,
      classify: createClassify(tools.wallMs),
      sampling: sampling ?? "adaptive",
      memory: this.#memory,
      settings: () => this.#source.current,
    });
    this.#wrapper = new Wrapper({ operation: (name, method) => this.#operations.of(name, method) });
    this.health = processHealth({
      tools,
      timeoutMs: this.settings.value("health.timeoutMs"),
      onReport: ({ overall }) => {
        events.emit("health", { subject: this.service, message: `it is ${overall}` });
      },
      operations: () => this.operations(),
      problems: () => this.problems,
    });
    this.#foresight = new Foresight({
      tools,
      events,
      operations: this.#operations,
      settings: () => this.settings,
      set: (entries) => this.#source.change({ name: "runtime", entries }, "optimization"),
    });
    const startedAt = tools.wallMs();
    this.#stopTelemetry = startTelemetry(this, tools, startedAt);
    this.#stopControl = startControl({
      service: this.service,
      instance: instanceName(startedAt),
      tools,
      events,
      memory: this.#memory,
      mode: () => this.mode,
      setMode: (mode) => {
        const entries = mode === undefined ? [] : [askedByDaemon(mode)];
        this.#source.change({ name: "runtime", entries }, "daemon");
      },
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
    const checked = checkOptions(`wrap("${name}")`, options, optionsOf(wrapReaders));
    return this.#wrap(name, target, checked);
  }

  /**
   * As `wrap`, and the health of the service becomes part of `getSystemHealth`: by its address, or
   * by a check in code.
   * @throws SoulMirrorError OPTIONS_INVALID
   */
  registerService<T extends object>(name: string, service: T, options: RegisterOptions = {}): T {
    const subject = `registerService("${name}")`;
    const { check, ...rest } = checkOptions(subject, options, optionsOf(registerReaders));
    const wrapped = this.#wrap(name, service, rest);
    const { healthCheck } = this.settings.settingsOf(name);
    if (check !== undefined) this.health.register(name, check);
    else if (healthCheck?.kind === "url") this.health.register(name, urlCheck(healthCheck.url));
    return wrapped;
  }

  /** What was wrapped; anything else is returned as it is. */
  unwrap<T extends object>(wrapped: T): T {
    return this.#wrapper.unwrap(wrapped);
  }

  /** Listens to one kind of event, until the returned function is called. */
  on<K extends EventName>(name: K, listener: (event: EngineEvents[K]) => unknown): () => void {
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
    checkOptions("setMode", { mode }, optionsOf({ mode: requiredOption(modeOption) }));
    const entry = { leaf: "mode", value: mode, key: "mode", from: "setMode" } as const;
    this.#source.change({ name: "runtime", entries: [entry] }, "setMode");
  }

  *operations(): Iterable<OperationReport> {
    for (const operation of this.#operations) yield operation.report();
  }

  operation(name: string): OperationReport | undefined {
    return this.#operations.get(name)?.report();
  }

  meter(name: string): CallMeter {
    return meterOf(this.#operations.of(name));
  }

  /** What is wrong with the settings now, with line and column; empty: nothing. */
  get problems(): readonly SettingProblem[] {
    return this.#source.problems;
  }

  /** Refuses the calls of an operation, also after a restart, until it is released. */
  isolate(name: string, reason: string): () => void {
    this.#operations.of(name);
    this.#memory.isolate(name, reason);
    return () => this.#memory.release(name);
  }

  /** All checks at once: `{overall, checks, timestamp}`, the worst one decides. Never rejects. */
  getSystemHealth(): Promise<HealthReport> {
    return this.health.report();
  }

  /** As `getSystemHealth`. */
  getHealth(): Promise<HealthReport> {
    return this.getSystemHealth();
  }

  /** What will go wrong if it goes on like this, the most urgent first; empty: nothing is known. */
  predictIssues(): readonly Prediction[] {
    return this.#foresight.predictions();
  }

  /** As `predictIssues`. */
  getPredictions(): readonly Prediction[] {
    return this.predictIssues();
  }

  /**
   * What should be set differently, by what was measured, and what is being tried. Name the `id` of
   * a recommendation to try it: it is watched, and undone when its figures do not get better. In
   * mode `full` that is done without being asked.
   */
  optimizePerformance({ apply, undo }: OptimizeOptions = {}): Optimization {
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
    const { stalls } = checkOptions("watchProcess", options, optionsOf(watchReaders));
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
   * Resolves when circuits are saved and what was measured is sent, or cannot be. What was wrapped
   * works on, as it is set now.
   */
  async close(): Promise<void> {
    this.#stopHearing();
    for (const stop of this.#watches) stop();
    this.#stopControl();
    this.#source.close();
    this.#operations.stop();
    this.#foresight.stop();
    this.health.stop();
    await Promise.all([this.#memory.close(), this.#stopTelemetry()]);
  }

  #wrap<T extends object>(name: string, target: T, options: WrapOptions): T {
    checkOptions("wrap", { name, target }, subjectReader);
    const { depth, fallback, ...rest } = options;
    if (!this.settings.switches.engine) return target;
    if (fallback !== undefined) this.#operations.fallBack(name, fallback);
    if (Object.keys(rest).length > 0) this.#declare(name, rest);
    return this.#wrapper.wrap(name, target, depth);
  }

  #declare(name: string, options: ServiceOptionsInCode): void {
    this.#code = { ...this.#code, services: { ...this.#code.services, [name]: options } };
    this.#source.change({ name: "code", entries: layerOfCode(this.#code).entries });
  }
}

function askedByDaemon(mode: Mode): Entry {
  return { leaf: "mode", value: mode, key: "mode", from: "the daemon" };
}

/** As `new InfrastructureReliabilityEngine`; a text is the path of a configuration file. */
export function createEngine(
  options: EngineOptions | string = {},
): InfrastructureReliabilityEngine {
  return new InfrastructureReliabilityEngine(options);
}

function objectOption(value: unknown, place: OptionPlace): object {
  const isObject = (typeof value === "object" && value !== null) || typeof value === "function";
  if (!isObject) place.wrong(value, "an object, a function or a class", "wrap what has methods");
  return value as object;
}
