import type { FileNode } from "../format/tree-node.ts";
import type { RawPath } from "../raw-path.ts";

/** A file that is as the snapshot has it; they come in the order of the walk. */
export interface RestoredFile {
  /** In the snapshot. */
  readonly path: RawPath;
  readonly node: FileNode;
  readonly sizeBytes: number;
  /** SHA-256 of the content as it was read back, in hex; empty without `reads`. */
  readonly hash: string;
  /** That its content came from; none when it was there already. */
  readonly locations: readonly string[];
}
