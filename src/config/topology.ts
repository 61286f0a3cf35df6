import type { Fleet, ServiceSpec } from "./fleet.ts";
import { isJob } from "./job.ts";
import { asksOf, isRemote } from "./remote.ts";

/**
 * Who needs whom, as a graph over resource ids. A service needs its instances and what it declares
 * in `depends_on`; an instance needs what its service declares, not its siblings. What is asked
 * over the network needs the network of this machine as well.
 *
 * A job answers nobody: who depends on one waits for its end, and does not need it any more. So it
 * is nobody's cause, however it ended; what it needs itself is needed through it.
 */
export interface Topology {
  /** Everything `id` needs, directly or through others, without itself. */
  needs(id: string): ReadonlySet<string>;
}

const ownNetwork = "host/network";

export function createTopology(fleet: Fleet): Topology {
  const closures = new Map<string, ReadonlySet<string>>();
  return {
    needs(id) {
      const known = closures.get(id);
      if (known) return known;
      const own = serviceOf(fleet, id);
      const closure = reach(id, (from) => expand(fleet, from));
      for (const each of closure) {
        const service = serviceOf(fleet, each);
        if (service && service !== own && isJob(service)) closure.delete(each);
      }
      closures.set(id, closure);
      return closure;
    },
  };
}

function needsOf(fleet: Fleet, id: string): readonly string[] {
  const needs = (fleet.resources[id] ?? serviceOf(fleet, id))?.dependsOn ?? [];
  return asksOf(fleet, id).some(isRemote) ? [...needs, ownNetwork] : needs;
}

function serviceOf({ services }: Fleet, id: string): ServiceSpec | undefined {
  if (id.startsWith("service/")) return services[id.slice("service/".length)];
  if (!id.startsWith("instance/")) return undefined;
  return services[id.slice("instance/".length, id.lastIndexOf("."))];
}

/** A needed service stands for its instances, too. */
function expand(fleet: Fleet, id: string): readonly string[] {
  const needs = [...needsOf(fleet, id)];
  const service = serviceOf(fleet, id);
  if (service && id.startsWith("service/")) {
    const most = Math.max(service.instances, service.scaleMax);
    for (let n = 1; n <= most; n += 1) needs.push(`instance/${service.name}.${n}`);
  }
  return needs;
}

function reach(start: string, next: (id: string) => readonly string[]): Set<string> {
  const seen = new Set<string>();
  const open = [...next(start)];
  for (let id = open.pop(); id !== undefined; id = open.pop()) {
    if (seen.has(id) || id === start) continue;
    seen.add(id);
    open.push(...next(id));
  }
  return seen;
}
