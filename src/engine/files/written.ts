/** What file operations are given and answer with. */
import type { PathLike } from "node:fs";
import type { Content, Digest } from "./content.ts";
import type { Healing } from "./healing.ts";
import type { ReadOptions, WriteOptions } from "./options.ts";

export interface Written extends Digest {
  /** The file itself, behind all links. */
  readonly path: string;
  /** It was not there before. */
  readonly isNew: boolean;
  /** What was put right on the way. */
  readonly healed: readonly Healing[];
}

/** What `safeAppendFile` resolves with; `sizeBytes` is that of the whole file. */
export type Appended = Pick<Written, "path" | "sizeBytes" | "healed">;

/**
 * Makes the next content of the one that is there (undefined: no file); undefined: it stays as it
 * is. Called again when somebody who takes no lock has changed the file meanwhile.
 */
export type Change = (
  content: Buffer | undefined,
) => Content | undefined | Promise<Content | undefined>;

/** What the operations on values stand on. */
export interface WholeFiles {
  read(path: PathLike, options: ReadOptions): Promise<Buffer | string>;
  write(path: PathLike, content: Content, options: WriteOptions): Promise<Written>;
  update(path: PathLike, change: Change, options: WriteOptions): Promise<Written | undefined>;
}
