/**
 * The agent of a vault as a service of the fleet: started, restarted, adopted, shown and ended by
 * what does that for all services. People do not write it.
 *
 * 1. The passphrase reaches it by its environment or by its file, never by its arguments.
 * 2. Whatever the fleet file says of the vault is part of its hash: what changes renews it.
 */
import { canonicalJson, type Json } from "../kernel/index.ts";
import type { SecretSource, ServiceSpec } from "./fleet.ts";
import { noHooks } from "./resolve-hooks.ts";
import { complain, pathOf, type Scope } from "./resolve-scope.ts";
import { readSecret } from "./secret.ts";
import { memberOf } from "./tree.ts";
import type { VaultSpec } from "./vault-spec.ts";

/** A backup that is told to end finishes its piece of work. */
const graceMs = 30_000;
const logBytes = 10 << 20;

/** Undefined where nobody keeps vaults. Its name is taken in any case. */
export function vaultService(scope: Scope, vault: VaultSpec): ServiceSpec | undefined {
  const name = `vault-${vault.name}`;
  if (memberOf(memberOf(scope.tree, "services"), name) !== undefined) {
    const message = `it is the name of what keeps the vault ${vault.name}`;
    complain(scope, ["services", name], { message, fix: "choose another name", at: "key" });
  }
  const { vaultAgent } = scope;
  if (vaultAgent === undefined) return undefined;
  const secrets = secretsOf(vault);
  const env = { ...vaultAgent.env, ...valuesOf(secrets, scope) };
  const runs = {
    command: [...vaultAgent.command, vault.name],
    cwd: pathOf(scope, "."),
    env,
    limits: { memoryBytes: vault.limits.memoryBytes },
  };
  const spec = vault as unknown as Json;
  return {
    name,
    mode: "full",
    ...runs,
    instances: 1,
    scaleMax: 1,
    dependsOn: [],
    restart: "always",
    start: { timeoutMs: 60_000 },
    stop: { signal: "SIGTERM", graceMs, drainMs: 0 },
    work: [],
    log: { maxBytes: logBytes, keep: 3 },
    timeoutMs: 60_000,
    autoRetry: false,
    strategies: [],
    hooks: noHooks,
    approvals: {},
    ...(Object.keys(secrets).length === 0 ? {} : { secrets }),
    hash: scope.hash(canonicalJson({ name, ...runs, spec })),
  };
}

/** What stands in a file is read there by the agent itself. */
function secretsOf({ passphrase }: VaultSpec): Readonly<Record<string, SecretSource>> {
  return "env" in passphrase ? { [passphrase.env]: { env: passphrase.env } } : {};
}

function valuesOf(
  secrets: Readonly<Record<string, SecretSource>>,
  scope: Scope,
): Record<string, string> {
  const values: Record<string, string> = {};
  for (const [name, source] of Object.entries(secrets)) {
    const found = readSecret(source, scope);
    // That it cannot be read was complained about where it is written.
    if (found.ok) values[name] = found.value;
  }
  return values;
}
