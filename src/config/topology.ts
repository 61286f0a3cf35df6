import type { Fleet, ResourceSpec } from "./fleet.ts";

/**
 * Who needs whom, as a graph over resource ids. A service needs its instances and what it declares
 * in `depends_on`; an instance needs what its service declares, not its siblings.
 */
export interface Topology {
  /** Everything `id` needs, directly or through others, without itself. */
  needs(id: string): ReadonlySet<string>;
}

export function createTopology(fleet: Fleet): Topology {
  const closures = new Map<string, ReadonlySet<string>>();
  return {
    needs(id) {
      const known = closures.get(id);
      if (known) return known;
      const closure = reach(id, (from) => expand(fleet, from));
      closures.set(id, closure);
      return closure;
    },
  };
}

function needsOf(fleet: Fleet, id: string): readonly string[] {
  if (id.startsWith("service/")) return fleet.services[id.slice(8)]?.dependsOn ?? [];
  if (id.startsWith("instance/")) {
    return fleet.services[id.slice(9, id.lastIndexOf("."))]?.dependsOn ?? [];
  }
  const resource = fleet.resources[id];
  if (resource === undefined) return [];
  const isWatched = fleet.detection.connectivity.length > 0;
  return isWatched && isRemote(resource)
    ? [...resource.dependsOn, "host/network"]
    : resource.dependsOn;
}

/** It is reached over the network, so the network of this machine may be why it is not. */
function isRemote({ probe }: ResourceSpec): boolean {
  const { url, host } = probe.parameters;
  const place = typeof url === "string" ? url : typeof host === "string" ? host : undefined;
  return place !== undefined && !/(^|\/\/|@)(localhost|127\.|\[?::1)/.test(place);
}

/** A needed service stands for its instances, too. */
function expand(fleet: Fleet, id: string): readonly string[] {
  const needs = [...needsOf(fleet, id)];
  const service = id.startsWith("service/") ? fleet.services[id.slice(8)] : undefined;
  if (service) {
    const most = Math.max(service.instances, service.scaleMax);
    for (let n = 1; n <= most; n += 1) needs.push(`instance/${service.name}.${n}`);
  }
  return needs;
}

function reach(start: string, next: (id: string) => readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const open = [...next(start)];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id) || id === start) continue;
    seen.add(id);
    open.push(...next(id));
  }
  return seen;
}
