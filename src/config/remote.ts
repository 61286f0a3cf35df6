/** What is asked over the network: then the network of this machine may be why nobody answers. */
import type { Fleet, ProbeSpec, ServiceSpec } from "./fleet.ts";

/** Where a question goes, whoever asks it. */
export type Ask = Pick<ProbeSpec, "kind" | "parameters">;

/** Without somebody far away, it does not matter whether this machine has a network. */
export function watchesNetwork(fleet: Fleet): boolean {
  if (fleet.detection.connectivity.length > 0) return true;
  const services = Object.values(fleet.services);
  return (
    services.some((service) => asksOf(service).some(isRemote)) ||
    Object.values(fleet.resources).some(({ probe }) => isRemote(probe))
  );
}

/** All that the instances of a service are asked. */
export function asksOf({ startup, readiness, liveness, work }: ServiceSpec): readonly Ask[] {
  const probes = [startup, readiness, liveness].filter((probe) => probe !== undefined);
  return [...probes, ...work.map(({ url }) => ({ kind: "work", parameters: { url } }))];
}

/** A name server that nobody names is one of the network's. */
export function isRemote({ kind, parameters }: Ask): boolean {
  const { url, host, server } = parameters;
  const place = [url, host, server].find((each) => typeof each === "string");
  if (place === undefined) return kind === "dns";
  return !isOwn(place);
}

/** A path is asked of the instance itself, at its own port. */
function isOwn(place: string): boolean {
  return /^\/|(^|\/\/|@)(localhost|127\.|0\.0\.0\.0|\[?::1)/.test(place);
}
