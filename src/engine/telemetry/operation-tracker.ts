/**
 * For code that says itself when an operation begins and how it ends. Each end becomes two metrics:
 * `<operation>.duration`, and `<operation>.success_count` or `.failure_count`.
 */
import {
  anyOption,
  callbackOption,
  checkArgument,
  checkOptions,
  createIds,
  havingOption,
  type Ids,
  optionsOf,
} from "../../kernel/index.ts";
import type { Classify, Tools } from "../../resilience/index.ts";
import type { EngineView, OpenCall } from "../operation.ts";
import { realTools } from "../real-tools.ts";
import type { MetricsCollector } from "./metrics-collector.ts";

export interface OperationContext {
  /** Of this one call, for logs: no two are the same. It is no tag, for there is no end of them. */
  readonly operationId: string;
  readonly operationType: string;
  /** Wall milliseconds. */
  readonly startTime: number;
  readonly metadata: Readonly<Record<string, string>>;
}

export interface OperationTrackerOptions {
  /** Names the category of an error that none was given for; else that is `unknown`. */
  readonly classify?: Classify | undefined;
  /** The operation is counted there as well: it shows in health and predictions. */
  readonly view?: Pick<EngineView, "meter"> | undefined;
  readonly tools?: Tools | undefined;
}

interface Begun {
  readonly atMs: number;
  readonly call: OpenCall | undefined;
}

const metricType = "operation";

const shape = optionsOf({
  classify: callbackOption(),
  view: havingOption(["meter"], "an engine", "hand in what createEngine returns"),
  tools: anyOption(),
});

/** Measures operations that code begins and ends by hand; wrapped ones need none of it. */
export class OperationTracker {
  readonly #collector: Pick<MetricsCollector, "record">;
  readonly #options: OperationTrackerOptions;
  readonly #tools: Tools;
  readonly #ids: Ids;
  /** Kept beside the context: what is begun and never ended goes with it. */
  readonly #begun = new WeakMap<OperationContext, Begun>();

  constructor(collector: Pick<MetricsCollector, "record">, options: OperationTrackerOptions = {}) {
    const fix = "hand in a MetricsCollector";
    const sink = havingOption(["record"], "a collector of metrics", fix);
    checkArgument(["OperationTracker", "collector"], collector, sink);
    checkOptions("OperationTracker", options, shape);
    this.#collector = collector;
    this.#options = options;
    this.#tools = options.tools ?? realTools;
    const { wallMs, monotonicMs, random } = this.#tools;
    const clock = { now: () => ({ wallMs: wallMs(), monotonicMs: monotonicMs() }) };
    this.#ids = createIds(clock, random);
  }

  /** `metadata` goes into the tags: few keys with few values each. */
  startOperation(
    operationType: string,
    metadata: Readonly<Record<string, string>> = {},
  ): OperationContext {
    const startTime = this.#tools.wallMs();
    const context = { operationId: this.#ids.next("op"), operationType, startTime, metadata };
    const call = this.#options.view?.meter(operationType).begin();
    this.#begun.set(context, { atMs: this.#tools.monotonicMs(), call });
    return context;
  }

  /** Only the first end of an operation counts. `result` is looked at, never kept. */
  recordSuccess(context: OperationContext, result?: unknown): void {
    const begun = this.#end(context);
    if (begun === undefined) return;
    begun.call?.succeed(result);
    this.#record(context, begun, { status: "success" });
  }

  /** `errorCategory` is worked out from the error when it is left out. */
  recordFailure(context: OperationContext, error: unknown, errorCategory?: string): void {
    const begun = this.#end(context);
    if (begun === undefined) return;
    begun.call?.fail(error);
    this.#record(context, begun, {
      status: "failure",
      error_type: error instanceof Error ? error.name : typeof error,
      error_category: errorCategory ?? this.#options.classify?.(error).category ?? "unknown",
    });
  }

  #end(context: OperationContext): Begun | undefined {
    const begun = this.#begun.get(context);
    this.#begun.delete(context);
    return begun;
  }

  #record(
    { operationType, metadata }: OperationContext,
    { atMs }: Begun,
    outcome: { readonly status: "success" | "failure"; readonly [tag: string]: string },
  ): void {
    const common = { metricType, source: operationType, tags: { ...metadata, ...outcome } };
    const value = this.#tools.monotonicMs() - atMs;
    this.#collector.record({
      ...common,
      metricName: `${operationType}.duration`,
      value,
      unit: "ms",
    });
    const metricName = `${operationType}.${outcome.status}_count`;
    this.#collector.record({ ...common, metricName, value: 1, unit: "count" });
  }
}
