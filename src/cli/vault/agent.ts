/**
 * `soulmirror vault agent`: protects a vault until it is told to end. The daemon runs it, and then
 * it goes by the fleet as the daemon took it; its lines go to standard error.
 */
import { openVault, runAgent, takenFleet, vaultFolder } from "../../custodian/index.ts";
import { agentSocketName } from "../../platform/vault-agent/index.ts";
import { openDataDirectory, realClock } from "../../system/index.ts";
import type { Context } from "../command.ts";
import { ToldToStop } from "../told-to-stop.ts";
import { chosenVault, openingOf } from "./chosen-vault.ts";

export async function agent(context: Context): Promise<number> {
  const { args, options, out, place } = context;
  using told = new ToldToStop();
  // Who tries it by hand hears at once what is wrong.
  const known = options.has("supervised") ? undefined : chosenVault(context);
  const name = known?.name ?? args[0] ?? "";
  const folder = vaultFolder(place.dataPath, name);
  const log = (text: string): void => {
    out.note(`${new Date(realClock.now().wallMs).toISOString()} ${text}`);
  };
  await runAgent({
    settings: async () => known ?? chosenVault(context, await takenFleet(place.dataPath)),
    folder,
    log,
    dataFolder: place.dataPath,
    socketPath: openDataDirectory(place.dataPath).socket(agentSocketName(name)),
    signal: told.signal,
    open: async (spec, options) =>
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
