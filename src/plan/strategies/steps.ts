import {
  type CommandHook,
  hookReference,
  type ServiceSpec,
  type WebhookHook,
} from "../../config/index.ts";
import type { ResourceId, Step } from "../../model/index.ts";
import type { Context } from "../strategy.ts";

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

/**
 * A declared hook, by its name: what it says (addresses, headers, environments) may be secret, and
 * plans are kept. `key` is its place among the hooks of who declares it.
 */
export function hookStep(context: Context, key: string, hook: CommandHook | WebhookHook): Step {
  const { resource, service, spec } = context;
  const owner = service ? `service/${service.name}` : (spec?.id ?? resource);
  const parameters = { hook: hookReference(owner, key) };
  const undo = hook.kind === "command" ? hook.undo : hook.undoUrl;
  return {
    kind: hook.kind,
    resource,
    parameters,
    deadlineMs: hook.timeoutMs + 500,
    ...(undo === undefined ? {} : { undo: parameters }),
  };
}
