/**
 * Which locations lack something that their snapshots refer to: a walk over the trees of all
 * snapshots, each tree once for each location that needs it.
 *
 * H1. Two words for each blob of the index, whatever the number of snapshots.
 * H2. A tree that lacks something below it says so again for each snapshot that shares it.
 * H3. A tree is read from whichever location gives it whole: what it refers to is the same
 *     everywhere. One that nobody gives is lacking everywhere.
 */
import type { BlobKind } from "../format/blob.ts";
import { Damage } from "../format/damage.ts";
import { idOfHex } from "../format/ids.ts";
import { decodeTree } from "../format/tree-json.ts";
import type { BlobIndex, LocationSet } from "../index/blob-index.ts";
import type { BlobReader } from "../repository/blob-reader.ts";

export interface Lack {
  readonly id: string;
  readonly kind: BlobKind;
  readonly locations: LocationSet;
  /** Nobody gives the tree, so that what is below it cannot be told. */
  readonly isUnreadable: boolean;
}

export interface ReachOptions {
  readonly index: BlobIndex;
  readonly reader: BlobReader;
  /** @returns the locations that go on lacking it */
  readonly onLack: (lack: Lack) => LocationSet;
  readonly signal: AbortSignal;
}

export class Reach {
  readonly #options: ReachOptions;
  readonly #visited: Uint32Array;
  /** Locations that lack the blob, or anything below it. */
  readonly #lacking: Uint32Array;

  constructor(options: ReachOptions) {
    this.#options = options;
    this.#visited = new Uint32Array(options.index.size);
    this.#lacking = new Uint32Array(options.index.size);
  }

  /**
   * @param tree the root of a snapshot
   * @returns those of `locations` that lack something of it
   */
  async visit(tree: string, locations: LocationSet): Promise<LocationSet> {
    const { index, signal } = this.#options;
    signal.throwIfAborted();
    const id = idOfHex(tree);
    const number = index.numbersOf(id, "tree")[0] ?? -1;
    const fresh = locations & ~(this.#visited[number] ?? 0);
    if (fresh === 0) return (this.#lacking[number] ?? 0) & locations;
    let lacking = this.#lookFor(tree, "tree", fresh);
    const content = number < 0 ? undefined : await this.#read(id);
    if (content === undefined) {
      lacking = this.#options.onLack({
        id: tree,
        kind: "tree",
        locations: fresh,
        isUnreadable: true,
      });
    }
    for (const node of content?.nodes ?? []) {
      if (node.kind === "dir") lacking |= await this.visit(node.subtree, fresh);
      if (node.kind !== "file") continue;
      for (const chunk of node.content) lacking |= this.#visitData(chunk, fresh);
    }
    this.#mark(number, fresh, lacking);
    return (this.#lacking[number] ?? lacking) & locations;
  }

  #visitData(chunk: string, locations: LocationSet): LocationSet {
    const number = this.#options.index.numbersOf(idOfHex(chunk), "data")[0] ?? -1;
    // What no index knows has no place to be noted at.
    if (number < 0) return this.#lookFor(chunk, "data", locations);
    const fresh = locations & ~(this.#visited[number] ?? 0);
    if (fresh !== 0) this.#mark(number, fresh, this.#lookFor(chunk, "data", fresh));
    return (this.#lacking[number] ?? 0) & locations;
  }

  #lookFor(id: string, kind: BlobKind, locations: LocationSet): LocationSet {
    const lacking = locations & ~this.#options.index.locationsOf(idOfHex(id), kind);
    if (lacking === 0) return 0;
    return this.#options.onLack({ id, kind, locations: lacking, isUnreadable: false });
  }

  #mark(number: number, visited: LocationSet, lacking: LocationSet): void {
    if (number < 0) return;
    this.#visited[number] = (this.#visited[number] ?? 0) | visited;
    this.#lacking[number] = (this.#lacking[number] ?? 0) | lacking;
  }

  async #read(id: Uint8Array): Promise<ReturnType<typeof decodeTree> | undefined> {
    const { reader, signal } = this.#options;
    try {
      return decodeTree(await reader.read(id, "tree", signal));
    } catch (error) {
      if (error instanceof Damage) return undefined;
      throw error;
    }
  }
}
