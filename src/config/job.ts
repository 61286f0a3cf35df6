import type { ServiceSpec } from "./fleet.ts";

/**
 * It does its work and ends: nobody asks it anything. Others wait for its end, and need nothing of
 * it afterwards.
 */
export function isJob(service: ServiceSpec): boolean {
  const { restart, startup, readiness, liveness, listen } = service;
  return restart !== "always" && (startup ?? readiness ?? liveness ?? listen) === undefined;
}
