/**
 * What a repository in a folder needs of the machine that holds it: the one here, or one behind
 * SFTP. Paths are absolute, or relative to where a login begins, with `/`.
 *
 * D1. Rejects with `DiskError` alone, or with the reason of the signal.
 * D2. Nothing is tried twice, and no folder is made unless asked for.
 */
import type { ByteRange, FaultKind } from "../../vault/index.ts";

export interface DiskEntry {
  readonly name: string;
  readonly isFile: boolean;
  readonly sizeBytes: number;
  readonly changedAt: number;
}

export interface Disk extends AsyncDisposable {
  /** See `Location`; without the name of the place. */
  readonly notice?: string | undefined;
  /** Not those above it; resolves when it is there already. */
  makeFolder(path: string, signal: AbortSignal): Promise<void>;
  syncFolder(path: string, signal: AbortSignal): Promise<void>;
  /** What is in a folder and is wanted by its name; what goes meanwhile is left out. */
  entries(
    folder: string,
    signal: AbortSignal,
    wanted: (name: string) => boolean,
  ): Promise<readonly DiskEntry[]>;
  /** Undefined when nothing is there. */
  size(path: string, signal: AbortSignal): Promise<number | undefined>;
  /** May be shorter than the range when the file is. */
  read(path: string, signal: AbortSignal, range?: ByteRange): Promise<Uint8Array>;
  /** A new file that only its owner may read; resolves when it is on the disk. */
  write(path: string, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void>;
  /** Replaces what has the new name. */
  rename(from: string, to: string, signal: AbortSignal): Promise<void>;
  /** Gives the file the new name, unless something has it: `exists`. */
  claim(from: string, to: string, signal: AbortSignal): Promise<void>;
  unlink(path: string, signal: AbortSignal): Promise<void>;
}

export class DiskError extends Error {
  readonly kind: FaultKind;

  constructor(kind: FaultKind, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "DiskError";
    this.kind = kind;
  }
}
