/** Sends what the engine knows to where the environment says, if it says so. */
import { messageOf } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { EngineEventHub } from "../events.ts";
import type { EngineView } from "../operation.ts";
import type { EngineSettings } from "../settings/index.ts";
import { EngineTelemetry } from "../telemetry/index.ts";

type Told = EngineView & { readonly events: EngineEventHub; readonly settings: EngineSettings };

/** Returns the function that ends it. A mistake in the environment is told and stops nothing. */
export function startTelemetry(engine: Told, tools: Tools, startedAt: number): () => Promise<void> {
  const { events } = engine;
  try {
    const telemetry = new EngineTelemetry({
      view: engine,
      events,
      tools,
      startedAt,
      batchSize: engine.settings.value("telemetry.batchSize"),
      flushIntervalMs: engine.settings.value("telemetry.flushIntervalMs"),
      redisStreamKey: engine.settings.value("telemetry.redisStreamKey"),
    });
    return () => telemetry.stop();
  } catch (error) {
    const message = `telemetry is not sent: ${messageOf(error)}`;
    events.emit("telemetry_loss", { subject: "settings", message });
    return nothing;
  }
}

async function nothing(): Promise<void> {}
