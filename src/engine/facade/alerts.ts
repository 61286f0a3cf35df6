/**
 * Tells people, by `ALERT_WEBHOOK_URL`, what an engine cannot mend by itself: health that becomes
 * worse or well again, a service that is not healed, a circuit that opens.
 *
 * W1. Nothing waits for it, it keeps no process alive, and what waits is bounded: a receiver that
 *     is away is asked again, ever later, and what is told of one thing meanwhile becomes one.
 * W2. Of one thing, kind and severity one alert goes out in five minutes; what is held back is told
 *     then, if it is still so and nobody has heard it (see `alert-pace.ts`).
 * W3. What an engine cannot send is said once, with who can.
 */
import type { Tools } from "../../resilience/index.ts";
import type { EngineEventHub, Notice } from "../events.ts";
import { redact } from "../redact.ts";
import type { EngineSettings } from "../settings/index.ts";
import { DeliveryRefused, Lane, type Sink, SinkAway } from "../telemetry/index.ts";
import { AlertPace } from "./alert-pace.ts";

export interface AlertsParts {
  readonly service: string;
  readonly events: EngineEventHub;
  readonly settings: () => EngineSettings;
  readonly tools: Tools;
}

interface Alert {
  /** Wall milliseconds. */
  readonly timestamp: number;
  readonly service: string;
  readonly kind: "health" | "recovery" | "breaker";
  readonly severity: "critical" | "warning" | "info";
  readonly subject: string;
  readonly message: string;
}

const quietMs = 300_000;
const subjectsMax = 1000;
const closeWithinMs = 2000;

/** Returns the function that ends it, after what waits has been sent or cannot be. */
export function startAlerts({
  service,
  events,
  settings,
  tools,
}: AlertsParts): () => Promise<void> {
  tellUnsendable(events, settings());
  const url = settings().value("alerts.webhookUrl");
  if (url === undefined) return async () => {};
  const lane = new Lane<Alert>({
    sink: webhookSink(url),
    joining: {
      keyOf: ({ kind, subject }) => `${kind} ${subject}`,
      join: (_, later) => later,
    },
    limits: { queueMax: 50, joinedMax: 50 },
    batchSize: 1,
    flushIntervalMs: 100,
    sendTimeoutMs: 5000,
    tools,
    onLoss: ({ lost, joined, reason }) => {
      const message = `${lost} alerts were lost, ${joined} joined: ${redact(reason ?? "no room")}`;
      events.emit("telemetry_loss", { subject: "ALERT_WEBHOOK_URL", message });
    },
  });
  const add = (alert: Alert): void => lane.add(alert);
  const pace = new AlertPace<Alert>({ tools, send: add, quietMs, subjectsMax });
  const send = (alert: Omit<Alert, "timestamp" | "service">): void => {
    if (!settings().switches.engine) return;
    const message = redact(alert.message);
    const whole = { timestamp: tools.wallMs(), service, ...alert, message };
    pace.offer(`${alert.kind} ${alert.subject}`, whole);
  };
  const stops = [
    events.on("health", ({ subject, message, details }) => {
      send({ kind: "health", severity: severityOf(details?.["overall"]), subject, message });
    }),
    events.on("recovery", ({ subject, message, details }: Notice) => {
      const kind = details?.["kind"];
      if (kind === "resolved") send({ kind: "recovery", severity: "info", subject, message });
      if (kind === "unresolved") send({ kind: "recovery", severity: "critical", subject, message });
    }),
    events.on("breaker", ({ name, decision }) => {
      if (decision.to !== "open") return;
      const message = `the circuit of ${name} is open: ${decision.reason}`;
      send({ kind: "breaker", severity: "warning", subject: name, message });
    }),
  ];
  return async () => {
    for (const stop of stops) stop();
    pace.close();
    await lane.close(closeWithinMs);
  };
}

function severityOf(overall: unknown): Alert["severity"] {
  if (overall === "unhealthy") return "critical";
  return overall === "degraded" ? "warning" : "info";
}

function webhookSink(url: string): Sink<Alert> {
  return {
    name: "the alert webhook",
    async send([alert], signal) {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...alert, text: `${alert?.service}: ${alert?.message}` }),
        redirect: "error",
        signal,
      });
      await answer.body?.cancel();
      const { status, ok } = answer;
      if (ok) return;
      const message = `it answered ${status}`;
      if (status >= 500 || status === 429 || status === 408) throw new SinkAway(message);
      throw new DeliveryRefused(message);
    },
  };
}

/** W3. */
function tellUnsendable(events: EngineEventHub, settings: EngineSettings): void {
  const ways = [
    ["alerts.email", "ALERT_EMAIL_ENABLED", "e-mail"],
    ["alerts.sms", "ALERT_SMS_ENABLED", "SMS"],
  ] as const;
  for (const [name, subject, what] of ways) {
    if (!settings.value(name)) continue;
    const message = `an engine sends no ${what}; set ALERT_WEBHOOK_URL for alerts of this process`;
    // Whoever made the engine can listen by then.
    queueMicrotask(() => events.emit("configuration", { subject, message }));
  }
}
