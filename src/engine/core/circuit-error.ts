/** What becomes known of a call that the circuit keeps away. */
import { CircuitBreakerError } from "../../resilience/index.ts";
import type { WorkingOperation } from "./working-operation.ts";

/** Whether the refusal takes effect; it is told and counted either way. */
export function tellRefusal(operation: WorkingOperation): boolean {
  const retryAfterMs = openLeftMs(operation);
  const isEnforced = operation.plan.acts.breaker;
  const { phase, isolatedBecause } = operation.breaker;
  const because = isolatedBecause === undefined ? "" : `: ${isolatedBecause}`;
  const reason = `the circuit is ${phase}${because}`;
  const known = retryAfterMs === undefined ? {} : { retryAfterMs };
  operation.decided({ kind: "rejected", by: "breaker", reason, ...known }, isEnforced);
  return isEnforced;
}

export function circuitError(operation: WorkingOperation): CircuitBreakerError {
  const { isolatedBecause } = operation.breaker;
  return new CircuitBreakerError(operation.name, openLeftMs(operation), { isolatedBecause });
}

/** Nobody knows when probes come back, or somebody releases what he has isolated. */
function openLeftMs({ breaker, shared }: WorkingOperation): number | undefined {
  if (breaker.phase !== "open") return undefined;
  return Math.ceil(breaker.openLeftMs(shared.pulse.monotonicMs()));
}
