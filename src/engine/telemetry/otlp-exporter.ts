/**
 * Tells the daemon, or any collector, what an engine knows: its operations every few seconds as
 * metrics, what happened as log records.
 *
 * X1. Metrics are cumulative (O1), so nothing of them is kept for a receiver that is away: the next
 *     message says it all. Log records wait in a lane of their own, bounded and counted. What of
 *     one message is refused keeps back no other message.
 * X2. Nothing here delays a call, throws into one, or keeps the process alive.
 */
import {
  anyOption,
  type CancelTimer,
  checkOptions,
  deferred,
  havingOption,
  messageOf,
  optionsOf,
  requiredOption,
} from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { EngineEventHub, EngineEvents } from "../events.ts";
import type { EngineView, OperationReport } from "../operation.ts";
import { realTools } from "../real-tools.ts";
import { CappedOperations } from "./capped-operations.ts";
import { entryOf, type LogEntry, logJoining, recordOf, told } from "./engine-log.ts";
import { EngineLogThrottle } from "./engine-log-throttle.ts";
import { errorMetrics } from "./error-metrics.ts";
import { Lane, type LaneFigures } from "./lane.ts";
import { limitsOf } from "./limits.ts";
import { noticeOf } from "./metrics-collector.ts";
import { operationMetrics } from "./operation-metrics.ts";
import { type Attributes, logsRequest, metricsRequest, type OtlpMetric } from "./otlp-format.ts";
import type { OtlpTransport } from "./otlp-transport.ts";
import { providerMetrics } from "./provider-metrics.ts";
import { askedForMaxMs, DeliveryRefused, type Sink, SinkAway } from "./sink.ts";

export interface OtlpExporterOptions {
  readonly view: Pick<EngineView, "operations" | "providers" | "errors">;
  readonly events: EngineEventHub;
  /** Whoever made it closes it, after the exporter has stopped. */
  readonly transport: OtlpTransport;
  /** Who the engine is: see `engineResource`. */
  readonly resource: Attributes;
  /** Between two messages of metrics. Default 10,000. */
  readonly exportIntervalMs?: number | undefined;
  /** Operations that are told apart. Default 1000. */
  readonly operationsMax?: number | undefined;
  readonly tools?: Tools | undefined;
}

const defaults = { exportIntervalMs: 10_000, operationsMax: 1000 } as const;
const logLimits = { queueMax: 1000, joinedMax: 200 } as const;
const logPace = { batchSize: 200, flushIntervalMs: 1000, sendTimeoutMs: 10_000 } as const;
/** A wide histogram is some 10 KB of JSON. */
const operationsPerMessage = 100;
/** A timer that holds the process and is always taken back. */
const neverMs = 2 ** 31 - 1;

const shape = optionsOf({
  view: requiredOption(havingOption(["operations"], "an engine", "hand in an engine")),
  events: requiredOption(havingOption(["on"], "events", "hand in engine.events")),
  transport: requiredOption(havingOption(["post"], "a transport", "hand in an OtlpTransport")),
  resource: anyOption(),
  exportIntervalMs: anyOption(),
  operationsMax: anyOption(),
  tools: anyOption(),
});

/** Sends an engine's operations and log records over OTLP/HTTP, from when it is made. */
export class OtlpExporter {
  readonly #options: OtlpExporterOptions;
  readonly #tools: Tools;
  readonly #intervalMs: number;
  readonly #beganAt: number;
  readonly #capped: CappedOperations;
  readonly #lane: Lane<LogEntry>;
  readonly #throttle: EngineLogThrottle;
  readonly #logSinkName: string;
  readonly #unsubscribe: readonly (() => void)[];
  #cancelTimer: CancelTimer | undefined;
  #notBeforeMs = 0;
  #lastFailure: string | undefined;
  #underWay: Promise<void> | undefined;
  #isStopped = false;
  /** Aborted when nothing is sent any more. */
  readonly #ending = new AbortController();

  /** Begins at once. Throws OPTIONS_INVALID for a number that is none. */
  constructor(options: OtlpExporterOptions) {
    checkOptions("OtlpExporter", options, shape);
    const { events, transport, resource, tools = realTools } = options;
    const { exportIntervalMs, operationsMax } = limitsOf("OtlpExporter", defaults, options);
    this.#options = options;
    this.#tools = tools;
    this.#intervalMs = exportIntervalMs;
    this.#beganAt = tools.wallMs();
    this.#capped = new CappedOperations(operationsMax);
    this.#logSinkName = `${transport.endpoint} (logs)`;
    const sink: Sink<LogEntry> = {
      name: this.#logSinkName,
      send: async (batch, signal) =>
        await transport.post("logs", logsRequest(resource, batch.map(recordOf)), signal),
    };
    this.#lane = new Lane({
      ...logPace,
      sink,
      joining: logJoining,
      limits: logLimits,
      tools,
      onLoss: (loss) => events.emit("telemetry_loss", noticeOf(loss, "log records")),
    });
    this.#throttle = new EngineLogThrottle(tools, (entry) => this.#lane.add(entry));
    this.#unsubscribe = (Object.keys(told) as (keyof typeof told)[]).map((name) =>
      events.on(name, (event: EngineEvents[typeof name]) => this.#hear(name, event)),
    );
    this.#arm();
  }

  /** What became of the log records. */
  get logs(): LaneFigures {
    return this.#lane.figures;
  }

  /** Why something of the last metrics was not taken; undefined when all was. */
  get lastFailure(): string | undefined {
    return this.#lastFailure;
  }

  /** Sends the metrics of now. Never rejects: `lastFailure` says what became of it. */
  async exportMetrics(): Promise<void> {
    const letGo = this.#tools.timers.after(neverMs, () => {});
    await this.#export();
    letGo();
  }

  /** A last message of everything as it is now, within `withinMs`; nothing is sent afterwards. */
  async stop(withinMs = 2000): Promise<void> {
    this.#isStopped = true;
    this.#cancelTimer?.();
    for (const end of this.#unsubscribe) end();
    this.#throttle.flush();
    const late = deferred<void>();
    const cancel = this.#tools.timers.after(withinMs, late.resolve);
    await Promise.all([
      Promise.race([this.#exportLast(), late.promise]),
      this.#lane.close(withinMs),
    ]);
    cancel();
    this.#ending.abort(new Error("the exporter was stopped"));
  }

  /** What is under way tells of an earlier moment. */
  async #exportLast(): Promise<void> {
    await this.#underWay;
    await this.#export();
  }

  #export(): Promise<void> {
    this.#underWay ??= this.#exportMetrics().finally(() => (this.#underWay = undefined));
    return this.#underWay;
  }

  #hear<K extends keyof typeof told>(name: K, event: EngineEvents[K]): void {
    // That records were lost would be one more record to lose.
    if ("subject" in event && event.subject === this.#logSinkName) return;
    this.#throttle.take(entryOf(name, event, this.#tools.wallMs()));
  }

  async #exportMetrics(): Promise<void> {
    const { signal } = this.#ending;
    if (signal.aborted) return;
    const { transport, resource } = this.#options;
    let refusal: string | undefined;
    try {
      for (const metrics of this.#messages()) {
        try {
          await transport.post("metrics", metricsRequest(resource, metrics), signal);
        } catch (error) {
          if (!(error instanceof DeliveryRefused)) throw error;
          refusal ??= error.message;
        }
      }
      this.#lastFailure = refusal;
    } catch (error) {
      this.#lastFailure = messageOf(error);
      const askedMs = error instanceof SinkAway ? (error.retryAfterMs ?? 0) : 0;
      this.#notBeforeMs = this.#tools.monotonicMs() + Math.min(askedMs, askedForMaxMs);
    }
  }

  *#messages(): Generator<readonly OtlpMetric[]> {
    const { view } = this.#options;
    const period = { beganAt: this.#beganAt, now: this.#tools.wallMs() };
    for (const part of parts(this.#capped.cap(view.operations()))) {
      yield operationMetrics(part, period);
    }
    const rings = providerMetrics(view.providers?.report() ?? [], period);
    if (rings.length > 0) yield rings;
    const errors = errorMetrics(view.errors?.(), period);
    if (errors.length > 0) yield errors;
  }

  #arm(): void {
    if (this.#isStopped) return;
    const askedMs = this.#notBeforeMs - this.#tools.monotonicMs();
    const delayMs = Math.max(this.#intervalMs, askedMs);
    this.#cancelTimer = this.#tools.background.after(delayMs, () => {
      void this.#export().then(() => this.#arm());
    });
  }
}

function* parts(reports: readonly OperationReport[]): Generator<readonly OperationReport[]> {
  for (let from = 0; from < reports.length; from += operationsPerMessage) {
    yield reports.slice(from, from + operationsPerMessage);
  }
}
