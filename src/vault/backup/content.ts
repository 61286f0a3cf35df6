/**
 * The port through which a backup gets the contents of files: threads that read, cut, name and
 * seal.
 */
import type { SealedBlob } from "../format/blob.ts";
import type { RawPath } from "../raw-path.ts";

export interface FileToRead {
  readonly path: RawPath;
  /** As the folder's listing said it. */
  readonly sizeBytes: number;
}

/** What a file was when it was open. */
export interface SeenFile {
  readonly sizeBytes: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly inode: bigint;
}

export type ReadFile =
  | {
      readonly kind: "read";
      /** Ids of its chunks, in order. */
      readonly content: readonly string[];
      readonly sizeBytes: number;
      readonly seen: SeenFile;
      /** False when it changed each of the times that it was read. */
      readonly isSteady: boolean;
    }
  | { readonly kind: "failed"; readonly code: string };

export interface ContentSink {
  /** Asked once for every chunk, before it is compressed and sealed. */
  wants(id: Uint8Array): boolean;
  /**
   * Gets what was wanted; nothing more is read before it resolves, and the bytes are not there for
   * longer than that.
   */
  take(blob: SealedBlob): Promise<void>;
}

export interface ContentThreads {
  /** How many calls of `read` work at the same time; more than that wait. */
  readonly width: number;
  /**
   * What became of each file, in their order. A file that cannot be read is told; a thread that
   * dies rejects.
   */
  read(
    files: readonly FileToRead[],
    sink: ContentSink,
    signal: AbortSignal,
  ): Promise<readonly ReadFile[]>;
}
