/**
 * Reads what will be asked for next along with what is asked for now. The trees of a walk lie in
 * their packs about as the walk meets them, so that one read brings hundreds of them.
 *
 * H1. Little is read in vain: a read that does not go on where the last one of its pack ended is as
 *     small as the first one, and each that does is twice as large as the one before.
 * H2. At most `mostWindows` stretches are kept, of at most `mostBytes` each.
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
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const leastBytes = 16 << 10;
const mostBytes = 1 << 20;
const mostWindows = 4;

export class ReadAhead {
  /** By place and pack, in the order of their last use. */
  readonly #windows = new Map<string, Window>();

  /** @throws LocationFault */
  async read(place: Place, stretch: Stretch, options: ReadAheadOptions): Promise<Uint8Array> {
    const { length, offset, pack } = stretch;
    const name = `${place.bit} ${pack}`;
    const before = this.#windows.get(name);
    const window = isWithin(stretch, before)
      ? before
      : await fresh(place, stretch, { ...options, before });
    this.#windows.delete(name);
    this.#windows.set(name, window);
    for (const oldest of this.#windows.keys()) {
      if (this.#windows.size <= mostWindows) break;
      this.#windows.delete(oldest);
    }
    return window.bytes.subarray(offset - window.offset, offset - window.offset + length);
  }

  /** What was read of the pack was not as it was written: it is read again when it is asked for. */
  forget(place: Place, pack: string): void {
    this.#windows.delete(`${place.bit} ${pack}`);
  }
}

function isWithin({ length, offset }: Stretch, window: Window | undefined): window is Window {
  if (window === undefined) return false;
  return offset >= window.offset && offset + length <= window.offset + window.bytes.length;
}

async function fresh(
  { location }: Place,
  { length, offset, pack }: Stretch,
  { before, packEnd, signal }: ReadAheadOptions & { readonly before: Window | undefined },
): Promise<Window> {
  const file = { kind: "pack", id: pack } as const;
  const wanted = Math.max(length, Math.min(bytesAfter(before, offset), packEnd() - offset));
  try {
    return { offset, bytes: await location.get(file, signal, { offset, length: wanted }) };
  } catch (error) {
    // A pack that was cut off may have this blob still.
    const isShort = error instanceof LocationFault && error.kind === "short";
    if (!isShort || wanted === length) throw error;
    return { offset, bytes: await location.get(file, signal, { offset, length }) };
  }
}

/** H1. */
function bytesAfter(before: Window | undefined, offset: number): number {
  if (before === undefined) return leastBytes;
  const gapBytes = offset - before.offset - before.bytes.length;
  const goesOn = Math.abs(gapBytes) <= before.bytes.length;
  return goesOn ? Math.min(mostBytes, Math.max(leastBytes, before.bytes.length * 2)) : leastBytes;
}
