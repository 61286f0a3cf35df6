/**
 * What the engine has counted of each operation since the last time, as metrics: for streams whose
 * readers add up. `<operation>.success_count`, `.failure_count` by category, and `.duration`, which
 * is the mean of those that were timed.
 *
 * F1. Every call is told of once, also the last ones before the end. What was not called is not
 *     told of.
 */
import type { CancelTimer } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { EngineView, OperationReport } from "../operation.ts";
import type { Metric } from "./metric.ts";

export interface OperationFeedOptions {
  readonly view: Pick<EngineView, "operations">;
  readonly record: (metric: Metric) => void;
  readonly everyMs: number;
  readonly tools: Tools;
}

interface Told {
  readonly succeeded: number;
  readonly failures: OperationReport["failures"];
  readonly timed: number;
  readonly sumMs: number;
}

const nothing: Told = { succeeded: 0, failures: {}, timed: 0, sumMs: 0 };
/** More than that are not told of here: the names would fill the stream. */
const operationsMax = 1000;

export class OperationFeed {
  readonly #options: OperationFeedOptions;
  readonly #told = new Map<string, Told>();
  #cancel: CancelTimer | undefined;

  constructor(options: OperationFeedOptions) {
    this.#options = options;
    this.#arm();
  }

  /** Tells what is new, now. */
  tell(): void {
    for (const report of this.#options.view.operations()) {
      const before = this.#told.get(report.name) ?? nothing;
      if (report.succeeded + report.failed === 0) continue;
      if (before === nothing && this.#told.size >= operationsMax) continue;
      this.#tellOne(report, before);
    }
  }

  stop(): void {
    this.#cancel?.();
    this.tell();
  }

  #arm(): void {
    const { tools, everyMs } = this.#options;
    this.#cancel = tools.background.after(everyMs, () => {
      this.tell();
      this.#arm();
    });
  }

  #tellOne({ name, succeeded, failures, latency }: OperationReport, before: Told): void {
    const { record } = this.#options;
    const now: Told = { succeeded, failures, timed: latency.count, sumMs: latency.sum };
    this.#told.set(name, now);
    const common = { metricType: "operation", source: name };
    const count = (word: string, value: number, tags: Readonly<Record<string, string>>): void => {
      if (value <= 0) return;
      record({ ...common, metricName: `${name}.${word}_count`, value, unit: "count", tags });
    };
    count("success", succeeded - before.succeeded, { status: "success" });
    for (const [category, failed] of Object.entries(failures)) {
      const known = before.failures[category as keyof Told["failures"]] ?? 0;
      count("failure", failed - known, { status: "failure", error_category: category });
    }
    const timed = now.timed - before.timed;
    if (timed <= 0) return;
    const value = Math.max(0, (now.sumMs - before.sumMs) / timed);
    const tags = { statistic: "mean", timed: String(timed) };
    record({ ...common, metricName: `${name}.duration`, value, unit: "ms", tags });
  }
}
