/**
 * The engine inside of a service: it wraps what the service calls, measures it, protects it, and
 * tells what it sees and does.
 *
 * N1. Modes, switches and settings take effect at once, for everything that was wrapped before.
 * N2. An engine that is switched off when it is made wraps nothing: the raw things are returned.
 * N3. It keeps no process alive and installs no handler of signals, exceptions or rejections.
 */
import {
  callbackOption,
  checkOptions,
  type Mode,
  optionsOf,
  textOption,
  wholeOption,
  wordOption,
} from "../kernel/index.ts";
import { createClassify, RetryBudget, type Tools } from "../resilience/index.ts";
import { planCalls } from "./core/call-plan.ts";
import { Deadlines } from "./core/deadlines.ts";
import { meterOf } from "./core/meter.ts";
import { OperationCore, type Shared } from "./core/operation-core.ts";
import { Pulse } from "./core/pulse.ts";
import type { SamplingMode } from "./core/sampling.ts";
import { EngineEventHub, type EngineEvents, type EventName } from "./events.ts";
import type { CallMeter, EngineView, OperationReport } from "./operation.ts";
import { realTools } from "./real-tools.ts";
import {
  type EngineOptionsInCode,
  type EngineSettings,
  engineOptionReaders,
  layerOfCode,
  type OperationSettings,
  type ServiceOptionsInCode,
  type SettingsNews,
  SettingsSource,
  serviceOptionReaders,
} from "./settings/index.ts";
import { Wrapper } from "./wrap/wrapper.ts";

export interface EngineOptions extends EngineOptionsInCode {
  /** The name of this process in telemetry. Default: `SOULMIRROR_SERVICE`, else "service". */
  readonly service?: string;
  /** A configuration file that must be there; without it the usual ones are looked for. */
  readonly config?: string;
  /** Whether calls that come very often are all timed. Default `adaptive`: one of sixteen is. */
  readonly sampling?: SamplingMode;
}

export interface WrapOptions extends ServiceOptionsInCode {
  /** Wraps the methods of objects inside as well, so many levels deep. Default 1: none. */
  readonly depth?: number;
  /** Answers instead of an error, where the dependency is at fault. */
  readonly fallback?: (error: unknown) => unknown;
}

const sampling = wordOption<SamplingMode>(["adaptive", "every"]);

const wrapReaders = optionsOf({
  ...serviceOptionReaders,
  depth: wholeOption({ min: 1, max: 10 }),
  fallback: callbackOption<(error: unknown) => unknown>(),
});

/** More operations than that share one, so that names made of data cannot fill the memory. */
const operationsMax = 200_000;

interface Operated {
  readonly core: OperationCore;
  readonly service: string;
  readonly method: string | undefined;
}

export class InfrastructureReliabilityEngine implements EngineView {
  readonly service: string;
  readonly #events = new EngineEventHub();
  readonly #shared: Shared;
  readonly #source: SettingsSource;
  readonly #wrapper: Wrapper;
  readonly #operations = new Map<string, Operated>();
  readonly #budgets = new Map<string, RetryBudget>();
  readonly #fallbacks = new Map<string, NonNullable<WrapOptions["fallback"]>>();
  #code: EngineOptionsInCode;

  /**
   * @throws SoulMirrorError OPTIONS_INVALID, CONFIG_INVALID, CONFIG_NOT_FOUND: with the key, the
   * value and the fix of each mistake
   */
  constructor(options: EngineOptions | string = {}, tools: Tools = realTools) {
    const given = typeof options === "string" ? { config: options } : options;
    const readers = {
      ...engineOptionReaders,
      service: textOption(),
      config: textOption(),
      sampling,
    };
    const {
      service,
      config,
      sampling: how,
      ...code
    } = checkOptions("createEngine", given, optionsOf(readers));
    this.service = service ?? process.env["SOULMIRROR_SERVICE"] ?? "service";
    this.#code = code;
    const pulse = new Pulse(tools);
    this.#shared = {
      tools,
      pulse,
      deadlines: new Deadlines(tools.background, tools.monotonicMs),
      events: this.#events,
      classify: createClassify(tools.wallMs),
      sampling: how ?? "adaptive",
    };
    this.#source = new SettingsSource({
      code: layerOfCode(code),
      environment: process.env,
      folder: process.cwd(),
      ...(config === undefined ? {} : { file: config }),
      tools,
      tell: (news) => this.#settingsChanged(news),
    });
    this.#wrapper = new Wrapper({ operation: (name, method) => this.#operation(name, method) });
  }

  /** What holds now. */
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
    const { depth, fallback, ...rest } = checkOptions(`wrap("${name}")`, options, wrapReaders);
    if (!this.settings.switches.engine) return target;
    if (fallback !== undefined) this.#fallbacks.set(name, fallback);
    if (Object.keys(rest).length > 0) this.#declare(name, rest);
    return this.#wrapper.wrap(name, target, depth);
  }

  /** What was wrapped; anything else is returned as it is. */
  unwrap<T extends object>(wrapped: T): T {
    return this.#wrapper.unwrap(wrapped);
  }

  /** Listens to one kind of event, until the returned function is called. */
  on<K extends EventName>(name: K, listener: (event: EngineEvents[K]) => unknown): () => void {
    return this.#events.on(name, listener);
  }

  off<K extends EventName>(name: K, listener: (event: EngineEvents[K]) => unknown): void {
    this.#events.off(name, listener);
  }

  get events(): EngineEventHub {
    return this.#events;
  }

  /** No mode is less restrictive than what files and environment allow. */
  setMode(mode: Mode): void {
    const entry = { leaf: "mode", value: mode, key: "mode", from: "setMode" } as const;
    this.#source.change({ name: "runtime", entries: [entry] });
  }

  *operations(): Iterable<OperationReport> {
    for (const { core } of this.#operations.values()) yield core.report();
  }

  operation(name: string): OperationReport | undefined {
    return this.#operations.get(name)?.core.report();
  }

  meter(name: string): CallMeter {
    return meterOf(this.#operation(name));
  }

  /** Refuses the calls of an operation, until the returned function is called. */
  isolate(name: string, reason: string): () => void {
    return this.#operation(name).breaker.isolate(reason);
  }

  /** Ends its timers and watches. What was wrapped works on, as it is set now. */
  close(): void {
    this.#source.close();
    this.#shared.pulse.stop();
  }

  #operation(service: string, method?: string): OperationCore {
    const name = method === undefined ? service : `${service}.${method}`;
    const known = this.#operations.get(name);
    if (known !== undefined) return known.core;
    if (this.#operations.size >= operationsMax) return this.#operation("other");
    const core = new OperationCore(name, this.#shared, this.#plan(service, method));
    this.#operations.set(name, { core, service, method });
    return core;
  }

  #plan(service: string, method: string | undefined): ReturnType<typeof planCalls> {
    const { switches } = this.settings;
    const settings = this.settings.settingsOf(service, method);
    return planCalls({
      settings,
      budget: this.#budget(service, settings),
      isMeasured: switches.instrumentation,
      looksForSilentErrors: switches.silentErrors,
      fallback: this.#fallbacks.get(service),
    });
  }

  #budget(service: string, { retry }: OperationSettings): RetryBudget {
    let budget = this.#budgets.get(service);
    if (budget === undefined) {
      budget = new RetryBudget({ ratio: retry.budget });
      this.#budgets.set(service, budget);
    }
    return budget;
  }

  #declare(name: string, options: ServiceOptionsInCode): void {
    this.#code = { ...this.#code, services: { ...this.#code.services, [name]: options } };
    this.#source.change({ name: "code", entries: layerOfCode(this.#code).entries });
  }

  #settingsChanged({ changes, problems }: SettingsNews): void {
    for (const { core, service, method } of this.#operations.values()) {
      core.configure(this.#plan(service, method));
    }
    for (const { file, line, column, key, message } of problems) {
      const where = line > 0 ? `${file}:${line}:${column}` : file;
      const words = `${where} ${key}: ${message}`;
      this.#events.emit("configuration", { subject: "refused", message: words });
    }
    for (const { key, before, after, from } of changes) {
      const message = `${key}: ${String(before)} is now ${String(after)} (${from})`;
      const event = key === "mode" || key.startsWith("switches.") ? "mode" : "configuration";
      this.#events.emit(event, { subject: key, message, details: { before, after, from } });
    }
  }
}

/** As `new InfrastructureReliabilityEngine`; a text is the path of a configuration file. */
export function createEngine(
  options: EngineOptions | string = {},
): InfrastructureReliabilityEngine {
  return new InfrastructureReliabilityEngine(options);
}
