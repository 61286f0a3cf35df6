/** Sends what the engine knows to where the environment says, if it says so. */
import { messageOf } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { EngineEventHub } from "../events.ts";
import type { EngineView } from "../operation.ts";
import { engineResource } from "../telemetry/engine-resource.ts";
import { OtlpExporter } from "../telemetry/otlp-exporter.ts";
import { OtlpTransport } from "../telemetry/otlp-transport.ts";
import { telemetrySettings } from "../telemetry/telemetry-settings.ts";

type Told = EngineView & { readonly events: EngineEventHub };

/** Returns the function that ends it. A mistake in the environment is told and stops nothing. */
export function startTelemetry(engine: Told, tools: Tools): () => Promise<void> {
  const { events, service } = engine;
  try {
    const { otlp } = telemetrySettings(process.env);
    if (otlp === undefined) return nothing;
    const transport = new OtlpTransport(otlp, tools.wallMs);
    const resource = engineResource(service, tools.wallMs());
    const exporter = new OtlpExporter({ view: engine, events, transport, resource, tools });
    return () => exporter.stop();
  } catch (error) {
    const message = `telemetry is not sent: ${messageOf(error)}`;
    events.emit("telemetry_loss", { subject: "settings", message });
    return nothing;
  }
}

async function nothing(): Promise<void> {}
