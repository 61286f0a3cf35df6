/** Resources: the parameters that the sensor of their kind takes. */
import type { JsonRecord } from "../kernel/index.ts";
import type { ResourceSpec } from "./fleet.ts";
import { authoritiesOf } from "./resolve-authorities.ts";
import { approvalsOf, hooksOf, strategiesOf } from "./resolve-hooks.ts";
import { cadenceOf, commandParameters, ownCadence, requestParameters } from "./resolve-probe.ts";
import {
  bytesOf,
  listOf,
  msOf,
  parametersOf,
  pathOf,
  type Scope,
  wordsOf,
} from "./resolve-scope.ts";
import type { WrittenFleet } from "./schema.ts";
import type { WrittenResource } from "./schema-resources.ts";
import { secretsOf } from "./secret.ts";
import type { TreePath } from "./tree.ts";

export interface ResourceContext {
  readonly scope: Scope;
  readonly id: string;
  readonly fleet: WrittenFleet;
  readonly dependsOn: readonly string[];
}

export function resolveResource(context: ResourceContext, resource: WrittenResource): ResourceSpec {
  const { scope, id, fleet, dependsOn } = context;
  const { kind, written } = resource;
  const path = ["resources", id];
  const defaults = fleet.defaults.resources;
  const cadence = cadenceOf(scope, path, ownCadence(written, defaults));
  const hooks = hooksOf(scope, path, written);
  return {
    id,
    kind,
    mode: written.mode ?? defaults.mode,
    probe: { kind, parameters: parametersFor(context, path, resource), ...cadence },
    dependsOn,
    strategies: strategiesOf(scope, path, { written: written.recovery_strategy, hooks }),
    hooks,
    approvals: approvalsOf(written.approve, hooks),
    severity: written.severity ?? defaults.severity,
  };
}

function parametersFor(
  { scope, id, fleet }: ResourceContext,
  path: TreePath,
  resource: WrittenResource,
): JsonRecord {
  const { kind, written } = resource;
  switch (kind) {
    case "http":
      return parametersOf({
        url: written.url,
        ...requestParameters(scope, path, written),
        certificateDays: written.days,
      });
    case "tcp":
      return { host: written.host, port: written.port };
    case "dns": {
      const { name, type, expect, server } = written;
      const answers = expect === undefined ? undefined : listOf(expect);
      return parametersOf({ name, type, expect: answers, server });
    }
    case "tls": {
      const { host, port, servername, days = fleet.detection.certificate_days } = written;
      const authorities = authoritiesOf(scope, [...path, "authorities"], written.authorities);
      return parametersOf({ host, port, servername, days, authorities });
    }
    case "command": {
      const command = wordsOf(scope, [...path, "command"], written.command);
      const env = secretsOf(scope, [...path, "env"], written.env).values;
      const cwd = pathOf(scope, written.cwd ?? ".");
      return { ...commandParameters(command, written.expect), cwd, env };
    }
    case "files": {
      const { max_age, min_bytes } = written;
      return parametersOf({
        path: pathOf(scope, written.path),
        maxAgeMs: max_age === undefined ? undefined : msOf(max_age),
        minBytes: min_bytes === undefined ? undefined : bytesOf(min_bytes),
      });
    }
    case "log": {
      const { file, pattern, threshold, window } = written;
      return { file: pathOf(scope, file), pattern, countMax: threshold, windowMs: msOf(window) };
    }
    case "heartbeat": {
      const everyMs = msOf(written.every);
      const graceMs = written.grace === undefined ? everyMs / 2 : msOf(written.grace);
      return { name: id.slice(id.indexOf("/") + 1), everyMs, graceMs };
    }
    case "prometheus": {
      const series = written.series.map(({ name, labels, above, below, rate_above }) =>
        parametersOf({ name, labels, above, below, rateAbove: rate_above }),
      );
      return parametersOf({
        url: written.url,
        series,
        headers: secretsOf(scope, [...path, "headers"], written.headers).values,
        authorities: authoritiesOf(scope, [...path, "authorities"], written.authorities),
      });
    }
    case "host":
      return machineParameters({ scope, fleet }, written);
  }
}

type WrittenMachine = Extract<WrittenResource, { readonly kind: "host" }>["written"];

function machineParameters(
  { scope, fleet }: Pick<ResourceContext, "scope" | "fleet">,
  { disks, interfaces, thresholds }: WrittenMachine,
): JsonRecord {
  const whole = fleet.detection.thresholds;
  return parametersOf({
    disks: listOf(disks).map((disk) => pathOf(scope, disk)),
    interfaces: interfaces === undefined ? undefined : listOf(interfaces),
    thresholds: parametersOf({
      cpu: thresholds.cpu ?? whole.cpu_usage,
      memory: thresholds.memory ?? whole.memory_usage,
      swap: thresholds.swap,
      disk: thresholds.disk,
      inodes: thresholds.inodes,
      load: thresholds.load,
      descriptors: thresholds.descriptors,
      pressureCpu: thresholds.pressure_cpu,
      pressureMemory: thresholds.pressure_memory,
      pressureIo: thresholds.pressure_io,
      networkErrors: thresholds.network_errors,
      networkDrops: thresholds.network_drops,
    }),
  });
}
