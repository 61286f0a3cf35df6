/**
 * Copies what is needed of some packs into new ones, at every place that is pruned.
 *
 * C1. Each blob is opened before it is copied, so that damage is not spread; sealed it stays as it
 *     is. A pack that one place does not give whole is read from the next.
 * C2. When it resolves, the new packs are durable and named by an index at each place that takes
 *     part still.
 */
import type { SealedBlob } from "../format/blob.ts";
import { Damage } from "../format/damage.ts";
import { LocationFault } from "../location.ts";
import { Packer } from "../repository/packer.ts";
import type { Place } from "../repository/place.ts";
import type { Access } from "../repository/session.ts";
import { Uploads } from "../repository/uploads.ts";
import type { OnProgress } from "../work-progress.ts";
import type { PackUse, PrunePlan } from "./prune-plan.ts";

export interface CopiedPack {
  readonly id: string;
  readonly sizeBytes: number;
}

/** @throws Damage when no place gives a pack */
export async function copyBlobs(
  { signal, vault }: Access,
  plan: Pick<PrunePlan, "chosen" | "copy">,
  { onProgress, places }: { readonly places: readonly Place[]; readonly onProgress?: OnProgress },
): Promise<readonly CopiedPack[]> {
  const { codec, index, loader, surroundings } = vault;
  const uploads = new Uploads({ places, index, loader, codec, signal });
  const packer = new Packer({ codec, randomBytes: surroundings.randomBytes });
  const copied: CopiedPack[] = [];
  // Two packs that places share differently may hold the same blob; one copy is enough.
  const done = new Set<number>();
  const finish = async (pack: Parameters<Uploads["add"]>[0]): Promise<void> => {
    copied.push({ id: pack.id, sizeBytes: pack.sizeBytes });
    await uploads.add(pack);
  };
  const expectedBytes = plan.copy.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
  let bytes = 0;
  for (const [count, pack] of plan.copy.entries()) {
    const come = { count, expectedCount: plan.copy.length, bytes, expectedBytes };
    onProgress?.({ step: "copying", unit: "pack", ...come });
    bytes += pack.usedBytes;
    const wanted = numbersToCopy(vault, pack, { chosen: plan.chosen, done });
    for (const blob of await readBlobs({ signal, vault }, pack, wanted)) {
      const full = packer.add(blob);
      if (full !== undefined) await finish(full);
    }
  }
  for (const pack of packer.finish()) await finish(pack);
  await uploads.nameAll();
  return copied;
}

function numbersToCopy(
  { index }: Access["vault"],
  { count, first }: PackUse,
  { chosen, done }: { readonly chosen: Uint8Array; readonly done: Set<number> },
): readonly number[] {
  const numbers: number[] = [];
  for (let number = first; number < first + count; number += 1) {
    if (chosen[number] !== 1) continue;
    const { id, kind } = index.blobAt(number);
    const [known = number] = index.numbersOf(id, kind);
    if (done.has(known)) continue;
    done.add(known);
    numbers.push(number);
  }
  return numbers;
}

async function readBlobs(
  { signal, vault }: Access,
  pack: PackUse,
  numbers: readonly number[],
): Promise<readonly SealedBlob[]> {
  if (numbers.length === 0) return [];
  const reasons: string[] = [];
  for (const place of vault.places) {
    if ((pack.locations & place.bit) === 0) continue;
    try {
      const bytes = await place.location.get({ kind: "pack", id: pack.id }, signal);
      return numbers.map((number) => blobIn(vault, bytes, number));
    } catch (error) {
      signal.throwIfAborted();
      const isAway = error instanceof LocationFault;
      if (!isAway && !(error instanceof Damage)) throw error;
      reasons.push(`${place.name}: ${error.message}`);
      if (isAway && !error.isOfFile) continue;
      const found = { location: place.name, kind: "pack", id: pack.id } as const;
      vault.reader.tell({ ...found, reason: error.message });
    }
  }
  throw new Damage(`the pack ${pack.id} cannot be read: ${reasons.join("; ")}`);
}

/** @throws Damage (C1) */
function blobIn({ codec, index }: Access["vault"], pack: Uint8Array, number: number): SealedBlob {
  const { id, kind, length, offset, plainLength } = index.blobAt(number);
  const bytes = pack.subarray(offset, offset + length);
  codec.openBlob(id, bytes, plainLength);
  return { id, kind, plainLength, bytes };
}
