/**
 * What the engine knows of each service beside its calls: how its health is asked for, and what it
 * can be healed by.
 */
import { checkOptions, messageOf, SoulMirrorError } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import type { EngineEventHub, Notice } from "../events.ts";
import type { Prediction } from "../foresight/index.ts";
import {
  databaseCheck,
  type HealthCheck,
  type HealthCheckRegistry,
  type HealthReport,
  healthMetrics,
  redisCheck,
} from "../health/index.ts";
import {
  AdoptedMonitors,
  type AdoptOptions,
  adoptShape,
  type HandedMonitor,
  type MonitorReport,
} from "../monitors/index.ts";
import { meansOf, type RecoveryMeans, type RecoveryStore } from "../recovery/index.ts";
import { builtIn, type EngineSettings, type SettingProblem } from "../settings/index.ts";
import type { Metric } from "../telemetry/index.ts";
import { startAlerts } from "./alerts.ts";
import type { Foresight } from "./foresight.ts";
import { processHealth } from "./health.ts";
import { HealthWatch } from "./health-watch.ts";
import type { Operations } from "./operations.ts";
import { ServiceRecovery } from "./service-recovery.ts";
import { tellOrWarn } from "./tell-or-warn.ts";
import { urlCheck } from "./url-check.ts";

export interface ServiceCareParts {
  readonly tools: Tools;
  readonly events: EngineEventHub;
  /** The name of the process. */
  readonly service: string;
  readonly operations: Operations;
  readonly settings: () => EngineSettings;
  readonly problems: () => readonly SettingProblem[];
  /** Configured services that nothing here uses. */
  readonly unused: () => readonly SettingProblem[];
  readonly recoveries: RecoveryStore | string | undefined;
  /** It is made later. */
  readonly foresight: () => Pick<Foresight, "slow" | "failing">;
  readonly record: (metric: Metric) => void;
  /** Monitors of others that the engine was made with. */
  readonly monitors: readonly HandedMonitor[];
}

export interface Registration {
  readonly check?: HealthCheck | undefined;
  readonly recovery?: RecoveryMeans | undefined;
}

/** Checks of which each operation is an issue of its own. */
const ofOperations: ReadonlySet<string> = new Set(["response_time", "error_rate"]);
const unaskedMax = 1000;
/** Of one thing. */
const namesMax = 100;

export class ServiceCare {
  readonly health: HealthCheckRegistry;
  readonly recovery: ServiceRecovery;
  readonly #parts: ServiceCareParts;
  readonly #watch: HealthWatch;
  readonly #monitors: AdoptedMonitors;
  readonly #stopAlerts: () => Promise<void>;
  readonly #tell: (notice: Notice) => void;
  /** The names that each thing was wrapped under. */
  readonly #namesOf = new WeakMap<object, Set<string>>();
  /** The checks that are ours, with what takes them away again. */
  readonly #checks = new Map<string, () => void>();

  /** Services of which it was told that nobody asks after them. */
  readonly #unasked = new Set<string>();

  constructor(parts: ServiceCareParts) {
    const { tools, events, service, operations, settings, recoveries } = parts;
    const { problems, unused, foresight, record } = parts;
    this.#parts = parts;
    this.#tell = tellOrWarn(events, "configuration");
    this.recovery = new ServiceRecovery({ tools, events, operations, settings, store: recoveries });
    this.health = processHealth({
      tools,
      timeoutMs: settings().value("health.timeoutMs"),
      onReport: (report) => this.#heard(report),
      settings,
      operations,
      slow: () => foresight().slow(),
      failing: () => foresight().failing(),
      problems,
      unused,
    });
    this.#watch = new HealthWatch({
      tools,
      events,
      service,
      settings,
      registry: this.health,
      onUnhealthy: (name, message) => {
        // A monitor that tells of others' illness is well itself.
        if (this.#monitors.owns(name) && !this.#monitors.isIllItself(name)) return;
        this.recovery.isUnhealthy(name, message);
      },
    });
    this.#monitors = new AdoptedMonitors({
      tools,
      events,
      service,
      settings,
      health: this.health,
      record,
      tell: tellOrWarn(events, "configuration", "SOULMIRROR_MONITOR"),
      heal: (name, restart, check) => {
        this.recovery.register(name, { means: { restart }, check });
        return () => this.recovery.forget(name);
      },
    });
    for (const monitor of parts.monitors) this.#monitors.adopt(monitor);
    this.#stopAlerts = startAlerts({ service, events, settings, tools });
  }

  /** What is ill now. */
  issues(): readonly Prediction[] {
    // Those of monitors are known before anybody asks, those of operations each by its name.
    const others = this.#watch.issues().filter(({ subject }) => {
      return !ofOperations.has(subject) && !this.#monitors.owns(subject);
    });
    return [...this.#monitors.issues(), ...others];
  }

  adopt(name: string, monitor: object, options: AdoptOptions): () => void {
    const read = checkOptions("adoptMonitor", options, adoptShape);
    return this.#monitors.adopt({ ...read, name, monitor });
  }

  monitors(): readonly MonitorReport[] {
    return this.#monitors.reports();
  }

  settingsChanged(): void {
    this.#monitors.settingsChanged();
  }

  #heard(report: HealthReport): void {
    this.#watch.heard(report);
    const { engine, instrumentation } = this.#parts.settings().switches;
    if (engine && instrumentation)
      for (const each of healthMetrics(report)) this.#parts.record(each);
  }

  async close(): Promise<void> {
    this.#monitors.close();
    this.#watch.stop();
    this.health.stop();
    await this.recovery.close();
    await this.#stopAlerts();
  }

  /** Throws BAD_REQUEST for a name under which somebody else has a health check. */
  registered(name: string, target: object, { check, recovery }: Registration): void {
    this.#remember(name, target);
    this.#checkBy(name, check);
    this.#heal(name, target, recovery);
  }

  /** Only what the settings say of it by name. */
  wrapped(name: string, target: object): void {
    this.#remember(name, target);
    const { healthCheck, strategies } = this.#parts.settings().settingsOf(name);
    if (healthCheck !== undefined && !this.#checks.has(name)) this.#checkBy(name, undefined);
    if (strategies !== builtIn.strategies) this.#heal(name, target, undefined);
  }

  /** Who watches its connections says so: calls need not wait for the circuit's own time. */
  serverIsBack(client: object): void {
    for (const name of this.#namesOf.get(client) ?? []) this.#parts.operations.letProbe(name);
  }

  #remember(name: string, target: object): void {
    const known = this.#namesOf.get(target) ?? new Set();
    if (known.size < namesMax) this.#namesOf.set(target, known.add(name));
  }

  #checkBy(name: string, given: HealthCheck | undefined): void {
    const { health } = this;
    const { healthCheck } = this.#parts.settings().settingsOf(name);
    const byUrl = healthCheck?.kind === "url" ? urlCheck(healthCheck.url) : undefined;
    const check = given ?? byUrl;
    if (check !== undefined) {
      this.#checks.get(name)?.();
      try {
        this.#checks.set(name, health.register(name, check));
      } catch (error) {
        if (given !== undefined) throw error;
        this.#tellRefused(name, error);
      }
    } else if (healthCheck !== undefined && health.checkOf(name) === undefined) {
      this.#tellMissing(name, healthCheck.kind);
    }
  }

  /** What is only configured stops nobody who wraps. */
  #tellRefused(name: string, error: unknown): void {
    const fix = error instanceof SoulMirrorError ? `; ${error.fix}` : "";
    const message = `the health_check of "${name}" is not asked: ${messageOf(error)}${fix}`;
    this.#tellOnce({ subject: name, message });
  }

  /** Somebody may wrap for each request. */
  #tellOnce(notice: Notice): void {
    if (this.#unasked.has(notice.subject) || this.#unasked.size >= unaskedMax) return;
    this.#unasked.add(notice.subject);
    this.#tell(notice);
  }

  /** Whoever asks for a check and gets none believes that all is well. */
  #tellMissing(name: string, kind: "url" | "path" | "custom"): void {
    const message =
      kind === "path"
        ? `the health_check of "${name}" is a path, and there is no address; set \`address\`, or write a URL`
        : `the health_check of "${name}" is custom, and there is none; hand \`check\` to registerService`;
    this.#tellOnce({ subject: name, message });
  }

  #heal(name: string, target: object, given: RecoveryMeans | undefined): void {
    const { health, recovery } = this;
    const means = { ...meansOf(target), ...given };
    recovery.register(name, { means, check: health.checkOf(name) ?? questionTo(target) });
  }
}

/** Clients that can be asked how they are without being told how. */
function questionTo(target: object): HealthCheck | undefined {
  if (typeof target === "function") return undefined;
  const { ping, query } = target as Readonly<Record<string, unknown>>;
  if (typeof ping === "function" && "status" in target) return redisCheck(target);
  const isPool = typeof query === "function" && "totalCount" in target;
  return isPool ? databaseCheck(target) : undefined;
}
