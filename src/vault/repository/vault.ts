/**
 * A vault that is open: one repository in several places, with what is known of it in memory.
 * Everything that works in it takes a `Session`, which is the right to.
 */
import { SoulMirrorError } from "../../kernel/index.ts";
import { BlobIndex, mostLocations } from "../index/blob-index.ts";
import type { Location } from "../location.ts";
import { BlobReader, type FoundDamage } from "./blob-reader.ts";
import type { Codec } from "./codec.ts";
import { IndexLoader } from "./load-indexes.ts";
import { Place } from "./place.ts";
import type { Surroundings } from "./surroundings.ts";
import { TreeReader } from "./tree-reader.ts";
import type { Unlocked } from "./unlock.ts";

export interface VaultOptions {
  /** The nearest first: that is where contents are read. */
  readonly locations: readonly Location[];
  readonly codec: Codec;
  readonly surroundings: Surroundings;
  readonly onDamage: (damage: FoundDamage) => void;
  /** What each location holds, to know it by; without it all are believed. */
  readonly marks?: RepositoryMarks;
}

/** What tells a repository from others: the same at each of its locations. */
export type RepositoryMarks = Pick<Unlocked, "configBytes" | "keyFiles">;

export class Vault {
  readonly places: readonly Place[];
  readonly codec: Codec;
  readonly surroundings: Surroundings;
  readonly index = new BlobIndex();
  readonly loader: IndexLoader;
  readonly reader: BlobReader;
  readonly trees: TreeReader;
  readonly marks: RepositoryMarks | undefined;
  /** That are open; see `withSession`. */
  sessions = 0;

  /** @throws SoulMirrorError OPTIONS_INVALID for no location, or more than 31 */
  constructor({ codec, locations, marks, onDamage, surroundings }: VaultOptions) {
    if (locations.length === 0 || locations.length > mostLocations) {
      const count = `${locations.length} locations`;
      throw new SoulMirrorError("OPTIONS_INVALID", `a vault has 1 to 31 locations, not ${count}`);
    }
    this.places = locations.map((location, number) => new Place(location, number));
    this.codec = codec;
    this.marks = marks;
    this.surroundings = surroundings;
    const { index, places } = this;
    this.loader = new IndexLoader({ places, index, codec, onDamage });
    this.reader = new BlobReader({ places, index, codec, onDamage });
    this.trees = new TreeReader(this.reader);
  }
}
