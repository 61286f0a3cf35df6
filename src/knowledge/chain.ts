/**
 * Puts entries into their places: each gets a position, an id, a time and a seal, an HMAC over all
 * of these, its content and the seal before. Whoever has no key can neither change nor drop an
 * entry without every later seal being wrong.
 *
 * H1. Positions count from 1 without holes; entries that were lost are told by a `gap` entry that
 *     takes one place, says how many they were, and is sealed like any other.
 * H2. Equal content gives an equal seal, whatever store it has been through (canonical JSON).
 */
import { canonicalJson, type Ids } from "../kernel/index.ts";
import type { Entry, SealedEntry } from "../model/index.ts";

/** HMAC-SHA256 of a text under the key of the journal, in hex. The key stays with the caller. */
export type Mac = (text: string) => string;

export interface Chain {
  /** The end of the chain; undefined before the first entry. */
  readonly last: SealedEntry | undefined;
  /** Takes `at` (wall milliseconds) for all of them. */
  seal(entries: readonly Entry[], at: number, ids: Ids): readonly SealedEntry[];
  /** Goes on from another end than before. */
  continueFrom(last: SealedEntry | undefined): void;
}

export function createChain(mac: Mac, last?: SealedEntry): Chain {
  let end = last;
  return {
    get last() {
      return end;
    },
    seal: (entries, at, ids) =>
      entries.map((entry) => {
        end = sealAfter(mac, end, { id: ids.next("jrn"), at: Math.floor(at), entry });
        return end;
      }),
    continueFrom: (other) => {
      end = other;
    },
  };
}

/** The entry as it stands after `previous`. */
export function sealAfter(
  mac: Mac,
  previous: SealedEntry | undefined,
  { id, at, entry }: Pick<SealedEntry, "id" | "at" | "entry">,
): SealedEntry {
  const content = { position: (previous?.position ?? 0) + 1, id, at, entry };
  return { ...content, seal: mac(sealedText(previous?.seal ?? "", content)) };
}

/** Does `sealed` stand unchanged after an entry with the seal `previousSeal`? */
export function isSealedAfter(mac: Mac, previousSeal: string, sealed: SealedEntry): boolean {
  return mac(sealedText(previousSeal, sealed)) === sealed.seal;
}

function sealedText(previousSeal: string, content: Omit<SealedEntry, "seal">): string {
  const { position, id, at, entry } = content;
  return `${previousSeal}\n${position}\n${id}\n${at}\n${canonicalJson(entry)}`;
}
