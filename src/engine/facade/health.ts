/** The health of the process that the engine is in, and of the services that it knows. */
import { existsSync } from "node:fs";
import { formatDuration } from "../../kernel/index.ts";
import type { Breaker, Tools } from "../../resilience/index.ts";
import { type FailingOperation, type SlowOperation, wordsForFailing } from "../foresight/index.ts";
import {
  cpuCheckBy,
  diskCheck,
  eventLoopCheck,
  type HealthCheck,
  HealthCheckRegistry,
  type HealthReport,
  memoryCheckBy,
  type ShareLimits,
} from "../health/index.ts";
import { type EngineSettings, mistakeIn, type SettingProblem } from "../settings/index.ts";

export interface HealthParts {
  readonly tools: Tools;
  readonly timeoutMs: number;
  readonly onReport: (report: HealthReport) => void;
  readonly settings: () => EngineSettings;
  readonly operations: Iterable<WithCircuit>;
  /** Those that answer more slowly than `thresholds.responseTime`, the slowest first. */
  readonly slow: () => readonly SlowOperation[];
  /** Those that fail more often than `thresholds.errorRate`, the worst first. */
  readonly failing: () => readonly FailingOperation[];
  readonly problems: () => readonly SettingProblem[];
  /** Configured services that nothing here uses. */
  readonly unused: () => readonly SettingProblem[];
}

/** What is looked at of an operation: a whole report of each would cost too much. */
export interface WithCircuit {
  readonly name: string;
  readonly breaker: Pick<Breaker, "phase" | "isolatedBecause">;
  /** Whether its circuit keeps calls away, when it is open. */
  readonly turnsAway: boolean;
  /** Somebody calls it, or measures calls of it. Else only its name was ever said. */
  readonly isMade: boolean;
  readonly isMeasuredOnly: boolean;
}

/** With the checks that need nothing but the process; those of databases are registered by hand. */
export function processHealth({
  operations,
  settings,
  slow,
  failing,
  problems,
  unused,
  ...options
}: HealthParts): HealthCheckRegistry {
  const registry = new HealthCheckRegistry(options);
  const { tools } = options;
  const limitsOf = (name: "memoryUsage" | "cpuUsage", usual: ShareLimits) => (): ShareLimits =>
    limitsBy(asked(settings(), `thresholds.${name}`), usual);
  const ofMemory = { degradedAbove: 0.75, unhealthyAbove: 0.9 };
  const ofCpu = { degradedAbove: 0.8, unhealthyAbove: 0.95 };
  registry.register("memory", memoryCheckBy(limitsOf("memoryUsage", ofMemory)));
  registry.register("cpu", cpuCheckBy(limitsOf("cpuUsage", ofCpu), { tools }));
  registry.register("response_time", responseTimeCheck(slow, settings));
  registry.register("error_rate", errorRateCheck(failing, settings));
  registry.register("event_loop", eventLoopCheck());
  if (existsSync(".")) registry.register("disk", diskCheck());
  registry.register("circuits", circuitsCheck(operations));
  registry.register("configuration", configurationCheck(problems, unused));
  return registry;
}

/** Undefined: nobody has set it. What is usual makes issues, and nobody ill. */
function asked(
  settings: EngineSettings,
  name: `thresholds.${"errorRate" | "responseTimeMs" | "memoryUsage" | "cpuUsage"}`,
): number | undefined {
  return settings.saysOf(name, {}) ? settings.value(name) : undefined;
}

/** What somebody has set wins; what is unhealthy is never less than what is degraded. */
function limitsBy(degradedAbove: number | undefined, usual: ShareLimits): ShareLimits {
  if (degradedAbove === undefined) return usual;
  return { degradedAbove, unhealthyAbove: Math.max(degradedAbove, usual.unhealthyAbove) };
}

/** Degraded while the p95 of an operation is above what somebody has set; else never. */
function responseTimeCheck(
  slow: HealthParts["slow"],
  settings: HealthParts["settings"],
): HealthCheck {
  return () => {
    const limitMs = asked(settings(), "thresholds.responseTimeMs");
    if (limitMs === undefined) return { status: "healthy", message: "no limit is set" };
    const [worst, ...others] = slow();
    const allowed = formatDuration(limitMs);
    if (worst === undefined) {
      return { status: "healthy", message: `all operations answer within ${allowed}` };
    }
    const more = others.length === 0 ? "" : `, and ${others.length} more are too slow`;
    const message = `p95 of ${worst.name} is ${formatDuration(worst.p95Ms)}, above ${allowed}${more}`;
    const operations = [worst, ...others].slice(0, 100).map(({ name, p95Ms }) => [name, p95Ms]);
    return { status: "degraded", message, metadata: { limitMs, operations } };
  };
}

/** Degraded while more of an operation's calls fail than somebody has set; else never. */
function errorRateCheck(
  failing: HealthParts["failing"],
  settings: HealthParts["settings"],
): HealthCheck {
  return () => {
    const limit = asked(settings(), "thresholds.errorRate");
    if (limit === undefined) return { status: "healthy", message: "no limit is set" };
    const [worst, ...others] = failing();
    if (worst === undefined) return { status: "healthy", message: "no operation fails too often" };
    const more = others.length === 0 ? "" : `, and ${others.length} more fail too often`;
    const operations = [worst, ...others].slice(0, 100).map(({ name, share }) => [name, share]);
    const message = `${wordsForFailing(worst)}${more}`;
    return { status: "degraded", message, metadata: { limit, operations } };
  };
}

/** Degraded while files or variables hold mistakes: the service runs with less than was meant. */
function configurationCheck(
  problems: HealthParts["problems"],
  unused: HealthParts["unused"],
): HealthCheck {
  return () => {
    const [first, ...others] = problems();
    const idle = unused().map(({ message, fix }) => `${message}: ${fix}`);
    const list = idle.length === 0 ? {} : { metadata: { unused: idle.slice(0, 100) } };
    if (first === undefined) {
      const [some = "it has no mistakes"] = idle;
      const rest = idle.length > 1 ? `, and ${idle.length - 1} more` : "";
      return { status: "healthy", message: `${some}${rest}`, ...list };
    }
    const more = others.length === 0 ? "" : `, and ${others.length} more`;
    return { status: "degraded", message: `${mistakeIn(first)}${more}`, ...list };
  };
}

/**
 * Degraded while a circuit that acts is not closed: what depends on it does not get all it asks
 * for. Those that are only told of, or that nobody has called, turn nothing away: they are listed
 * apart.
 */
function circuitsCheck(operations: HealthParts["operations"]): HealthCheck {
  return () => {
    const broken: string[] = [];
    const notEnforced: string[] = [];
    for (const { name, breaker, turnsAway, isMade, isMeasuredOnly } of operations) {
      const { phase, isolatedBecause } = breaker;
      if (phase === "closed") continue;
      const isCalled = isMade || isMeasuredOnly;
      const because = isolatedBecause === undefined ? "" : `: ${isolatedBecause}`;
      (turnsAway && isCalled ? broken : notEnforced).push(`${name} (${phase}${because})`);
    }
    const apart = { notEnforced: notEnforced.slice(0, 100) };
    if (broken.length === 0) {
      return notEnforced.length === 0
        ? { status: "healthy", message: "all circuits are closed" }
        : { status: "healthy", message: "no circuit that acts is open", metadata: apart };
    }
    const metadata = { circuits: broken.slice(0, 100), count: broken.length, ...apart };
    const named = broken.slice(0, 3).join(", ");
    const rest = broken.length > 3 ? `, and ${broken.length - 3} more` : "";
    return { status: "degraded", message: `not closed: ${named}${rest}`, metadata };
  };
}
