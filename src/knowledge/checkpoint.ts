/**
 * A checkpoint stands for entries that nobody reads again, so it is sealed like them: by the key
 * that lies outside of the store, and together with its position. One that does not fit its seal
 * is believed in nothing. Entries are pruned up to the checkpoint only: between it and the first
 * entry of the journal nothing may be missing, so an older one in its place, or none, is found.
 * What is not believed is not gone on with, either: the journal alone is read then, and whoever
 * reads it is told that it is not the whole past. The last entry is never pruned: a journal that
 * ends before its checkpoint was cut off, and the checkpoint is what is left of that.
 */
import type { Mac } from "./chain.ts";
import { createRecollection, type Recollection, readRecollection } from "./recollection.ts";
import type { Finding } from "./verify-chain.ts";

export interface Checkpoint {
  readonly position: number;
  readonly state: string;
}

/** With what a new daemon begins, and from where on it reads the journal. */
export interface Opened {
  readonly memory: Recollection;
  readonly position: number;
  /** Entries that were cut off. */
  readonly lost: number;
  /** Why that is less than the whole past. */
  readonly finding: Finding | undefined;
}

interface Proof {
  readonly mac: Mac;
  /** The position of the first entry of the journal; undefined when it has none. */
  readonly from: number | undefined;
  /** That of its last one, asked for after the checkpoint: whoever writes goes on meanwhile. */
  readonly to: number | undefined;
}

export function openCheckpoint(saved: Checkpoint | undefined, proof: Proof): Opened {
  const finding = verifyCheckpoint(saved, proof);
  const state = saved && unsealCheckpoint(saved, proof.mac);
  const memory = state === undefined ? undefined : readRecollection(state);
  const lost = finding?.kind === "truncated" ? (saved?.position ?? 0) - (proof.to ?? 0) : 0;
  if (saved && memory && (!finding || lost > 0)) {
    return { memory, position: saved.position - lost, lost, finding };
  }
  const unread = saved && finding === undefined ? unreadable(saved, proof) : undefined;
  return { memory: createRecollection(), position: 0, lost, finding: finding ?? unread };
}

/** Ours, but of another version: no loss as long as the journal has its beginning. */
function unreadable({ position }: Checkpoint, { from }: Proof): Finding | undefined {
  if (from === 1) return undefined;
  const begins = from === undefined ? "is empty" : `begins at ${from}`;
  const what = `this version cannot read the checkpoint at ${position}, and the journal ${begins}`;
  return { kind: "missing", position, what };
}

/** What is to be saved for this state. */
export function sealCheckpoint({ position, state }: Checkpoint, mac: Mac): string {
  return `${sealOf(mac, position, state)}\n${state}`;
}

/** The state; undefined when somebody without the key has written it, or moved it. */
export function unsealCheckpoint(saved: Checkpoint, mac: Mac): string | undefined {
  const end = saved.state.indexOf("\n");
  const state = saved.state.slice(end + 1);
  const isOurs = end > 0 && saved.state.slice(0, end) === sealOf(mac, saved.position, state);
  return isOurs ? state : undefined;
}

export function verifyCheckpoint(
  saved: Checkpoint | undefined,
  { mac, from, to = 0 }: Proof,
): Finding | undefined {
  const position = saved?.position ?? 0;
  if (saved !== undefined && unsealCheckpoint(saved, mac) === undefined) {
    const what = `the checkpoint at ${position} does not fit its seal: it was changed outside`;
    return { kind: "edited", position, what };
  }
  if (to < position) {
    const what = `the journal ends at ${to}, but the checkpoint is at ${position}: the end was cut off`;
    return { kind: "truncated", position: to + 1, what };
  }
  if (from === undefined || from <= position + 1) return undefined;
  const which = saved === undefined ? "there is no checkpoint" : `the checkpoint is at ${position}`;
  const what = `${which}, and the journal begins at ${from}: a newer one was taken away`;
  return { kind: "missing", position: from - 1, what };
}

/** The sealed text of an entry begins with a seal or an empty line, so it is never one of these. */
function sealOf(mac: Mac, position: number, state: string): string {
  return mac(`checkpoint\n${position}\n${state}`);
}
