import type { CommandHook, ServiceSpec, WebhookHook } from "../../config/index.ts";
import type { JsonRecord } from "../../kernel/index.ts";
import type { ResourceId, Step } from "../../model/index.ts";

/** Steps that several strategies are made of; each names the effector of its kind. */
export function startStep(
  resource: ResourceId,
  specHash: string,
  options: { beside?: boolean; patienceMs?: number } = {},
): Step {
  return {
    kind: "start",
    resource,
    parameters: { specHash, beside: options.beside ?? false },
    deadlineMs: 10_000,
    ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
  };
}

export function readyStep(resource: ResourceId, service: ServiceSpec): Step {
  return { kind: "ready", resource, parameters: {}, deadlineMs: service.start.timeoutMs };
}

export function drainStep(resource: ResourceId, service: ServiceSpec, which: string): Step {
  const { drainMs } = service.stop;
  return { kind: "drain", resource, parameters: { which, drainMs }, deadlineMs: drainMs + 1000 };
}

/** `graceMs` 0 kills at once. */
export function stopStep(
  resource: ResourceId,
  service: ServiceSpec,
  options: { which: "current" | "previous" | "all"; graceMs?: number },
): Step {
  const graceMs = options.graceMs ?? service.stop.graceMs;
  return {
    kind: "stop",
    resource,
    parameters: { which: options.which, graceMs, signal: service.stop.signal },
    deadlineMs: graceMs + 5000,
  };
}

/** Takes it out of the rotation, or gathers evidence: the plan does not depend on it. */
export function simpleStep(kind: "eject" | "diagnose" | "collect", resource: ResourceId): Step {
  const deadlineMs = kind === "diagnose" ? 500 : 1000;
  return { kind, resource, parameters: {}, deadlineMs, optional: true };
}

export function commandStep(
  resource: ResourceId,
  hook: CommandHook,
  cwd: string | undefined,
): Step {
  return {
    kind: "command",
    resource,
    parameters: {
      command: [...hook.command],
      ...(hook.undo === undefined ? {} : { undo: [...hook.undo] }),
      ...(cwd === undefined ? {} : { cwd }),
      timeoutMs: hook.timeoutMs,
    },
    deadlineMs: hook.timeoutMs + 500,
  };
}

function webhookStep(resource: ResourceId, hook: WebhookHook): Step {
  const parameters: JsonRecord = {
    url: hook.url,
    method: hook.method,
    headers: { ...hook.headers },
    timeoutMs: hook.timeoutMs,
    ...(hook.body === undefined ? {} : { body: hook.body }),
    ...(hook.undoUrl === undefined ? {} : { undoUrl: hook.undoUrl }),
  };
  return { kind: "webhook", resource, parameters, deadlineMs: hook.timeoutMs + 500 };
}

export function hookStep(
  resource: ResourceId,
  hook: CommandHook | WebhookHook,
  cwd: string | undefined,
): Step {
  return hook.kind === "command" ? commandStep(resource, hook, cwd) : webhookStep(resource, hook);
}
