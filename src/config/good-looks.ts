import type { Fleet } from "./fleet.ts";

/** Where no probe has found it: one good look may be chance. */
const usual = 2;

/** How many good looks in a row end what this sensor has found of the resource (`up`). */
export function goodLooksFor(fleet: Fleet, resource: string, sensor: string): number {
  const declared = fleet.resources[resource];
  if (declared !== undefined) return declared.probe.up;
  const service = fleet.services[resource.slice("instance/".length, resource.lastIndexOf("."))];
  if (sensor === "liveness") return service?.liveness?.up ?? usual;
  if (sensor === "readiness") return service?.readiness?.up ?? usual;
  return usual;
}
