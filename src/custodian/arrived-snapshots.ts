import {
  type HeldSnapshot,
  inOrderOfArrival,
  listSnapshots,
  type Session,
} from "../vault/index.ts";
import { openArrivals } from "./retention-records.ts";

/**
 * In the order in which they came, the latest one last: as far as this machine has seen it, else by
 * what they say of themselves.
 *
 * @param folder what this machine noted of the vault, see `vaultFolder`; it need not be there
 */
export async function arrivedSnapshots(
  access: Pick<Session, "signal" | "vault">,
  folder: string,
): Promise<readonly HeldSnapshot[]> {
  const held = await listSnapshots(access);
  // Of another user, or on a broken disk: then nothing is known of it.
  const arrivals = await openArrivals(folder, access.vault.codec).catch(() => undefined);
  return inOrderOfArrival(held, (id) => arrivals?.sequenceOf(id));
}
