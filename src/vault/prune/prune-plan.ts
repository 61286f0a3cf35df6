/**
 * What becomes of each pack: kept, copied together with others, or removed. Decided once for all
 * places that are pruned, from what their indexes say together.
 *
 * P1. A blob that is needed and that a place holds, that place holds afterwards.
 * P2. Of several copies the one in the pack that most places have, then the largest, is kept; the
 *     order is the same for all blobs, so that copies gather in the same packs.
 * P3. Planned again after it was carried out, nothing is left to do; cut off in the middle and
 *     planned again, what was copied already is not copied once more.
 * P4. A pack with nothing needed goes. Of those with something, the emptiest are copied until what
 *     is unused is no more than `unusedShareMax` of what is used; small ones when there are more
 *     than `smallPacksMax` of a kind.
 */
import type { BlobKind } from "../format/blob.ts";
import { packBytesOf } from "../format/pack-header.ts";
import type { BlobIndex, KnownPack, LocationSet } from "../index/blob-index.ts";
import type { NeededBlobs } from "./needed-blobs.ts";

export interface PruneLimits {
  /** Default 0.05. */
  readonly unusedShareMax?: number;
  /** What a pack needs to be left alone; default 4 MiB. */
  readonly smallBytes?: number;
  /** At least 4: so many may be left of a run that copied all of them; default 16. */
  readonly smallPacksMax?: number;
  /** What is copied in one run; the rest waits for the next. Default 4 GiB. */
  readonly copyBytesMax?: number;
}

export interface PackUse extends KnownPack {
  readonly sizeBytes: number;
  /** Of blobs that are needed and chosen to stay here. */
  readonly usedBytes: number;
  readonly kind: BlobKind;
}

export interface PrunePlan {
  readonly keep: readonly PackUse[];
  readonly copy: readonly PackUse[];
  readonly remove: readonly PackUse[];
  /** By number: 1 for what stays, or is copied. */
  readonly chosen: Uint8Array;
}

/** @param pruned the places that are pruned; what only others hold is left alone */
export function planPrune(
  { index, needed }: { readonly index: BlobIndex; readonly needed: NeededBlobs },
  pruned: LocationSet,
  limits: PruneLimits = {},
): PrunePlan {
  const packs = [...index.packs()].filter(({ locations }) => (locations & pruned) !== 0);
  const sizes = new Map(packs.map((pack) => [pack.id, packBytesOf(index.blobsOf(pack))]));
  const chosen = choose(index, needed, { pruned, sizes });
  const uses = packs.map((pack) => useOf(index, pack, { chosen, sizes }));
  const remove = uses.filter(({ usedBytes }) => usedBytes === 0);
  const left = uses.filter(({ usedBytes }) => usedBytes > 0);
  const copied = chooseCopied(left, limits);
  const copy = left.filter((use) => copied.has(use));
  const keep = left.filter((use) => !copied.has(use));
  return { keep, copy, remove, chosen };
}

interface Choosing {
  readonly pruned: LocationSet;
  readonly sizes: ReadonlyMap<string, number>;
}

function choose(index: BlobIndex, needed: NeededBlobs, { pruned, sizes }: Choosing): Uint8Array {
  const chosen = new Uint8Array(needed.length);
  for (const [number, places] of needed.entries()) {
    if (places === 0) continue;
    const { id, kind } = index.blobAt(number);
    const copies = index
      .numbersOf(id, kind)
      .map((each) => ({ each, ...index.blobAt(each) }))
      .filter(({ locations }) => (locations & pruned) !== 0);
    if (copies.length > 1) {
      const held = ({ locations }: { readonly locations: number }): number =>
        bitsIn(locations & pruned);
      copies.sort(
        (a, b) =>
          held(b) - held(a) ||
          (sizes.get(b.pack) ?? 0) - (sizes.get(a.pack) ?? 0) ||
          (a.pack < b.pack ? -1 : 1),
      );
    }
    let covered = 0;
    for (const { each, locations } of copies) {
      if ((locations & pruned & ~covered) === 0) continue;
      covered |= locations;
      chosen[each] = 1;
    }
  }
  return chosen;
}

function useOf(
  index: BlobIndex,
  pack: KnownPack,
  { chosen, sizes }: { readonly chosen: Uint8Array; readonly sizes: ReadonlyMap<string, number> },
): PackUse {
  let usedBytes = 0;
  for (let number = pack.first; number < pack.first + pack.count; number += 1) {
    if (chosen[number] === 1) usedBytes += packBytesOf([index.blobAt(number)]) - packBytesOf([]);
  }
  const kind = pack.count > 0 ? index.blobAt(pack.first).kind : "data";
  return { ...pack, sizeBytes: sizes.get(pack.id) ?? 0, usedBytes, kind };
}

function chooseCopied(left: readonly PackUse[], limits: PruneLimits): ReadonlySet<PackUse> {
  const { copyBytesMax = 2 ** 32, smallBytes = 4 << 20, smallPacksMax = 16 } = limits;
  const { unusedShareMax = 0.05 } = limits;
  const copied = new Set<PackUse>();
  let room = copyBytesMax;
  const take = (use: PackUse): boolean => {
    if (use.usedBytes > room) return false;
    room -= use.usedBytes;
    copied.add(use);
    return true;
  };
  for (const kind of ["tree", "data"] as const) {
    const small = left.filter((use) => use.kind === kind && use.sizeBytes < smallBytes);
    if (small.length > Math.max(4, smallPacksMax)) small.forEach(take);
  }
  const partly = left.filter((use) => !copied.has(use) && unusedOf(use) > 0);
  partly.sort((a, b) => unusedOf(b) / b.sizeBytes - unusedOf(a) / a.sizeBytes);
  let unused = partly.reduce((sum, use) => sum + unusedOf(use), 0);
  const used = left.reduce((sum, { usedBytes }) => sum + usedBytes, 0);
  for (const use of partly) {
    if (unused <= used * unusedShareMax) break;
    if (take(use)) unused -= unusedOf(use);
  }
  return copied;
}

function unusedOf({ sizeBytes, usedBytes }: PackUse): number {
  return Math.max(0, sizeBytes - usedBytes - packBytesOf([]));
}

function bitsIn(set: LocationSet): number {
  let count = 0;
  for (let rest = set; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}
