/**
 * Has the journal been edited, shortened or reordered since it was written?
 *
 * Seals find every change by somebody without the key, except that the end is missing: what was
 * cut off leaves no trace in what is left. So the daemon notes the end of the chain in its own log
 * from time to time (an anchor), and the journal must still hold what the anchors say.
 *
 * C1. The first finding is the one that counts: behind it nothing can be proven.
 * C2. The beginning may have been pruned. The oldest entry then only serves to prove the ones
 *     behind it, unless an anchor names it or the seal before it.
 */
import type { Journal, SealedEntry } from "../model/index.ts";
import { isSealedAfter, type Mac } from "./chain.ts";

const pageEntries = 1000;

/** What the end of the chain was at some time, from outside the store. */
export interface Anchor {
  readonly position: number;
  readonly seal: string;
}

export interface Finding {
  readonly kind: "edited" | "missing" | "reordered" | "replaced" | "truncated";
  readonly position: number;
  /** One sentence for people. */
  readonly what: string;
}

export interface Verification {
  readonly finding?: Finding;
  /** Entries whose content is proven. */
  readonly proven: number;
  readonly from?: number;
  readonly to?: number;
  /** Entries that the journal itself says were lost. */
  readonly lost: number;
}

export function verifyChain(
  entries: Iterable<SealedEntry>,
  mac: Mac,
  anchors: readonly Anchor[] = [],
): Verification {
  const verifier = createVerifier(mac, anchors);
  for (const sealed of entries) {
    if (verifier.check(sealed) !== undefined) break;
  }
  return verifier.finish();
}

/** The same for a journal in a store, page by page, from its beginning. */
export async function verifyJournal(
  journal: Pick<Journal, "read">,
  mac: Mac,
  anchors: readonly Anchor[] = [],
): Promise<Verification> {
  const verifier = createVerifier(mac, anchors);
  let next = 0;
  for (;;) {
    const page = await journal.read(next, pageEntries);
    const last = page.at(-1);
    if (last === undefined || page.some((sealed) => verifier.check(sealed) !== undefined)) break;
    next = last.position + 1;
  }
  return verifier.finish();
}

interface Verifier {
  /** Takes the next entry; what is wrong with it, if anything. */
  check(sealed: SealedEntry): Finding | undefined;
  /** After the last entry, or the first finding. */
  finish(): Verification;
}

function createVerifier(mac: Mac, anchors: readonly Anchor[]): Verifier {
  const anchorsAt = new Map<number, Anchor>();
  const contradictions: Finding[] = [];
  for (const anchor of anchors) {
    const other = anchorsAt.get(anchor.position);
    if (other !== undefined && other.seal !== anchor.seal) {
      contradictions.push(replaced(anchor.position, "two anchors contradict each other"));
    }
    anchorsAt.set(anchor.position, anchor);
  }
  let previous: SealedEntry | undefined;
  let first: SealedEntry | undefined;
  let finding: Finding | undefined;
  let proven = 0;
  let lost = 0;

  const judge = (sealed: SealedEntry): Finding | undefined => {
    const { position } = sealed;
    if (previous !== undefined && position !== previous.position + 1) {
      return misplaced(previous.position + 1, position);
    }
    const before = previous?.seal ?? (position === 1 ? "" : anchorsAt.get(position - 1)?.seal);
    if (before !== undefined && !isSealedAfter(mac, before, sealed)) return edited(sealed);
    const anchor = anchorsAt.get(position);
    if (anchor !== undefined && anchor.seal !== sealed.seal) {
      return replaced(position, "its seal is not the one that the anchor noted");
    }
    if (before !== undefined) proven += 1;
    return undefined;
  };

  return {
    check(sealed) {
      finding ??= judge(sealed);
      if (finding !== undefined) return finding;
      if (sealed.entry.kind === "gap") lost += sealed.entry.lost;
      first ??= sealed;
      previous = sealed;
      return undefined;
    },
    finish() {
      finding ??= truncation(anchors, previous?.position ?? 0) ?? contradictions[0];
      return {
        proven,
        lost,
        ...(finding === undefined ? {} : { finding }),
        ...(first === undefined ? {} : { from: first.position }),
        ...(previous === undefined ? {} : { to: previous.position }),
      };
    },
  };
}

function misplaced(expected: number, position: number): Finding {
  if (position > expected) {
    const last = position - 1;
    const which = last === expected ? `entry ${expected} is` : `entries ${expected} to ${last} are`;
    return { kind: "missing", position: expected, what: `${which} missing` };
  }
  const what = `entry ${position} stands where ${expected} should`;
  return { kind: "reordered", position, what };
}

function edited({ position }: SealedEntry): Finding {
  const what = `entry ${position} does not fit its seal: it, or the one before it, was changed`;
  return { kind: "edited", position, what };
}

function replaced(position: number, what: string): Finding {
  return { kind: "replaced", position, what: `entry ${position} is another than it was: ${what}` };
}

function truncation(anchors: readonly Anchor[], end: number): Finding | undefined {
  const furthest = anchors.reduce((highest, { position }) => Math.max(highest, position), 0);
  if (furthest <= end) return undefined;
  const what = `the journal ends at ${end}, but ${furthest} had been written: the end was cut off`;
  return { kind: "truncated", position: end + 1, what };
}
