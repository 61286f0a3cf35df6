/**
 * Looks at the operations at an even pace, and keeps what that tells: what will go wrong, and what
 * should be set differently. In mode `full` recommendations are tried by themselves.
 *
 * Only the busiest operations are looked at, and nothing while nothing is called.
 */
import {
  adviceFor,
  type CancelTimer,
  cutOff,
  messageOf,
  SoulMirrorError,
} from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { EngineEventHub } from "../events.ts";
import {
  type FailingOperation,
  FailingOperations,
  IssueForecast,
  Optimizer,
  type Prediction,
  type Recommendation,
  type SlowOperation,
  SlowOperations,
  type Trial,
} from "../foresight/index.ts";
import type { EngineSettings, Entry } from "../settings/index.ts";
import { countDescriptors, descriptorLimit } from "../silent/descriptors.ts";
import { EngineErrors } from "./errors.ts";
import type { Operations } from "./operations.ts";

const everyMs = 10_000;
const operationsMax = 500;
/** Where nobody has set a limit, only what fails more often than not is an issue. */
const failedShareMax = 0.5;

export interface ForesightParts {
  readonly tools: Tools;
  readonly events: EngineEventHub;
  readonly operations: Operations;
  readonly settings: () => EngineSettings;
  /** What trials set at run time from now on. */
  readonly set: (entries: readonly Entry[]) => void;
}

export interface OptimizeOptions {
  /** The `id` of a recommendation to try. */
  readonly apply?: string;
  /** The `id` of one to take back. */
  readonly undo?: string;
}

export interface Optimization {
  /** What should be set differently, each with its evidence and what would change. */
  readonly recommendations: readonly Recommendation[];
  /** What is being tried now. */
  readonly trials: readonly Trial[];
}

export class Foresight {
  /** What fails, and what that tells. */
  readonly errors: EngineErrors;
  readonly #parts: ForesightParts;
  readonly #forecast = new IssueForecast();
  readonly #slow = new SlowOperations();
  readonly #failing = new FailingOperations();
  readonly #optimizer: Optimizer;
  readonly #told = new Set<string>();
  #cancel: CancelTimer | undefined;
  #callsSeen = -1;

  constructor(parts: ForesightParts) {
    const { tools, events, operations, settings, set } = parts;
    this.#parts = parts;
    this.errors = new EngineErrors(parts);
    this.#optimizer = new Optimizer({
      nowMs: tools.monotonicMs,
      operations: () => operations.busiest(operationsMax),
      settingsOf: (operation) => {
        const place = operations.placeOf(operation);
        return place && { ...place, settings: settings().settingsOf(place.service, place.method) };
      },
      set,
      tell: (message, details) => {
        events.emit("recommendation", { subject: "optimization", message, details });
      },
    });
    this.#arm();
  }

  predictions(): readonly Prediction[] {
    return [...this.#foreseen(), ...this.errors.predictions()];
  }

  #foreseen(): readonly Prediction[] {
    const { predictions } = this.#parts.settings().switches;
    const nowMs = this.#parts.tools.monotonicMs();
    const there = predictions ? [...this.#failing.issues(nowMs), ...this.#slow.issues(nowMs)] : [];
    return [...there, ...this.#forecast.predictions()];
  }

  /** The operations that answer more slowly than `thresholds.responseTime`, the slowest first. */
  slow(): readonly SlowOperation[] {
    return this.#slow.slow(this.#parts.tools.monotonicMs());
  }

  /** The operations that fail more often than `thresholds.errorRate`, the worst first. */
  failing(): readonly FailingOperation[] {
    return this.#failing.failing(this.#parts.tools.monotonicMs());
  }

  optimization(): Optimization {
    const recommendations = this.#optimizer.recommendations();
    return { recommendations, trials: this.#optimizer.trials() };
  }

  /** @throws SoulMirrorError BAD_REQUEST for an `id` that cannot be tried now */
  apply(id: string): void {
    const { recommendations, trials } = this.optimization();
    if (trials.some(({ recommendation }) => recommendation.id === id)) return;
    if (this.#optimizer.apply(id) !== undefined) return;
    const known = recommendations.map((each) => each.id);
    if (!known.includes(id)) throw unknownId(id, known);
    throw new SoulMirrorError("BAD_REQUEST", `"${cutOff(id, 100)}" cannot be tried now`, {
      fix: "wait until it has more calls to compare with, and other trials have ended",
    });
  }

  /** @throws SoulMirrorError BAD_REQUEST for an `id` that nobody has ever tried */
  undo(id: string): void {
    const { recommendations, trials } = this.optimization();
    if (this.#optimizer.undo(id) || this.#optimizer.isUndone(id)) return;
    const known = [...trials.map(({ recommendation }) => recommendation), ...recommendations];
    throw unknownId(
      id,
      known.map((each) => each.id),
    );
  }

  stop(): void {
    this.#cancel?.();
    this.errors.stop();
  }

  #arm(): void {
    this.#cancel = this.#parts.tools.background.after(everyMs, () => {
      this.#arm();
      try {
        this.#look();
      } catch (error) {
        const message = `a look at the operations failed: ${messageOf(error)}`;
        this.#parts.events.emit("state", { subject: "foresight", message });
      }
    });
  }

  #look(): void {
    const { operations, settings, tools } = this.#parts;
    const current = settings();
    this.#lookForIll(current);
    const { calls } = operations;
    if (calls === this.#callsSeen) return;
    this.#callsSeen = calls;
    if (!current.switches.predictions) return;
    this.#forecast.add({
      atMs: tools.monotonicMs(),
      operations: operations.busiest(operationsMax),
      limitsOf: (operation) => {
        const { service = operation, method } = operations.placeOf(operation) ?? {};
        const { timeoutMs, bulkhead } = current.settingsOf(service, method);
        const errorRate = current.value("thresholds.errorRate");
        return { timeoutMs, concurrency: bulkhead?.limit, errorRate };
      },
      process: processUse(),
    });
    const mayAct = current.defaults.acts.optimize;
    this.#optimizer.tick({ mayAct, isAuto: current.mode === "full" });
    this.#tellNew();
  }

  /** Also while nothing is called: what was slow is not slow for ever. */
  #lookForIll(current: EngineSettings): void {
    const { operations, tools } = this.#parts;
    const isOn = current.switches.engine;
    const looked = isOn ? operations.busiest(operationsMax) : [];
    const limitMs = isOn ? current.value("thresholds.responseTimeMs") : undefined;
    this.#slow.look(tools.monotonicMs(), looked, limitMs);
    const isSet = current.saysOf("thresholds.errorRate", {});
    const share = isSet ? current.value("thresholds.errorRate") : failedShareMax;
    this.#failing.look(tools.monotonicMs(), looked, isOn ? share : undefined);
  }

  /** Each once, for as long as it stays true. */
  #tellNew(): void {
    const now = this.#foreseen();
    const keys = now.map(({ subject, kind }) => `${subject} ${kind}`);
    for (const [place, { subject, message, evidence }] of now.entries()) {
      if (this.#told.has(keys[place] as string)) continue;
      this.#parts.events.emit("prediction", { subject, message, details: { ...evidence } });
    }
    this.#told.clear();
    for (const key of keys) this.#told.add(key);
  }
}

function processUse(): Parameters<IssueForecast["add"]>[0]["process"] & object {
  const { heap_size_limit: memoryLimitBytes } = process
    .getBuiltinModule("node:v8")
    .getHeapStatistics();
  const { heapUsed: memoryBytes } = process.memoryUsage();
  const descriptors = countDescriptors();
  return { memoryBytes, memoryLimitBytes, descriptors, descriptorLimit: descriptorLimit() };
}

function unknownId(id: string, known: readonly string[]): SoulMirrorError {
  const fix =
    known.length === 0
      ? "there is none now: optimizePerformance().recommendations lists them when there are some"
      : adviceFor(id, known);
  const message = `optimizePerformance: there is no recommendation "${cutOff(id, 100)}"`;
  return new SoulMirrorError("BAD_REQUEST", message, { fix });
}
