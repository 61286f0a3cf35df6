/**
 * After an outage: which entries still have to go into the store, and in which places?
 *
 * Entries that were kept elsewhere carry positions and seals from the time they were made. If all
 * of them are there and the store ends where they begin, they fit as they are. If some were lost,
 * or the store went on differently, a `gap` entry takes the place of what is missing, and what
 * follows is sealed anew behind it.
 *
 * B1. An entry whose id the store holds is never written again.
 * B2. Order, ids and times stay as they were.
 */
import type { SealedEntry } from "../model/index.ts";
import { isSealedAfter, type Mac, sealAfter } from "./chain.ts";

export interface Rebase {
  readonly mac: Mac;
  /** The end of the store's journal. */
  readonly base: SealedEntry | undefined;
  /** What was kept elsewhere, in any order, possibly with repetitions. */
  readonly held: readonly SealedEntry[];
  /** Ids that the store holds already. */
  readonly known: ReadonlySet<string>;
  /** The position of the last entry that was made, kept or not. */
  readonly endPosition: number;
  /** Makes the gap entry. */
  gap(lost: number): Pick<SealedEntry, "id" | "at" | "entry">;
}

export function rebase(options: Rebase): readonly SealedEntry[] {
  const { mac, base, known } = options;
  const result: SealedEntry[] = [];
  let end = base;
  /** The place, as it was made, of the last entry that is safe. */
  let safePosition = base?.position ?? 0;
  let goesOn = false;
  for (const sealed of inOrder(options.held)) {
    if (known.has(sealed.id)) {
      // An earlier attempt came so far, and may have numbered them differently.
      safePosition = sealed.position;
      goesOn = true;
      continue;
    }
    const lost = Math.max(0, sealed.position - safePosition - 1);
    const fits =
      sealed.position === (end?.position ?? 0) + 1 && isSealedAfter(mac, end?.seal ?? "", sealed);
    if (lost > 0 || (!fits && !goesOn)) {
      end = sealAfter(mac, end, options.gap(lost));
      result.push(end);
    }
    end = fits && lost === 0 ? sealed : sealAfter(mac, end, sealed);
    result.push(end);
    safePosition = sealed.position;
    goesOn = true;
  }
  const lost = options.endPosition - safePosition;
  if (lost > 0) result.push(sealAfter(mac, end, options.gap(lost)));
  return result;
}

function inOrder(held: readonly SealedEntry[]): readonly SealedEntry[] {
  const byId = new Map(held.map((sealed) => [sealed.id, sealed]));
  return [...byId.values()].sort((a, b) => a.position - b.position);
}
