/**
 * What a fleet is made of. A resource is named `kind/name`; an instance of a service is a resource
 * of its own, `instance/<service>.<number>`, because one of two may hang while the other works.
 */
export type ResourceId = `${string}/${string}`;

export function resourceId(kind: string, name: string): ResourceId {
  return `${kind}/${name}`;
}

export function kindOf(id: ResourceId): string {
  return id.slice(0, id.indexOf("/"));
}

export function nameOf(id: ResourceId): string {
  return id.slice(id.indexOf("/") + 1);
}

export function serviceId(service: string): ResourceId {
  return `service/${service}`;
}

/** `number` counts from 1. */
export function instanceId(service: string, number: number): ResourceId {
  return `instance/${service}.${number}`;
}

/** The service and number of an instance, or undefined for any other resource. */
export function instanceOf(id: ResourceId): { service: string; number: number } | undefined {
  if (!id.startsWith("instance/")) return undefined;
  const dot = id.lastIndexOf(".");
  return { service: id.slice("instance/".length, dot), number: Number(id.slice(dot + 1)) };
}

/** The front proxy, which every service with `listen` stands behind. */
export const frontProxy: ResourceId = "proxy/front";

/** The wall clock of this machine. */
export const hostClock: ResourceId = "host/clock";

/** The network of this machine itself: while it is down, nothing remote can be judged. */
export const hostNetwork: ResourceId = "host/network";

/** How busy this machine is: the more, the more patience with what does not answer. */
export const hostPressure: ResourceId = "host/pressure";

/** A process is its pid and its start, so that a pid that was given away again is a stranger. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks since boot. */
  readonly startTicks: number;
  readonly bootId: string;
}

export function sameProcess(a: ProcessIdentity, b: ProcessIdentity): boolean {
  return a.pid === b.pid && a.startTicks === b.startTicks && a.bootId === b.bootId;
}
