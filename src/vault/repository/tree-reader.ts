/** Trees by their ids, the ones that were used last kept as they were understood. */

import { idOfHex } from "../format/ids.ts";
import { decodeTree } from "../format/tree-json.ts";
import type { Tree } from "../format/tree-node.ts";
import type { BlobReader } from "./blob-reader.ts";

/** Nodes of all trees that are kept: about half a kilobyte each. */
const mostNodes = 20_000;

export class TreeReader {
  readonly #reader: BlobReader;
  /** In the order of their last use. */
  readonly #kept = new Map<string, Tree>();
  #keptNodes = 0;

  constructor(reader: BlobReader) {
    this.#reader = reader;
  }

  /** @throws Damage when no location gives it whole */
  async read(id: string, signal: AbortSignal): Promise<Tree> {
    const kept = this.#kept.get(id);
    if (kept !== undefined) {
      this.#kept.delete(id);
      this.#kept.set(id, kept);
      return kept;
    }
    const tree = decodeTree(await this.#reader.read(idOfHex(id), "tree", signal));
    this.#keep(id, tree);
    return tree;
  }

  #keep(id: string, tree: Tree): void {
    if (tree.nodes.length > mostNodes / 2 || this.#kept.has(id)) return;
    this.#kept.set(id, tree);
    this.#keptNodes += tree.nodes.length;
    for (const [oldest, { nodes }] of this.#kept) {
      if (this.#keptNodes <= mostNodes) return;
      this.#kept.delete(oldest);
      this.#keptNodes -= nodes.length;
    }
  }
}
