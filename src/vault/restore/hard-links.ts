/**
 * Names of one file: the first that the walk meets is restored, the others are linked to it. What
 * is remembered goes when as many names were met as the file had; names outside of the snapshot, or
 * of parts that are not restored, stay remembered until the end: some 200 bytes each.
 *
 * H1. Only names of the same content are one file, whatever a snapshot says of their inode: no
 *     content is lost by linking.
 */
import { hash } from "node:crypto";
import type { FileNode } from "../format/tree-node.ts";
import type { RawPath } from "../raw-path.ts";
import type { WantedFile } from "./plan-runs.ts";
import type { SpecialNode } from "./restore-target.ts";
import type { RestoredFile } from "./restored-file.ts";

interface Names {
  readonly path: RawPath;
  restored: RestoredFile | undefined;
  left: number;
}

type Linkable = FileNode | SpecialNode;

export class HardLinks {
  readonly #names = new Map<string, Names>();

  /** Where the first name was, in the target; undefined when this is it. */
  firstOf(node: Linkable, path: RawPath): RawPath | undefined {
    if (node.links < 2) return undefined;
    const key = keyOf(node);
    const names = this.#names.get(key);
    if (names === undefined) {
      this.#names.set(key, { path, restored: undefined, left: node.links - 1 });
      return undefined;
    }
    return names.path;
  }

  /** The file is as it should be. */
  restored({ node, path }: WantedFile, told: RestoredFile): void {
    if (node.links < 2) return;
    const names = this.#names.get(keyOf(node));
    if (names?.path === path) names.restored = told;
  }

  /** The first name, when it is as it should be; each other name asks once. */
  restoredFor(node: Linkable): (RestoredFile & { readonly path: RawPath }) | undefined {
    const key = keyOf(node);
    const names = this.#names.get(key);
    if (names === undefined) return undefined;
    names.left -= 1;
    if (names.left <= 0) this.#names.delete(key);
    return names.restored && { ...names.restored, path: names.path };
  }
}

function keyOf(node: Linkable): string {
  const { deviceId, inode, kind } = node;
  const content =
    node.kind === "file" ? `${node.sizeBytes} ${hash("sha256", node.content.join())}` : "";
  return `${kind} ${deviceId} ${inode} ${content}`;
}
