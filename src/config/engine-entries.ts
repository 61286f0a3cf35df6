/**
 * A reliability file as the in-process engine reads it: one entry for each value that somebody has
 * written, with its meaning, its key and its place. Which of them wins, the engine decides: it
 * knows further sources.
 */
import { type Json, parseDurationMs } from "../kernel/index.ts";
import { formatKey } from "./key-path.ts";
import { engineModeOf } from "./reliability-config.ts";
import { at, type MapTree, memberOf, plainOf, type Tree, type TreePath } from "./tree.ts";
import { placeOf } from "./validate.ts";

export interface EngineEntry {
  /** Whose calls it concerns; neither: all. */
  readonly service?: string;
  readonly method?: string;
  /** What it sets, in the engine's words: `retry.attempts`. */
  readonly leaf: string;
  readonly value: Json;
  /** As it is written in the file. */
  readonly key: string;
  /** `config/reliability.yml:3:14` */
  readonly from: string;
}

interface Row {
  readonly written: TreePath;
  readonly leaf: string;
  /** Undefined: it says nothing. */
  readonly meaning?: (value: Json) => Json | undefined;
}

const ms = (value: Json): Json => parseDurationMs(value as string | number) ?? 0;
const list = (value: Json): Json => (Array.isArray(value) ? value : [value]) as Json;
const words = (value: Json): Json =>
  typeof value === "string" ? value.split(",").map((word) => word.trim()) : value;

function row(written: string, leaf: string, meaning?: Row["meaning"]): Row {
  const path = written.split(".");
  return meaning === undefined ? { written: path, leaf } : { written: path, leaf, meaning };
}

const callRows: readonly Row[] = [
  row("mode", "mode"),
  row("limited_to", "limitedTo", list),
  row("timeout", "timeoutMs", ms),
  row("auto_retry", "retry.permission", (is) => (is === true ? "declared_idempotent" : "never")),
  row("retry.attempts", "retry.attempts"),
  row("retry.delay", "retry.delayMs", ms),
  row("retry.growth", "retry.growth"),
  row("retry.delay_max", "retry.delayMaxMs", ms),
  row("retry.budget", "retry.budget"),
  row("breaker", "breaker.enabled", (value) => (typeof value === "boolean" ? value : undefined)),
  row("breaker.enabled", "breaker.enabled"),
  row("breaker.failure_threshold", "breaker.failureThreshold"),
  row("breaker.success_threshold", "breaker.successThreshold"),
  row("breaker.reset_timeout", "breaker.resetTimeoutMs", ms),
  row("breaker.reset_growth", "breaker.resetGrowth"),
  row("breaker.reset_timeout_max", "breaker.resetTimeoutMaxMs", ms),
  row("breaker.failure_rate", "breaker.failureRate"),
  row("breaker.slow_call_rate", "breaker.slowCallRate"),
  row("breaker.slow_call", "breaker.slowCallMs", ms),
  row("breaker.window", "breaker.windowMs", ms),
  row("breaker.minimum_calls", "breaker.minimumCalls"),
  row("bulkhead.limit", "bulkhead.limit"),
  row("bulkhead.queue", "bulkhead.queue"),
];

const serviceRows: readonly Row[] = [
  ...callRows,
  row("recovery_strategy", "strategies", words),
  row("health_check", "healthCheck", (value) => (typeof value === "string" ? value : undefined)),
  row("health_check.http", "healthCheck"),
  row("listen", "address", (value) => addressOf(value)),
];

const switchRows: readonly Row[] = (
  [
    ["engine", "engine"],
    ["self_healing", "selfHealing"],
    ["instrumentation", "instrumentation"],
    ["health_monitoring", "healthMonitoring"],
    ["breakers", "breakers"],
    ["auto_recovery", "autoRecovery"],
    ["retry", "retry"],
    ["failover", "failover"],
    ["silent_errors", "silentErrors"],
    ["predictions", "predictions"],
  ] as const
).map(([written, leaf]) => row(`switches.${written}`, `switches.${leaf}`));

const engineRows: readonly Row[] = [
  row("mode", "mode"),
  row("limited_to", "limitedTo", list),
  ...switchRows,
  row("telemetry.batch_size", "telemetry.batchSize"),
  row("telemetry.flush_interval", "telemetry.flushIntervalMs", ms),
  row("telemetry.redis_stream", "telemetry.redisStreamKey"),
  row("telemetry.redis_url", "telemetry.redisUrl"),
  row("health.interval", "health.intervalMs", ms),
  row("health.timeout", "health.timeoutMs", ms),
];

/** Of `.reliability-config.json`. */
const configRows: readonly Row[] = [
  row("engine.mode", "mode", (value) => engineModeOf(value as string)),
  row("engine.autoRecover", "switches.autoRecovery"),
  row("engine.silentErrorDetection", "switches.silentErrors"),
  row("engine.predictiveMonitoring", "switches.predictions"),
  row("integration.wrapExistingServices", "integration.wrapExistingServices"),
  row("integration.enhanceExistingMonitors", "integration.enhanceExistingMonitors"),
  row("integration.unifiedDashboard", "integration.unifiedDashboard"),
  row("thresholds.errorRate", "thresholds.errorRate"),
  row("thresholds.responseTime", "thresholds.responseTimeMs", ms),
  row("thresholds.memoryUsage", "thresholds.memoryUsage"),
  row("thresholds.cpuUsage", "thresholds.cpuUsage"),
];

/** The tree fits its schema. */
export function entriesOfReliabilityFile(tree: MapTree): readonly EngineEntry[] {
  const engine: TreePath = ["engine"];
  return [
    ...entriesAt(tree, [], [row("mode", "mode")]),
    ...entriesAt(tree, engine, engineRows),
    ...entriesAt(tree, [...engine, "defaults"], serviceRows),
    ...namesAt(tree, ["services"]).flatMap((service) => {
      const path: TreePath = ["services", service];
      const own = entriesAt(tree, path, serviceRows).map((entry) => ({ ...entry, service }));
      const ofMethods = namesAt(tree, [...path, "methods"]).flatMap((method) =>
        entriesAt(tree, [...path, "methods", method], callRows).map((entry) => ({
          ...entry,
          service,
          method,
        })),
      );
      return [...own, ...ofMethods];
    }),
  ];
}

/** The tree fits its schema. */
export function entriesOfReliabilityConfig(tree: MapTree): readonly EngineEntry[] {
  return entriesAt(tree, [], configRows);
}

function entriesAt(tree: MapTree, path: TreePath, rows: readonly Row[]): readonly EngineEntry[] {
  const base = at(tree, path);
  return rows.flatMap(({ written, leaf, meaning }) => {
    const found = base === undefined ? undefined : at(base, written);
    if (found === undefined) return [];
    const value = meaning === undefined ? plainOf(found) : meaning(plainOf(found));
    if (value === undefined) return [];
    const { file, line, column } = placeOf(found.origin);
    const key = formatKey([...path, ...written]);
    return [{ leaf, value, key, from: `${file}:${line}:${column}` }];
  });
}

function namesAt(tree: Tree, path: TreePath): readonly string[] {
  const found = at(tree, path);
  return found?.kind === "map" ? [...found.members.keys()] : [];
}

function addressOf(value: Json): string {
  const written = typeof value === "number" ? `${value}` : (value as string);
  return `http://${written.includes(":") ? written : `127.0.0.1:${written}`}`;
}

/** The members of `tree` that `isTaken` says yes to. */
export function pick(tree: MapTree, isTaken: (key: string) => boolean): MapTree {
  return { ...tree, members: new Map([...tree.members].filter(([key]) => isTaken(key))) };
}

/** Every service of the file, changed by `change`. */
export function mapServices(tree: MapTree, change: (service: MapTree) => MapTree): MapTree {
  const services = memberOf(tree, "services");
  if (services?.kind !== "map") return tree;
  const members = new Map<string, Tree>();
  for (const [name, service] of services.members) {
    members.set(name, service.kind === "map" ? change(service) : service);
  }
  return { ...tree, members: new Map(tree.members).set("services", { ...services, members }) };
}
