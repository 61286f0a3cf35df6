/** What a drill needs of the world: a folder to restore into, and the sources as they are now. */
import type { FileNode } from "../format/tree-node.ts";
import type { RawPath } from "../raw-path.ts";
import type { SourceEntry } from "../tree-source.ts";

export type ReadContent = (path: RawPath) => AsyncIterable<Uint8Array>;

/**
 * An empty folder of the drill alone, closed to others, outside of all sources. Disposing of it
 * removes it with all that it holds, also when the drill has failed.
 */
export interface Scratch extends AsyncDisposable {
  /**
   * Makes the folders above it, too.
   *
   * @returns why it is not there as it should be; what `content` throws is thrown
   */
  file(
    path: RawPath,
    node: FileNode,
    content: AsyncIterable<Uint8Array>,
  ): Promise<string | undefined>;
  /** What lies on the disk, by the path that it was given. Rejects when it cannot be read. */
  readonly read: ReadContent;
}

export interface DrillStage {
  prepare(): Promise<Scratch>;
  /** The live file; undefined: it is not there, or nobody can tell. */
  look(path: RawPath): SourceEntry | undefined;
  /** Rejects when it cannot be read. */
  readonly readLive: ReadContent;
}
