/** A view with the operations that a test names. For tests. */
import { LogSketch } from "../../statistics/index.ts";
import type { OperationReport } from "../operation.ts";

export function sampleReport(
  name: string,
  latenciesMs: readonly number[] = [],
  parts: Partial<OperationReport> = {},
): OperationReport {
  const latency = new LogSketch();
  for (const each of latenciesMs) latency.add(each);
  const succeeded = parts.succeeded ?? latenciesMs.length;
  const failed = Object.values(parts.failures ?? {}).reduce((sum, each) => sum + each, 0);
  return {
    name,
    calls: succeeded + failed,
    succeeded,
    failed,
    failures: {},
    inFlight: 0,
    silentErrors: 0,
    latency,
    sampledEvery: 1,
    decisions: {},
    breaker: undefined,
    ...parts,
  };
}
