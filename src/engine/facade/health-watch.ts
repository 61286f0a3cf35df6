/**
 * Asks for health again and again, and tells what has changed since: nobody has to ask to hear that
 * something is ill.
 *
 * A1. It keeps no process alive, begins after one interval, and does nothing while it is switched
 *     off.
 * A2. Told is what changes, not what stays.
 */
import { type CancelTimer, formatDuration } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { EngineEventHub } from "../events.ts";
import type { Prediction } from "../foresight/index.ts";
import type { CheckResult, HealthCheckRegistry, HealthReport } from "../health/index.ts";
import { redact } from "../redact.ts";
import type { EngineSettings } from "../settings/index.ts";

export interface HealthWatchParts {
  readonly tools: Tools;
  readonly events: EngineEventHub;
  readonly service: string;
  readonly settings: () => EngineSettings;
  readonly registry: HealthCheckRegistry;
  readonly onUnhealthy: (name: string, message: string) => void;
}

interface Ill {
  readonly result: CheckResult;
  readonly sinceMs: number;
  readonly looks: number;
}

export class HealthWatch {
  readonly #parts: HealthWatchParts;
  readonly #ill = new Map<string, Ill>();
  #overall: HealthReport["overall"] = "healthy";
  #cancel: CancelTimer | undefined;
  #isOver = false;

  constructor(parts: HealthWatchParts) {
    this.#parts = parts;
    this.#arm();
  }

  /** Of every report, whoever has asked for it. */
  heard({ overall, checks }: HealthReport): void {
    const changed = checks.filter((check) => this.#note(check));
    const names = new Set(checks.map(({ name }) => name));
    for (const name of this.#ill.keys()) if (!names.has(name)) this.#ill.delete(name);
    const before = this.#overall;
    this.#overall = overall;
    if (changed.length > 0 || before !== overall) {
      const ill = checks.filter(({ status }) => status !== "healthy").map(inWords);
      const message = [`it is ${overall}`, ...(ill.length === 0 ? [] : [ill.join("; ")])];
      const details = {
        overall,
        before,
        changed: changed.map(({ name, status }) => [name, status]),
      };
      const { events, service } = this.#parts;
      events.emit("health", { subject: service, message: message.join(": "), details });
    }
    for (const check of checks) {
      if (check.status !== "unhealthy") continue;
      this.#parts.onUnhealthy(check.name, redact(check.message ?? "its health check says so"));
    }
  }

  /** What is ill now, as issues that are there already. */
  issues(): readonly Prediction[] {
    const nowMs = this.#parts.tools.monotonicMs();
    return [...this.#ill.values()].map(({ result, sinceMs, looks }) => {
      const forMs = nowMs - sinceMs;
      const lasting = forMs < 1000 ? "" : ` for ${formatDuration(forMs)}`;
      // Its own latency says nothing of what it looks at; its message does.
      const evidence = { looks, forMs };
      const message = `${inWords(result)}${lasting}`;
      return { subject: result.name, kind: "health_check", inMs: 0, message, evidence };
    });
  }

  stop(): void {
    this.#isOver = true;
    this.#cancel?.();
  }

  #arm(): void {
    const { tools, settings, registry } = this.#parts;
    this.#cancel = tools.background.after(settings().value("health.intervalMs"), () => {
      const { engine, healthMonitoring } = settings().switches;
      const isOn = engine && healthMonitoring && registry.names().length > 0;
      void (isOn ? registry.report() : Promise.resolve()).finally(() => {
        if (!this.#isOver) this.#arm();
      });
    });
  }

  /** Whether that is news. */
  #note(result: CheckResult): boolean {
    const known = this.#ill.get(result.name);
    if (result.status === "healthy") return this.#ill.delete(result.name);
    const sinceMs = known?.sinceMs ?? this.#parts.tools.monotonicMs();
    const looks = (known?.looks ?? 0) + 1;
    this.#ill.set(result.name, { result, sinceMs, looks });
    return known?.result.status !== result.status;
  }
}

function inWords({ name, status, message }: CheckResult): string {
  return message === undefined
    ? `${name} is ${status}`
    : `${name} is ${status}: ${redact(message)}`;
}
