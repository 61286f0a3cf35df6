/** The file operations that a service calls; `operations.ts` does them. */
import type { PathLike } from "node:fs";
import type { Chunk, Content } from "./content.ts";
import type { SafeJson } from "./json-file.ts";
import type { ReadOptions, WaitOptions, WriteOptions } from "./options.ts";
import type { Appended, Change, Written } from "./written.ts";

export interface TextOptions extends ReadOptions {
  readonly encoding: BufferEncoding;
}

export interface AppendOptions extends WaitOptions {
  readonly mode?: number;
  readonly durable?: boolean;
}

export interface FileOperations {
  /**
   * Replaces a file as a whole and durably; missing folders are made, mode and owner kept.
   * `content` is text (UTF-8), bytes or a stream of them. Rejects with `FileError`, and then the
   * old content is there. Use it for whatever must never be half a file; its inode changes, so a
   * log that others have open is for `safeAppendFile`.
   */
  readonly safeWriteFile: (
    path: PathLike,
    content: Content,
    options?: WriteOptions,
  ) => Promise<Written>;
  /**
   * Reads a whole file: waits for writers of this process, looks again while somebody else is in
   * the middle of writing it, and recovers a damaged one from its versions. Bytes, or text with an
   * encoding. Rejects with `FileError` (ENOENT when it is not there).
   */
  readonly safeReadFile: {
    (path: PathLike, options: TextOptions | BufferEncoding): Promise<string>;
    (path: PathLike, options?: ReadOptions): Promise<Buffer>;
  };
  /**
   * Adds to the end of a file, and makes it when it is missing. What fails, or is killed, leaves no
   * half line for the next writer. Costs a sync of the disk unless `durable` is false.
   */
  readonly safeAppendFile: (
    path: PathLike,
    content: Chunk,
    options?: AppendOptions,
  ) => Promise<Appended>;
  /**
   * Reads, changes and writes a file as one step that no other writer comes between. `change` must
   * not write that file itself. Resolves with undefined when it has changed nothing.
   */
  readonly safeUpdateFile: (
    path: PathLike,
    change: Change,
    options?: WriteOptions,
  ) => Promise<Written | undefined>;
  /** Makes a folder and all that are missing above it; one that is there already is right. */
  readonly safeMkdir: (path: PathLike, options?: { readonly mode?: number }) => Promise<string>;
  /** Removes a file with all its versions, durably; false when it was not there. */
  readonly safeDelete: (path: PathLike, options?: WaitOptions) => Promise<boolean>;
  /** The same for values in JSON files. */
  readonly safeJson: SafeJson;
}
