/** Sends what the engine knows to where the environment says, if it says so. */
import { messageOf } from "../../kernel/index.ts";
import { createClassify, type Tools } from "../../resilience/index.ts";
import type { EngineEventHub } from "../events.ts";
import type { EngineView } from "../operation.ts";
import type { EngineSettings } from "../settings/index.ts";
import {
  EngineTelemetry,
  hasRedisLibrary,
  type Metric,
  type MetricSink,
  OperationTracker,
} from "../telemetry/index.ts";

type Told = EngineView & { readonly events: EngineEventHub; readonly settings: EngineSettings };

export interface StartedTelemetry {
  /** For code that says itself when an operation begins and ends. */
  readonly tracker: OperationTracker;
  /** Takes one measured value of the service's own. */
  readonly record: (metric: Metric) => void;
  readonly stop: () => Promise<void>;
}

/** A mistake in the environment is told and stops nothing. */
export function startTelemetry(
  engine: Told,
  tools: Tools,
  { startedAt, kept }: { readonly startedAt: number; readonly kept: MetricSink | undefined },
): StartedTelemetry {
  const { events, settings } = engine;
  const { engine: isOn, instrumentation } = settings.switches;
  try {
    const telemetry = new EngineTelemetry({
      view: engine,
      events,
      tools,
      startedAt,
      kept: isOn && instrumentation ? kept : undefined,
      batchSize: settings.value("telemetry.batchSize"),
      flushIntervalMs: settings.value("telemetry.flushIntervalMs"),
      redisUrl: isOn && instrumentation ? redisUrlOf(engine) : undefined,
      environment: environmentFor(settings),
      redisStreamKey: settings.value("telemetry.redisStreamKey"),
      classify: createClassify(tools.wallMs),
    });
    const { tracker, collector } = telemetry;
    const record = (metric: Metric): void => collector?.record(metric);
    return { tracker, record, stop: () => telemetry.stop() };
  } catch (error) {
    const message = `telemetry is not sent: ${messageOf(error)}`;
    events.emit("telemetry_loss", { subject: "settings", message });
    const record = (): void => {};
    const tracker = new OperationTracker({ record }, { view: engine, tools });
    return { tracker, record, stop: async () => {} };
  }
}

/** An address that somebody has set counts as before; that of the daemon sets itself. */
function environmentFor(settings: EngineSettings): NodeJS.ProcessEnv {
  if (settings.value("integration.unifiedDashboard")) return process.env;
  const { SOULMIRROR_ENDPOINT: _endpoint, SOULMIRROR_TOKEN: _token, ...rest } = process.env;
  return rest;
}

/** Undefined, and told, where nobody could talk to it. */
function redisUrlOf({ events, settings }: Told): string | undefined {
  const url = settings.value("telemetry.redisUrl");
  if (url === undefined) return undefined;
  if (hasRedisLibrary()) return url;
  const message =
    "no metrics go to Redis: ioredis is not installed; run `npm install ioredis`, or unset it";
  // Whoever made the engine can listen by then.
  queueMicrotask(() => events.emit("configuration", { subject: "REDIS_URL", message }));
  return undefined;
}
