/**
 * `soulmirror vault agent`: protects a vault until it is told to end. The daemon runs it; its lines
 * go to standard error.
 */
import { openVault, runAgent, vaultFolder } from "../../custodian/index.ts";
import { agentSocketName } from "../../platform/vault-agent/index.ts";
import { openDataDirectory, realClock } from "../../system/index.ts";
import type { Context } from "../command.ts";
import { ToldToStop } from "../told-to-stop.ts";
import { chosenVault, openingOf } from "./chosen-vault.ts";

export async function agent(context: Context): Promise<number> {
  const { out, place } = context;
  using told = new ToldToStop();
  const spec = chosenVault(context);
  const folder = vaultFolder(place.dataPath, spec.name);
  const log = (text: string): void => {
    out.note(`${new Date(realClock.now().wallMs).toISOString()} ${text}`);
  };
  await runAgent({
    spec,
    folder,
    log,
    dataFolder: place.dataPath,
    socketPath: openDataDirectory(place.dataPath).socket(agentSocketName(spec.name)),
    signal: told.signal,
    open: async (options) =>
      await openVault({
        ...openingOf(spec),
        ...options,
        onDamage: (damage) => {
          const { id, kind, location, reason } = damage;
          log(`damage: ${location}: ${kind} ${id}: ${reason}`);
          options.onDamage?.(damage);
        },
      }),
  });
  return 0;
}
