/**
 * Looks at the operations at an even pace, and keeps what that tells: what will go wrong, and what
 * should be set differently. In mode `full` recommendations are tried by themselves.
 *
 * Only the busiest operations are looked at, and nothing while nothing is called.
 */
import type { CancelTimer } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { EngineEventHub } from "../events.ts";
import {
  IssueForecast,
  Optimizer,
  type Prediction,
  type Recommendation,
  type Trial,
} from "../foresight/index.ts";
import type { EngineSettings, Entry } from "../settings/index.ts";
import { countDescriptors, descriptorLimit } from "../silent/descriptors.ts";
import type { Operations } from "./operations.ts";

const everyMs = 10_000;
const operationsMax = 500;

export interface ForesightParts {
  readonly tools: Tools;
  readonly events: EngineEventHub;
  readonly operations: Operations;
  readonly settings: () => EngineSettings;
  /** What trials set at run time from now on. */
  readonly set: (entries: readonly Entry[]) => void;
}

export interface Optimization {
  /** What should be set differently, each with its evidence and what would change. */
  readonly recommendations: readonly Recommendation[];
  /** What is being tried now. */
  readonly trials: readonly Trial[];
}

export class Foresight {
  readonly #parts: ForesightParts;
  readonly #forecast = new IssueForecast();
  readonly #optimizer: Optimizer;
  readonly #told = new Set<string>();
  #cancel: CancelTimer | undefined;
  #callsSeen = -1;

  constructor(parts: ForesightParts) {
    const { tools, events, operations, settings, set } = parts;
    this.#parts = parts;
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
    return this.#forecast.predictions();
  }

  optimization(): Optimization {
    const recommendations = this.#optimizer.recommendations();
    return { recommendations, trials: this.#optimizer.trials() };
  }

  apply(id: string): Trial | undefined {
    return this.#optimizer.apply(id);
  }

  undo(id: string): boolean {
    return this.#optimizer.undo(id);
  }

  stop(): void {
    this.#cancel?.();
  }

  #arm(): void {
    this.#cancel = this.#parts.tools.background.after(everyMs, () => {
      this.#look();
      this.#arm();
    });
  }

  #look(): void {
    const { operations, settings, tools } = this.#parts;
    const { calls } = operations;
    if (calls === this.#callsSeen) return;
    this.#callsSeen = calls;
    const current = settings();
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

  /** Each once, for as long as it stays true. */
  #tellNew(): void {
    const now = this.predictions();
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
