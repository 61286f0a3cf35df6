/**
 * Reads what will be asked for next along with what is asked for now. The trees of a walk lie in
 * their packs about as the walk meets them, so that one read brings hundreds of them.
 *
 * H1. Little is read in vain: a read that does not go on where one before it ended is as small as
 *     the first one, and each that does is twice as large as the one that it goes on from.
 * H2. At most `mostWindows` stretches are kept, of at most `mostBytes` each. A pack may have
 *     several: one that was put together from two is walked at two places by turns.
 */
import type { BlobPlace } from "../index/blob-index.ts";
import { LocationFault } from "../location.ts";
import type { Place } from "./place.ts";

export type Stretch = Pick<BlobPlace, "pack" | "offset" | "length">;

export interface ReadAheadOptions {
  /** Where the blobs of the pack end; asked when something is read. */
  readonly packEnd: () => number;
  readonly signal: AbortSignal;
}

interface Window {
  readonly place: Place;
  readonly pack: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const leastBytes = 16 << 10;
const mostBytes = 1 << 20;
const mostWindows = 4;

export class ReadAhead {
  /** The one that was used last is the last one. */
  #windows: readonly Window[] = [];

  /** @throws LocationFault */
  async read(place: Place, stretch: Stretch, options: ReadAheadOptions): Promise<Uint8Array> {
    const { length, offset, pack } = stretch;
    const ofPack = this.#windows.filter((each) => each.place === place && each.pack === pack);
    const holding = ofPack.find((each) => isWithin(stretch, each));
    const before = holding ?? ofPack.findLast((each) => goesOn(each, offset));
    const window = holding ?? (await fresh(place, stretch, { ...options, before }));
    const others = this.#windows.filter((each) => each !== before && each !== window);
    this.#windows = [...others, window].slice(-mostWindows);
    return window.bytes.subarray(offset - window.offset, offset - window.offset + length);
  }

  /** What was read of the pack was not as it was written: it is read again when it is asked for. */
  forget(place: Place, pack: string): void {
    this.#windows = this.#windows.filter((each) => each.place !== place || each.pack !== pack);
  }
}

function isWithin({ length, offset }: Stretch, window: Window): boolean {
  return offset >= window.offset && offset + length <= window.offset + window.bytes.length;
}

/** H1: as near to its end as it is long. */
function goesOn({ bytes, offset: from }: Window, offset: number): boolean {
  return Math.abs(offset - from - bytes.length) <= bytes.length;
}

async function fresh(
  place: Place,
  { length, offset, pack }: Stretch,
  { before, packEnd, signal }: ReadAheadOptions & { readonly before: Window | undefined },
): Promise<Window> {
  const file = { kind: "pack", id: pack } as const;
  const ahead = before === undefined ? leastBytes : Math.min(mostBytes, before.bytes.length * 2);
  const wanted = Math.max(length, Math.min(Math.max(leastBytes, ahead), packEnd() - offset));
  const window = { place, pack, offset };
  try {
    return { ...window, bytes: await place.location.get(file, signal, { offset, length: wanted }) };
  } catch (error) {
    // A pack that was cut off, or has a bad sector, may have this blob still.
    const mayHaveIt = error instanceof LocationFault && error.isOfFile && error.kind !== "missing";
    if (!mayHaveIt || wanted === length) throw error;
    return { ...window, bytes: await place.location.get(file, signal, { offset, length }) };
  }
}
