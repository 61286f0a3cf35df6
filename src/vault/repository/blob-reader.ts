/**
 * Contents by their ids, from whichever location gives them whole.
 *
 * R1. What is returned has the hash that was asked for (`Codec`, C1).
 * R2. A location that is away, lacks the pack, cannot read it or gives damage is passed over, and
 *     the next one asked; damage is told each time it is met, for what is passed over silently
 *     rots.
 */
import type { BlobKind } from "../format/blob.ts";
import { Damage } from "../format/damage.ts";
import { hexOfId } from "../format/ids.ts";
import type { BlobIndex, BlobPlace } from "../index/blob-index.ts";
import { LocationFault } from "../location.ts";
import type { Codec } from "./codec.ts";
import type { Place } from "./place.ts";
import { ReadAhead } from "./read-ahead.ts";

/** Something at a location that is not as it was written, or not there. */
export interface FoundDamage {
  readonly location: string;
  readonly kind: "pack" | "index" | "snapshot" | "key" | "config";
  readonly id: string;
  readonly reason: string;
}

export interface BlobReaderOptions {
  readonly places: readonly Place[];
  readonly index: BlobIndex;
  readonly codec: Codec;
  readonly onDamage: (damage: FoundDamage) => void;
  /** A place does not answer; what it throws ends the call. Default: the next place is asked. */
  readonly onAway?: (fault: LocationFault) => void;
}

export class BlobReader {
  readonly #options: BlobReaderOptions;
  /** Of packs of trees. */
  readonly #ahead = new ReadAhead();

  constructor(options: BlobReaderOptions) {
    this.#options = options;
  }

  /**
   * @param id 32 bytes
   * @throws Damage when no location gives it whole, naming what each of them said
   */
  async read(id: Uint8Array, kind: BlobKind, signal: AbortSignal): Promise<Uint8Array> {
    const { index, places } = this.#options;
    const reasons: string[] = [];
    const isAnyOut = places.some(({ takesPart }) => !takesPart);
    // What is known to be away may take long to say so once more.
    const ordered = isAnyOut
      ? places.toSorted((a, b) => Number(b.takesPart) - Number(a.takesPart))
      : places;
    for (const found of index.find(id, kind)) {
      for (const place of ordered) {
        if ((found.locations & place.bit) === 0) continue;
        const content = await this.#tryAt(place, { ...found, id }, signal);
        if (content instanceof Uint8Array) return content;
        reasons.push(`${place.name}: ${content.message}`);
      }
    }
    const why = reasons.length === 0 ? "no index names it" : reasons.join("; ");
    throw new Damage(`the ${kind} blob ${hexOfId(id)} cannot be read: ${why}`);
  }

  /** Damage that somebody else met. */
  tell(damage: FoundDamage): void {
    this.#options.onDamage(damage);
  }

  async #tryAt(
    place: Place,
    found: BlobPlace & { readonly id: Uint8Array },
    signal: AbortSignal,
  ): Promise<Uint8Array | Error> {
    const { codec, onAway, onDamage } = this.#options;
    const { id, pack, plainLength } = found;
    try {
      return codec.openBlob(id, await this.#sealed(place, found, signal), plainLength);
    } catch (error) {
      signal.throwIfAborted();
      this.#ahead.forget(place, pack);
      const isAway = error instanceof LocationFault;
      if (!isAway && !(error instanceof Damage)) throw error;
      if (!isAway || error.isOfFile) {
        onDamage({ location: place.name, kind: "pack", id: pack, reason: error.message });
      } else if (isAway) onAway?.(error);
      return error;
    }
  }

  #sealed(place: Place, found: BlobPlace, signal: AbortSignal): Promise<Uint8Array> {
    const { kind, length, offset, pack } = found;
    if (kind === "tree") {
      const packEnd = (): number => this.#options.index.endOf(pack);
      return this.#ahead.read(place, { pack, offset, length }, { packEnd, signal });
    }
    return place.location.get({ kind: "pack", id: pack }, signal, { offset, length });
  }
}
