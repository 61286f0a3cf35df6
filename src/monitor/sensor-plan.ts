import { type Fleet, type ProbeSpec, type ServiceSpec, watchesNetwork } from "../config/index.ts";
import {
  frontProxy,
  hostNetwork,
  hostPressure,
  instanceId,
  type ResourceId,
  type SensorSpec,
} from "../model/index.ts";

/**
 * Which looks a fleet needs. A resource has one look, its probe. An instance has a look at its
 * start until that passes once; only then the others begin, because a service that is still
 * starting is neither hung nor stalled.
 */
export interface InstanceLooks {
  readonly startup?: SensorSpec;
  readonly running: readonly SensorSpec[];
}

/** How often the numbers of a process are read; limits that nothing else enforces need it. */
const usageIntervalMs = { limited: 250, unlimited: 1000 };

export function looksOfInstance(service: ServiceSpec, number: number): InstanceLooks {
  const resource = instanceId(service.name, number);
  const running: SensorSpec[] = [usageLook(service, resource)];
  if (service.liveness) running.push(probeLook(resource, "liveness", service.liveness));
  if (service.readiness && !sameQuestion(service.readiness, service.liveness)) {
    running.push(probeLook(resource, "readiness", service.readiness));
  }
  for (const work of service.work) {
    running.push({
      key: `${resource}#work.${work.name}`,
      resource,
      sensor: `work.${work.name}`,
      kind: "work",
      parameters: {
        url: work.url,
        headers: work.headers,
        counter: work.counter,
        waiting: work.waiting,
      },
      intervalMs: work.intervalMs,
      timeoutMs: work.timeoutMs,
    });
  }
  const startup = service.startup ?? service.readiness ?? service.liveness;
  return startup ? { startup: probeLook(resource, "startup", startup), running } : { running };
}

export function looksOfResources(fleet: Fleet): readonly SensorSpec[] {
  if (fleet.mode === "off") return [];
  const declared = Object.values(fleet.resources)
    .filter((resource) => resource.mode !== "off")
    .map((resource) => probeLook(resource.id as ResourceId, resource.kind, resource.probe));
  const services = Object.values(fleet.services);
  const hasFront = services.some((service) => service.listen !== undefined);
  return [
    ...declared,
    ...(hasFront ? [proxyLook(fleet)] : []),
    ...(watchesNetwork(fleet) ? [networkLook(fleet)] : []),
    ...(declared.length > 0 || services.some(isAsked) ? [pressureLook] : []),
  ];
}

function isAsked({ startup, readiness, liveness, work }: ServiceSpec): boolean {
  return (startup ?? readiness ?? liveness ?? work[0]) !== undefined;
}

/** Is it our own network that is down? Asked at once, too, when somebody far away is silent. */
function networkLook(fleet: Fleet): SensorSpec {
  return {
    key: `${hostNetwork}#connectivity`,
    resource: hostNetwork,
    sensor: "connectivity",
    kind: "connectivity",
    parameters: { references: [...fleet.detection.connectivity] },
    intervalMs: 5000,
    timeoutMs: 1000,
  };
}

/** Looked at more often than anything is judged by two looks; a look is one small read. */
const pressureLook: SensorSpec = {
  key: `${hostPressure}#pressure`,
  resource: hostPressure,
  sensor: "pressure",
  kind: "pressure",
  parameters: {},
  intervalMs: 1000,
  timeoutMs: 1000,
};

/** That it is gone is told at once by whoever holds a line to it; a look asks whether it works. */
const proxyLook = (fleet: Fleet): SensorSpec => ({
  key: `${frontProxy}#proxy`,
  resource: frontProxy,
  sensor: "proxy",
  kind: "proxy",
  // Requests are counted by service where somebody wants to know.
  parameters: fleet.detection.thresholds.errorRate === undefined ? {} : { counts: true },
  intervalMs: 1000,
  timeoutMs: 1000,
});

function usageLook(service: ServiceSpec, resource: ResourceId): SensorSpec {
  const { memoryBytes, descriptors, processes } = service.limits;
  const limited = memoryBytes !== undefined || descriptors !== undefined || processes !== undefined;
  return {
    key: `${resource}#usage`,
    resource,
    sensor: "usage",
    kind: "process-usage",
    parameters: {
      ...(memoryBytes === undefined ? {} : { memoryBytes }),
      ...(descriptors === undefined ? {} : { descriptors }),
      ...(processes === undefined ? {} : { processes }),
    },
    intervalMs: limited ? usageIntervalMs.limited : usageIntervalMs.unlimited,
    timeoutMs: 1000,
  };
}

function probeLook(resource: ResourceId, sensor: string, probe: ProbeSpec): SensorSpec {
  return {
    key: `${resource}#${sensor}`,
    resource,
    sensor,
    kind: probe.kind,
    parameters: probe.parameters,
    intervalMs: probe.intervalMs,
    timeoutMs: probe.timeoutMs,
  };
}

function sameQuestion(a: ProbeSpec, b: ProbeSpec | undefined): boolean {
  return (
    b !== undefined &&
    a.kind === b.kind &&
    JSON.stringify(a.parameters) === JSON.stringify(b.parameters)
  );
}
