/**
 * The monitors of others that an engine was handed: each is a health check `monitor:<name>`, and
 * what it finds is told as `monitor`, is an issue and a metric.
 *
 * O1. While `integration.enhanceExistingMonitors` or the engine is off they are only listed.
 * O2. Who lets go of one leaves it as it was.
 */
import { checkArgument, SoulMirrorError } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { EngineEventHub, Notice } from "../events.ts";
import type { Prediction } from "../foresight/index.ts";
import type { HealthCheck, HealthCheckRegistry } from "../health/index.ts";
import { type Means, meansOf } from "../recovery/index.ts";
import type { EngineSettings } from "../settings/index.ts";
import type { Metric } from "../telemetry/index.ts";
import { AdoptedMonitor, type MonitorReport } from "./adopted-monitor.ts";
import { type HandedMonitor, monitorName, monitorOption, monitorsMax } from "./handed-monitors.ts";
import { abilitiesOf, type MonitorAbilities } from "./monitor-abilities.ts";

export interface AdoptedMonitorsParts {
  readonly tools: Tools;
  readonly events: EngineEventHub;
  /** The name of the process. */
  readonly service: string;
  readonly settings: () => EngineSettings;
  readonly health: HealthCheckRegistry;
  readonly record: (metric: Metric) => void;
  /** What the owner of a monitor should know. */
  readonly tell: (notice: Notice) => void;
  /** From now on that one is begun anew by `restart` when `check` says that it is ill. */
  readonly heal: (name: string, restart: Means, check: HealthCheck) => () => void;
}

interface Adopted {
  readonly monitor: AdoptedMonitor;
  readonly restart: Means | undefined;
  /** What ends its check and its healing. */
  stops: readonly (() => void)[];
}

const values = { healthy: 0, degraded: 1, unhealthy: 2 } as const;

export class AdoptedMonitors {
  readonly #parts: AdoptedMonitorsParts;
  readonly #adopted = new Map<string, Adopted>();
  #isClosed = false;

  constructor(parts: AdoptedMonitorsParts) {
    this.#parts = parts;
  }

  /** Throws OPTIONS_INVALID, and BAD_REQUEST for a name that is taken or one too many. */
  adopt({ name, monitor, restart = false }: HandedMonitor): () => void {
    checkArgument(["adoptMonitor", "name"], name, monitorName);
    checkArgument(["adoptMonitor", "monitor"], monitor, monitorOption);
    this.#refuseTaken(name);
    const abilities = this.#look(name, monitor);
    const means = restart ? meansOf(abilities.monitor).restart : undefined;
    const adopted: Adopted = { monitor: this.#make(name, abilities), restart: means, stops: [] };
    if (restart && means === undefined) {
      this.#tell(name, "it has neither restart() nor stop() and start(): nobody can begin it anew");
    }
    this.#adopted.set(name, adopted);
    this.#apply(adopted);
    return () => {
      if (this.#adopted.get(name) !== adopted) return;
      this.#adopted.delete(name);
      leave(adopted);
    };
  }

  settingsChanged(): void {
    for (const adopted of this.#adopted.values()) this.#apply(adopted);
  }

  reports(): readonly MonitorReport[] {
    return [...this.#adopted.values()].map(({ monitor }) => monitor.report());
  }

  /** What is wrong now, as issues that are there already. */
  issues(): readonly Prediction[] {
    return [...this.#adopted.values()].flatMap(({ monitor }): readonly Prediction[] => {
      const trouble = monitor.isHeard ? monitor.trouble() : undefined;
      if (trouble === undefined) return [];
      const { message, forMs, times } = trouble;
      const evidence = { value: times, limit: 0, first: 0, looks: Math.max(1, times), forMs };
      return [{ subject: checkOf(monitor.name), kind: "monitor", inMs: 0, message, evidence }];
    });
  }

  /** Whether that health check is one of ours. */
  owns(check: string): boolean {
    return check.startsWith("monitor:") && this.#adopted.has(check.slice("monitor:".length));
  }

  /** Of that health check: the monitor itself is ill, and not what it watches. */
  isIllItself(check: string): boolean {
    return this.#adopted.get(check.slice("monitor:".length))?.monitor.isIllItself ?? false;
  }

  close(): void {
    this.#isClosed = true;
    for (const adopted of this.#adopted.values()) leave(adopted);
  }

  #refuseTaken(name: string): void {
    if (this.#adopted.has(name)) {
      throw new SoulMirrorError("BAD_REQUEST", `there is a monitor "${name}" already`, {
        fix: "take another name, or let go of it first",
      });
    }
    if (this.#adopted.size >= monitorsMax) {
      throw new SoulMirrorError("BAD_REQUEST", `there are ${monitorsMax} monitors already`, {
        fix: "ask several of them in one function",
      });
    }
  }

  #look(name: string, monitor: object): MonitorAbilities {
    try {
      return abilitiesOf(monitor);
    } catch (error) {
      const message = `adoptMonitor: "${name}" cannot be looked at: one of its getters throws`;
      const fix = "hand in a function that asks it";
      throw new SoulMirrorError("OPTIONS_INVALID", message, { fix, cause: error });
    }
  }

  #make(name: string, abilities: MonitorAbilities): AdoptedMonitor {
    const { tools, events, record, service } = this.#parts;
    const common = { metricType: "health_check", source: service, tags: { monitor: name } };
    return new AdoptedMonitor({
      name,
      abilities,
      tools,
      found: (finding) => events.emit("monitor", finding),
      measured: (status, told) => {
        const metricName = "soulmirror.monitor.status";
        record({ ...common, metricName, value: values[status], unit: "1" });
        const alerts = { ...common, metricName: "soulmirror.monitor.alerts", value: told };
        if (told > 0) record({ ...alerts, unit: "count" });
      },
      tell: (message) => this.#tell(name, message),
    });
  }

  /** O1. */
  #apply(adopted: Adopted): void {
    const { settings, health, heal } = this.#parts;
    const { monitor, restart } = adopted;
    const isOn =
      !this.#isClosed &&
      settings().switches.engine &&
      settings().value("integration.enhanceExistingMonitors");
    if (isOn === monitor.isHeard) return;
    if (!isOn) return leave(adopted);
    if (!monitor.isAble) return;
    monitor.listen();
    const name = checkOf(monitor.name);
    const stops = [this.#checkBy(health, monitor)];
    if (restart !== undefined) {
      stops.push(heal(name, restart, async () => (await monitor.ask()).status));
    }
    adopted.stops = stops;
  }

  #checkBy(health: HealthCheckRegistry, monitor: AdoptedMonitor): () => void {
    try {
      return health.register(checkOf(monitor.name), (signal) => monitor.check(signal));
    } catch (error) {
      this.#tell(monitor.name, `it has no health check: ${(error as Error).message}`);
      return () => {};
    }
  }

  #tell(name: string, message: string): void {
    const subject = checkOf(name);
    // Whoever hands it in can listen by then.
    queueMicrotask(() => this.#parts.tell({ subject, message: `${subject}: ${message}` }));
  }
}

function checkOf(name: string): string {
  return `monitor:${name}`;
}

function leave(adopted: Adopted): void {
  for (const stop of adopted.stops) stop();
  adopted.stops = [];
  adopted.monitor.letGo();
}
