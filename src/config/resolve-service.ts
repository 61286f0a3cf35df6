/** One service: from what people write to what everybody else reads. */
import { canonicalJson } from "../kernel/index.ts";
import type { LimitSpec, ServiceSpec, WorkSpec } from "./fleet.ts";
import { approvalsOf, hooksOf, strategiesOf } from "./resolve-hooks.ts";
import { addressOf, hostAndPort, type ProbeScope, probesOf } from "./resolve-probe.ts";
import { bytesOf, complain, msOf, pathOf, type Scope, wordsOf } from "./resolve-scope.ts";
import type { WrittenFleet } from "./schema.ts";
import type { WrittenService } from "./schema-service.ts";
import { secretsOf } from "./secret.ts";

export interface ServiceContext {
  readonly scope: Scope;
  readonly name: string;
  readonly fleet: WrittenFleet;
  readonly dependsOn: readonly string[];
}

export function resolveService(context: ServiceContext, written: WrittenService): ServiceSpec {
  const { scope, name, fleet, dependsOn } = context;
  const path = ["services", name];
  const env = secretsOf(scope, [...path, "env"], written.env);
  const listen = written.listen === undefined ? undefined : hostAndPort(written.listen);
  const runs = {
    command: wordsOf(scope, [...path, "command"], written.command),
    cwd: pathOf(scope, written.cwd ?? "."),
    env: env.values,
    ...(written.user === undefined ? {} : { user: String(written.user) }),
    ...(written.group === undefined ? {} : { group: String(written.group) }),
    ...(listen === undefined ? {} : { listen }),
    limits: limitsOf(written.limits),
  };
  const probes: ProbeScope = {
    scope,
    name,
    cwd: runs.cwd,
    env: env.values,
    listen,
    defaults: fleet.defaults.probes,
  };
  const hooks = hooksOf(scope, path, written);
  return {
    name,
    mode: written.mode,
    ...runs,
    ...instancesOf(context, written),
    dependsOn,
    restart: written.restart,
    start: { timeoutMs: msOf(written.start.timeout) },
    stop: {
      signal: written.stop.signal,
      graceMs: msOf(written.stop.grace),
      drainMs: msOf(written.stop.drain),
    },
    ...probesOf(probes, written),
    work: workOf(probes, written.work),
    log: { maxBytes: bytesOf(written.log.max_size), keep: written.log.keep },
    ...(written.pid_file === undefined ? {} : { pidFile: pathOf(scope, written.pid_file) }),
    timeoutMs: msOf(written.timeout),
    autoRetry: written.auto_retry,
    strategies: strategiesOf(scope, path, { written: written.recovery_strategy, hooks }),
    hooks,
    approvals: approvalsOf(written.approve, hooks),
    ...(Object.keys(env.sources).length === 0 ? {} : { secrets: env.sources }),
    // With the name: what runs is known by its hash, and two services may be run alike.
    hash: scope.hash(canonicalJson({ name, ...runs })),
  };
}

function limitsOf(written: WrittenService["limits"]): LimitSpec {
  const { memory, descriptors, processes, cpu } = written;
  return {
    ...(memory === undefined ? {} : { memoryBytes: bytesOf(memory) }),
    ...(descriptors === undefined ? {} : { descriptors }),
    ...(processes === undefined ? {} : { processes }),
    ...(cpu === undefined ? {} : { cpuPercent: Number.parseFloat(String(cpu)) }),
  };
}

/** Without the front proxy, two instances would fight for one address. */
function instancesOf(
  { scope, name }: ServiceContext,
  written: WrittenService,
): Pick<ServiceSpec, "instances" | "scaleMax"> {
  const path = ["services", name];
  const { instances } = written;
  const max = written.scale?.max;
  const fix = "add `listen`, so that the front proxy owns the address";
  if (written.listen === undefined && instances > 1) {
    const message = `${instances} instances need \`listen\``;
    complain(scope, [...path, "instances"], { message, fix });
  } else if (written.listen === undefined && (max ?? 1) > 1) {
    const message = `scaling to ${max} instances needs \`listen\``;
    complain(scope, [...path, "scale", "max"], { message, fix });
  }
  if (max !== undefined && max < instances) {
    const message = `it may have ${max} instances, but begins with ${instances}`;
    complain(scope, [...path, "scale", "max"], { message, fix: `make it at least ${instances}` });
  }
  return { instances, scaleMax: Math.max(instances, max ?? instances) };
}

function workOf(context: ProbeScope, written: WrittenService["work"]): readonly WorkSpec[] {
  const { scope, name } = context;
  const names = new Set<string>();
  return written.map((work, index) => {
    const path = ["services", name, "work", index];
    const own = work.name ?? work.counter;
    if (names.has(own)) {
      const message = `two of them are called "${own}"`;
      complain(scope, path, { message, fix: "give one of them another `name`" });
    }
    names.add(own);
    const where = addressOf(context, work.url);
    if (where === undefined) {
      const message = `"${work.url}" is a path, but the service has no address`;
      const fix = "add `listen`, set PORT in `env`, or write the whole URL";
      complain(scope, [...path, "url"], { message, fix });
    }
    return {
      name: own,
      url: where === undefined ? work.url : "path" in where ? where.path : where.url,
      headers: secretsOf(scope, [...path, "headers"], work.headers).values,
      counter: work.counter,
      waiting: work.waiting,
      stallAfterMs: msOf(work.stall_after),
      intervalMs: msOf(work.interval),
      timeoutMs: msOf(work.timeout),
    };
  });
}
