/** A vault as a resource of the fleet, `vault/NAME`: how it is watched, and what heals it. */
import type { ResourceSpec } from "./fleet.ts";
import { noHooks } from "./resolve-hooks.ts";
import type { VaultSpec } from "./vault-spec.ts";

/** A look reads one small file. */
const intervalMs = 5000;

export function vaultResource(
  { drill, name, schedule }: VaultSpec,
  { dependsOn, mode }: Pick<ResourceSpec, "dependsOn" | "mode">,
): ResourceSpec {
  const parameters = { name, schedule, ...(drill === undefined ? {} : { drill }) };
  return {
    id: `vault/${name}`,
    kind: "vault",
    mode,
    probe: { kind: "vault", parameters, intervalMs, timeoutMs: 2000, down: 1, of: 1, up: 1 },
    dependsOn,
    strategies: [],
    hooks: noHooks,
    approvals: {},
    severity: "high",
  };
}
