/** The whole fleet: from what people write to what everybody else reads. */
import { canonicalJson, type Mode, strictest } from "../kernel/index.ts";
import type { Fleet, ResourceSpec, ServiceSpec } from "./fleet.ts";
import { strategyName } from "./resolve-hooks.ts";
import { resolveResource } from "./resolve-resource.ts";
import { complain, listOf, msOf, type Scope } from "./resolve-scope.ts";
import { resolveService } from "./resolve-service.ts";
import { resolveVault } from "./resolve-vault.ts";
import type { WrittenFleet } from "./schema.ts";
import type { WrittenResource } from "./schema-resources.ts";
import { vaultResource } from "./vault-resource.ts";
import { vaultService } from "./vault-service.ts";

/** What fits the schema. */
interface Readable {
  readonly written: WrittenFleet;
  readonly resources: ReadonlyMap<string, WrittenResource>;
  readonly needs: ReadonlyMap<string, readonly string[]>;
}

/** Problems go to `scope.problems`; with any of them the fleet is not to be used. */
export function resolve(scope: Scope, { written, resources, needs }: Readable): Fleet {
  const services: Record<string, ServiceSpec> = {};
  for (const [name, service] of Object.entries(written.services)) {
    const dependsOn = needs.get(`service/${name}`) ?? [];
    services[name] = resolveService({ scope, name, fleet: written, dependsOn }, service);
  }
  const watched: Record<string, ResourceSpec> = {};
  for (const [id, resource] of resources) {
    const dependsOn = needs.get(id) ?? [];
    watched[id] = resolveResource({ scope, id, fleet: written, dependsOn }, resource);
  }
  const vaults = Object.fromEntries(
    Object.entries(written.vaults).map(([name, each]) => [name, resolveVault(scope, name, each)]),
  );
  const { mode } = written.defaults.resources;
  for (const each of Object.values(vaults)) {
    const agent = vaultService(scope, each);
    if (agent !== undefined) services[agent.name] = agent;
    const dependsOn = agent === undefined ? [] : [`service/${agent.name}`];
    watched[`vault/${each.name}`] = vaultResource(each, { dependsOn, mode });
  }
  const fleet = { ...wholeOf(written), services, resources: watched, vaults };
  warnOfBlindThresholds(scope, fleet);
  complainOfPorts(scope, fleet);
  return { ...fleet, hash: scope.hash(canonicalJson(fleet)) };
}

/** What nobody measures cannot be judged. */
function warnOfBlindThresholds(scope: Scope, fleet: Omit<Fleet, "hash">): void {
  const { memoryUsage, cpuUsage } = fleet.detection.thresholds;
  if (memoryUsage === undefined && cpuUsage === undefined) return;
  if (Object.values(fleet.resources).some(({ kind }) => kind === "host")) return;
  scope.warnings.push(
    "detection.thresholds: memory_usage and cpu_usage are of the machine, and no resource host/NAME is declared; nothing measures them",
  );
}

function thresholdsOf(
  written: WrittenFleet["detection"]["thresholds"],
): Fleet["detection"]["thresholds"] {
  const { error_rate, response_time, memory_usage, cpu_usage } = written;
  return {
    ...(error_rate === undefined ? {} : { errorRate: error_rate }),
    ...(response_time === undefined ? {} : { responseTimeMs: msOf(response_time) }),
    ...(memory_usage === undefined ? {} : { memoryUsage: memory_usage }),
    ...(cpu_usage === undefined ? {} : { cpuUsage: cpu_usage }),
  };
}

function wholeOf(written: WrittenFleet): Omit<Fleet, "services" | "resources" | "vaults" | "hash"> {
  const { budgets, detection, retention, api } = written;
  return {
    name: written.fleet,
    mode: written.mode,
    strategyModes: modesOf(written.strategy_modes),
    limitedTo: [...new Set(listOf(written.limited_to).map(strategyName))],
    budgets: {
      perResource: budgets.per_resource,
      perFleet: budgets.per_fleet,
      windowMs: msOf(budgets.window),
      coolDownMs: msOf(budgets.cool_down),
      coolDownMaxMs: Math.max(msOf(budgets.cool_down), msOf(budgets.cool_down_max)),
      crashes: budgets.crashes,
      crashWindowMs: msOf(budgets.crash_window),
      healthyRunMs: msOf(budgets.healthy_run),
      relapses: budgets.relapses,
      relapseWindowMs: msOf(budgets.relapse_window),
    },
    detection: {
      watchMs: msOf(detection.watch),
      verifyDeadlineMs: msOf(detection.verify_deadline),
      relapseMs: msOf(detection.relapse),
      correlateMs: msOf(detection.correlate),
      exhaustionLeadMs: msOf(detection.exhaustion_lead),
      diskFullWithinMs: msOf(detection.disk_full_within),
      certificateDays: detection.certificate_days,
      clockJumpMs: msOf(detection.clock_jump),
      deviation: detection.deviation,
      thresholds: thresholdsOf(detection.thresholds),
      connectivity: listOf(detection.connectivity),
    },
    retention: {
      metricsMs: msOf(retention.metrics),
      failuresMs: msOf(retention.failures),
      journalMs: msOf(retention.journal),
    },
    api:
      typeof api === "number"
        ? { host: "127.0.0.1", port: api, hosts: [] }
        : { ...api, hosts: listOf(api.hosts) },
  };
}

/** Two words for one strategy: the stricter mode counts. */
function modesOf(written: WrittenFleet["strategy_modes"]): Readonly<Record<string, Mode>> {
  const modes: Record<string, Mode> = {};
  for (const [name, mode] of Object.entries(written)) {
    const own = strategyName(name);
    modes[own] = strictest(mode, modes[own] ?? "full");
  }
  return modes;
}

function complainOfPorts(scope: Scope, fleet: Omit<Fleet, "hash">): void {
  const owners = new Map<number, string>([[fleet.api.port, "the API (`api.port`)"]]);
  for (const { name, listen } of Object.values(fleet.services)) {
    if (listen === undefined) continue;
    const owner = owners.get(listen.port);
    if (owner !== undefined) {
      const message = `port ${listen.port} belongs to ${owner} already`;
      complain(scope, ["services", name, "listen"], { message, fix: "choose another port" });
    }
    owners.set(listen.port, `service ${name}`);
  }
}
