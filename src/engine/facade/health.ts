/** The health of the process that the engine is in, and of the services that it knows. */
import { existsSync } from "node:fs";
import type { Tools } from "../../resilience/index.ts";
import {
  cpuCheck,
  diskCheck,
  eventLoopCheck,
  type HealthCheck,
  HealthCheckRegistry,
  type HealthReport,
  memoryCheck,
} from "../health/index.ts";
import type { OperationReport } from "../operation.ts";
import type { SettingProblem } from "../settings/index.ts";

export interface HealthParts {
  readonly tools: Tools;
  readonly timeoutMs: number;
  readonly onReport: (report: HealthReport) => void;
  readonly operations: () => Iterable<OperationReport>;
  readonly problems: () => readonly SettingProblem[];
}

/** With the checks that need nothing but the process; those of databases are registered by hand. */
export function processHealth({
  operations,
  problems,
  ...options
}: HealthParts): HealthCheckRegistry {
  const registry = new HealthCheckRegistry(options);
  registry.register("memory", memoryCheck());
  registry.register("cpu", cpuCheck());
  registry.register("event_loop", eventLoopCheck());
  if (existsSync(".")) registry.register("disk", diskCheck());
  registry.register("circuits", circuitsCheck(operations));
  registry.register("configuration", configurationCheck(problems));
  return registry;
}

/** Degraded while files or variables hold mistakes: the service runs with less than was meant. */
function configurationCheck(problems: HealthParts["problems"]): HealthCheck {
  return () => {
    const [first, ...others] = problems();
    if (first === undefined) return { status: "healthy", message: "it has no mistakes" };
    const { file, line, column, key, message } = first;
    const more = others.length === 0 ? "" : `, and ${others.length} more`;
    const place = line > 0 ? `${file}:${line}:${column}` : file;
    return { status: "degraded", message: `${place} ${key}: ${message}${more}` };
  };
}

/** Degraded while a circuit is not closed: what depends on it does not get all it asks for. */
function circuitsCheck(operations: HealthParts["operations"]): HealthCheck {
  return () => {
    const broken: string[] = [];
    for (const { name, breaker } of operations()) {
      if (breaker !== undefined && breaker !== "closed") broken.push(`${name} (${breaker})`);
    }
    if (broken.length === 0) return { status: "healthy", message: "all circuits are closed" };
    const metadata = { circuits: broken.slice(0, 100), count: broken.length };
    return { status: "degraded", message: `${broken.length} circuits are not closed`, metadata };
  };
}
