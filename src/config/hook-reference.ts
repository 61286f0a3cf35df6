/**
 * Names for declared hooks: `service/shop#reconnect`, `http/site#webhooks.page`. A plan carries the
 * name, because addresses, headers, bodies and environments may be secrets and plans are kept; what
 * the name stands for is looked up in the fleet of the moment in which it is carried out.
 */
import type { CommandHook, Fleet, HookSpecs, WebhookHook } from "./fleet.ts";

export interface FoundHook {
  readonly hook: CommandHook | WebhookHook;
  /** Of the service that declares it; a command runs in its folder and with its environment. */
  readonly cwd?: string;
  readonly env: Readonly<Record<string, string>>;
  /** Names in `env` whose values are never shown or kept. */
  readonly secretEnv: readonly string[];
}

/** `owner` is `service/NAME` or a resource; `key` is `reconnect`, `commands.NAME` and so on. */
export function hookReference(owner: string, key: string): string {
  return `${owner}#${key}`;
}

/** Undefined: the fleet declares no such hook (any more). */
export function findHook(fleet: Fleet, reference: string): FoundHook | undefined {
  const split = reference.lastIndexOf("#");
  const [owner, key] = [reference.slice(0, split), reference.slice(split + 1)];
  const service = owner.startsWith("service/")
    ? own(fleet.services, owner.slice("service/".length))
    : undefined;
  const hooks = service?.hooks ?? own(fleet.resources, owner)?.hooks;
  const hook = hooks && hookAt(hooks, key);
  if (hook === undefined) return undefined;
  const { cwd, env = {}, secrets = {} } = service ?? {};
  return { hook, ...(cwd === undefined ? {} : { cwd }), env, secretEnv: Object.keys(secrets) };
}

function hookAt(hooks: HookSpecs, key: string): CommandHook | WebhookHook | undefined {
  if (key === "reconnect") return hooks.reconnect;
  if (key === "alternative") return hooks.alternative;
  const [kind, name = ""] = key.split(".");
  if (kind === "commands") return own(hooks.commands, name);
  return kind === "webhooks" ? own(hooks.webhooks, name) : undefined;
}

/** References come from the journal: `constructor` is no hook. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}
