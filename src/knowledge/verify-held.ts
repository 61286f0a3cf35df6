/**
 * Entries that wait in the emergency file until the store is back are part of the chain, too: has
 * anybody edited them meanwhile?
 *
 * V1. An entry must fit the seal of the one before it, in the file or at the end of the store.
 * V2. Where the one before is nowhere, it was lost with the memory of the daemon: that is counted,
 *     as the journal itself will tell it by a `gap` entry, and is no finding.
 */
import type { SealedEntry } from "../model/index.ts";
import { isSealedAfter, type Mac } from "./chain.ts";
import type { Finding } from "./verify-chain.ts";

export interface HeldVerification {
  readonly finding?: Finding;
  /** Entries that the store does not have. */
  readonly waiting: number;
  /** Of all that are held, those whose content is proven. */
  readonly proven: number;
  readonly lost: number;
}

export interface HeldPast {
  readonly mac: Mac;
  /** The end of the store's journal. */
  readonly end: SealedEntry | undefined;
  /** Ids of the held entries that have come into the store after all. */
  readonly known: ReadonlySet<string>;
}

export function verifyHeld(held: readonly SealedEntry[], past: HeldPast): HeldVerification {
  const { mac, end, known } = past;
  const entries = inOrder(held);
  let [proven, lost, waiting] = [0, 0, 0];
  let previous: SealedEntry | undefined;
  for (const sealed of entries) {
    const before = predecessor(sealed, previous, end);
    if (before !== undefined && !isSealedAfter(mac, before, sealed)) {
      return { finding: edited(sealed), waiting, proven, lost };
    }
    if (before !== undefined) proven += 1;
    if (!known.has(sealed.id)) {
      waiting += 1;
      const reached = Math.max(previous?.position ?? 0, end?.position ?? 0);
      lost += Math.max(0, sealed.position - reached - 1);
    }
    previous = sealed;
  }
  return { waiting, proven, lost };
}

/** The seal that the entry stands behind; undefined: it is not there (V2). */
function predecessor(
  { position }: SealedEntry,
  previous: SealedEntry | undefined,
  end: SealedEntry | undefined,
): string | undefined {
  if (position === 1) return "";
  if (previous?.position === position - 1) return previous.seal;
  return end?.position === position - 1 ? end.seal : undefined;
}

function edited({ position }: SealedEntry): Finding {
  const what = `entry ${position}, which waits in the emergency file, does not fit its seal: it, or the one before it, was changed`;
  return { kind: "edited", position, what };
}

function inOrder(held: readonly SealedEntry[]): readonly SealedEntry[] {
  const byId = new Map(held.map((sealed) => [sealed.id, sealed]));
  return [...byId.values()].sort((a, b) => a.position - b.position);
}
