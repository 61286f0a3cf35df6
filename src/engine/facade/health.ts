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

export interface HealthParts {
  readonly tools: Tools;
  readonly timeoutMs: number;
  readonly onReport: (report: HealthReport) => void;
  readonly operations: () => Iterable<OperationReport>;
}

/** With the checks that need nothing but the process; those of databases are registered by hand. */
export function processHealth({ operations, ...options }: HealthParts): HealthCheckRegistry {
  const registry = new HealthCheckRegistry(options);
  registry.register("memory", memoryCheck());
  registry.register("cpu", cpuCheck());
  registry.register("event_loop", eventLoopCheck());
  if (existsSync(".")) registry.register("disk", diskCheck());
  registry.register("circuits", circuitsCheck(operations));
  return registry;
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
