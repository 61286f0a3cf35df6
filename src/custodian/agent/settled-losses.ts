/** Losses that were told and are none any more: they are there again, or may be gone. */
import { existsSync } from "node:fs";
import { realClock } from "../../system/index.ts";
import { isInside, rawPathOfText, type VaultEvent } from "../../vault/index.ts";
import { readState } from "../state-file.ts";

/** @param accepted what lies below it may be gone */
export async function settledLosses(
  vaultFolder: string,
  accepted?: string,
): Promise<readonly VaultEvent[]> {
  const { losses } = await readState(vaultFolder, realClock.now().wallMs);
  const isAccepted = (path: string): boolean =>
    accepted !== undefined && isInside(rawPathOfText(path), rawPathOfText(accepted));
  return losses.flatMap(({ path }) =>
    isAccepted(path) || existsSync(path) ? [{ kind: "settled", path }] : [],
  );
}
