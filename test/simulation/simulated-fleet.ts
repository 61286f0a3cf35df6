import type { Fleet, ProbeSpec, ResourceSpec, ServiceSpec } from "../../src/config/index.ts";
import type { ResourceId } from "../../src/model/index.ts";

/** Effective fleets, made directly: the simulation is about the loop, not about the file. */
export interface FleetShape {
  readonly services: number;
  readonly resources: number;
  /** Version of the specs: another version is another hash. */
  readonly versions: ReadonlyMap<string, number>;
  /** One of each kind beside them: without `listen`, unasked, jobs, what waits for approval. */
  readonly isVaried?: boolean;
}

export function simulatedFleet(shape: FleetShape): Fleet {
  const services: Record<string, ServiceSpec> = {};
  for (let index = 0; index < shape.services; index += 1) {
    const service = simulatedService(index, shape);
    services[service.name] = service;
  }
  if (shape.isVaried) {
    for (const service of variedServices(shape)) services[service.name] = service;
  }
  const resources: Record<string, ResourceSpec> = {};
  for (let index = 0; index < shape.resources; index += 1) {
    const site = simulatedSite(index, shape);
    resources[site.id] = site;
  }
  return {
    name: "simulated",
    mode: "full",
    services,
    resources,
    strategyModes: {},
    limitedTo: [],
    vaults: {},
    budgets: {
      perResource: shape.isVaried ? 4 : 8,
      perFleet: shape.isVaried ? 10 : 40,
      windowMs: 600_000,
      coolDownMs: 1000,
      coolDownMaxMs: 60_000,
      crashes: 10,
      crashWindowMs: 600_000,
      relapses: 5,
      relapseWindowMs: 3_600_000,
      healthyRunMs: 10_000,
    },
    detection: {
      watchMs: 5000,
      verifyDeadlineMs: 30_000,
      relapseMs: 600_000,
      correlateMs: 10_000,
      exhaustionLeadMs: 20_000,
      diskFullWithinMs: 86_400_000,
      certificateDays: 14,
      clockJumpMs: 1000,
      deviation: true,
      thresholds: {},
      connectivity: [],
    },
    retention: { metricsMs: 0, failuresMs: 0, journalMs: 0 },
    api: { host: "127.0.0.1", port: 5050, hosts: [] },
    hash: JSON.stringify([...shape.versions]),
  };
}

const noHooks: ServiceSpec["hooks"] = { commands: {}, webhooks: {}, clean: [], rotate: [] };

/** Its command fails half-way as often as not, and heals nothing. */
const switchable: ServiceSpec["hooks"] = {
  ...noHooks,
  alternative: {
    kind: "command",
    command: ["switch"],
    undo: ["switch", "back"],
    reversible: true,
    timeoutMs: 2000,
  },
};

/** Its command cannot be taken back, so a person is asked. */
const irreversible: ServiceSpec["hooks"] = {
  ...noHooks,
  alternative: { kind: "command", command: ["switch"], reversible: false, timeoutMs: 2000 },
};

const siteHooks = [switchable, irreversible];

export const memoryLimitBytes = 512 * 1024 * 1024;
/** What a process takes that does not leak, and what one that leaks takes more and more. */
export const baseBytes = 60 * 1024 * 1024;
export const leakBytesPerMs = 4 * 1024;

function probe(intervalMs: number, timeoutMs: number): ProbeSpec {
  return {
    kind: "http",
    parameters: { path: "/health" },
    intervalMs,
    timeoutMs,
    down: 2,
    of: 3,
    up: 2,
  };
}

function simulatedSite(index: number, { isVaried = false }: FleetShape): ResourceSpec {
  return {
    id: `http/site-${index}`,
    kind: "http",
    mode: "full",
    probe: probe(isVaried ? 5000 : 10_000, 2000),
    dependsOn: [],
    strategies: [],
    hooks: (isVaried ? siteHooks[index] : undefined) ?? noHooks,
    approvals: {},
    severity: "high",
  };
}

/** Each service needs the one before it: a chain with a branch at every third. */
function simulatedService(index: number, shape: FleetShape): ServiceSpec {
  const needed = index === 0 ? undefined : index % 3 === 0 ? 0 : index - 1;
  return {
    ...usualService(`service-${index}`, shape),
    listen: { host: "127.0.0.1", port: 4100 + index },
    instances: index % 2 === 0 && shape.services > 1 ? 2 : 1,
    dependsOn: needed === undefined ? [] : [`service/service-${needed}`],
    hooks: index % 2 === 0 ? switchable : noHooks,
  };
}

function variedServices(shape: FleetShape): readonly ServiceSpec[] {
  const usual = (name: string): ServiceSpec => usualService(name, shape);
  const bare = (name: string): ServiceSpec => {
    const { startup: _, liveness: __, ...rest } = usual(name);
    return { ...rest, work: [], limits: {} };
  };
  return [
    { ...usual("plain"), dependsOn: ["service/service-0"] },
    { ...usual("wary"), approvals: { restart: "always" } },
    bare("bare"),
    { ...bare("job-once"), restart: "never" },
    { ...bare("job-again"), restart: "on-failure" },
  ];
}

/** Without `listen`: two of its processes cannot take turns. */
function usualService(name: string, shape: FleetShape): ServiceSpec {
  return {
    name,
    mode: "full",
    command: ["node", `${name}.js`],
    cwd: "/",
    env: {},
    instances: 1,
    dependsOn: [],
    restart: "always",
    start: { timeoutMs: 10_000 },
    stop: { signal: "SIGTERM", graceMs: 5000, drainMs: 5000 },
    startup: probe(50, 500),
    liveness: probe(1000, 500),
    work: [
      {
        name: "jobs",
        url: "/metrics",
        headers: {},
        counter: "jobs_total",
        waiting: "jobs_waiting",
        stallAfterMs: 2000,
        intervalMs: 1000,
        timeoutMs: 500,
      },
    ],
    limits: { memoryBytes: memoryLimitBytes },
    log: { maxBytes: 1_000_000, keep: 3 },
    timeoutMs: 10_000,
    autoRetry: true,
    strategies: [],
    hooks: noHooks,
    approvals: {},
    scaleMax: 3,
    hash: `${name}@${shape.versions.get(name) ?? 1}`,
  };
}

/** Of an instance. */
export function serviceNameOf(resource: ResourceId): string {
  return resource.slice("instance/".length, resource.lastIndexOf("."));
}
