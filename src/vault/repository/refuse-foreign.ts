/**
 * Is what lies at a place still the repository that was opened there? A disk may have been swapped
 * under the same address since.
 *
 * F1. The same config is enough. Another one, or none, is damage as long as one of the keys that
 *     were there before is there: that is for `heal`. Without any it is another repository.
 */
import { Buffer } from "node:buffer";
import { SoulMirrorError } from "../../kernel/index.ts";
import { type Location, LocationFault } from "../location.ts";
import type { Place } from "./place.ts";
import type { RepositoryMarks } from "./vault.ts";

/**
 * @throws SoulMirrorError VAULT_FOREIGN
 * @throws LocationFault when the place does not answer
 */
export async function refuseForeign(
  { location, name }: Place,
  marks: RepositoryMarks | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (marks === undefined) return;
  const config = await configOf(location, signal);
  if (config !== undefined && Buffer.compare(config, marks.configBytes) === 0) return;
  for (const id of marks.keyFiles.keys()) {
    if ((await location.stat({ kind: "key", id }, signal)) !== undefined) return;
  }
  const what = config === undefined ? "no repository any more" : "another repository than before";
  throw new SoulMirrorError("VAULT_FOREIGN", `${name} holds ${what}`, {
    fix: "mount what was there before, or take this location out of the vault",
  });
}

async function configOf(location: Location, signal: AbortSignal): Promise<Uint8Array | undefined> {
  try {
    return await location.get({ kind: "config", id: "" }, signal);
  } catch (error) {
    if (error instanceof LocationFault && error.isOfFile) return undefined;
    throw error;
  }
}
