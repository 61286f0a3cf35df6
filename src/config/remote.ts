/** What is asked over the network: then the network of this machine may be why nobody answers. */
import type { Fleet, ProbeSpec, ServiceSpec } from "./fleet.ts";

/** Where a question goes, whoever asks it. */
export type Ask = Pick<ProbeSpec, "kind" | "parameters">;

/** Without somebody far away, it does not matter whether this machine has a network. */
export function watchesNetwork(fleet: Fleet): boolean {
  if (fleet.detection.connectivity.length > 0) return true;
  const services = Object.values(fleet.services);
  return (
    services.some((service) => [...asksOfService(service).values()].some(isRemote)) ||
    Object.values(fleet.resources).some(({ probe }) => isRemote(probe))
  );
}

/** What a resource or an instance is asked: all of it, or by one sensor. */
export function asksOf(fleet: Fleet, id: string, sensor?: string): readonly Ask[] {
  const resource = fleet.resources[id];
  if (resource) return [resource.probe];
  if (!id.startsWith("instance/")) return [];
  const service = fleet.services[id.slice("instance/".length, id.lastIndexOf("."))];
  if (service === undefined) return [];
  const asks = asksOfService(service);
  if (sensor === undefined) return [...asks.values()];
  const ask = asks.get(sensor);
  return ask ? [ask] : [];
}

/** By sensor. */
function asksOfService(service: ServiceSpec): ReadonlyMap<string, Ask> {
  const { startup, readiness, liveness, work } = service;
  const asks = new Map<string, Ask>();
  for (const [sensor, probe] of Object.entries({ startup, readiness, liveness })) {
    if (probe) asks.set(sensor, probe);
  }
  for (const { name, url } of work) asks.set(`work.${name}`, { kind: "work", parameters: { url } });
  return asks;
}

/**
 * A name server that nobody names is one of the network's. An address of this machine other than
 * loopback cannot be told from others here.
 */
export function isRemote({ kind, parameters }: Ask): boolean {
  const { url, host, server } = parameters;
  const place = [url, host, server].find((each) => typeof each === "string");
  if (place === undefined) return kind === "dns";
  // A path is asked of the instance itself, at its own port.
  return !place.startsWith("/") && !loopback.test(hostIn(place));
}

const loopback = /^(?:(?:.+\.)?localhost\.?|127(?:\.\d+){3}|0\.0\.0\.0|::1?)$/i;

/** Of a URL, of `host:port`, or the host as it is. */
function hostIn(place: string): string {
  const authority = place.replace(/^\w+:\/\//, "").replace(/[/?#].*$/, "");
  const address = authority.slice(authority.lastIndexOf("@") + 1);
  const bracketed = /^\[([^\]]*)\]/.exec(address)?.[1];
  return bracketed ?? (/^[^:]*:\d+$/.test(address) ? address.replace(/:\d+$/, "") : address);
}
