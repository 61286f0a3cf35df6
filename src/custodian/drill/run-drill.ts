/**
 * A drill as a person or the daemon starts it: with the vault's own trail and key. What it has
 * proven whole is not forgotten before something newer is proven as well.
 */
import { listSnapshots, type Session } from "../../vault/index.ts";
import { openTrail } from "../record-in-vault.ts";
import { arrivalNow, openArrivals } from "../retention-records.ts";
import { claimVault } from "../vault-folder.ts";
import { type DrilledLocation, type DrillingVault, drillVault } from "./drill-vault.ts";

export async function runDrill(
  session: Session,
  drilling: Omit<DrillingVault, "proof">,
): Promise<readonly DrilledLocation[]> {
  const { folder, snapshot } = drilling;
  await using held = new AsyncDisposableStack();
  held.use(claimVault(folder));
  const { signer, trail } = await openTrail(folder);
  held.use(trail);
  const drilled = await drillVault(session, { ...drilling, proof: { signer, trail } });
  if (drilled.some(({ isProven, scope }) => isProven && scope === "whole")) {
    const arrivals = await openArrivals(folder, session.vault.codec);
    await arrivals.see(await listSnapshots(session), arrivalNow());
    await arrivals.mark(snapshot.id, { isVerified: true });
  }
  return drilled;
}
