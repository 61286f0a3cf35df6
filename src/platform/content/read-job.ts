/**
 * Reads a batch of files and cuts them into chunks, step by step.
 *
 * J1. A file whose size, mtime or ctime changed while it was read is read again, `mostReads` times
 *     at most; what never holds still is given as it was read last, and marked.
 * J2. Symbolic links are never followed, and what is no regular file (any more) is not read.
 * J3. What a chunk's view shows is valid until the step after it.
 */
import { type BigIntStats, closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import {
  type Cutter,
  type FileToRead,
  hexDigestOf,
  type RawPath,
  type ReadFile,
  type SeenFile,
  systemPath,
} from "../../vault/index.ts";
import { type Arena, largePieceBytes, stepBytes } from "./arena.ts";

const mostReads = 3;
/** A file that is not larger is one chunk. */
const smallestChunkBytes = 512 << 10;
const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

export interface Chunk {
  /** In hexadecimal digits. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface ReadJobOptions {
  readonly files: readonly FileToRead[];
  readonly arena: Arena;
  readonly cutter: Cutter;
}

/** Gives the chunks of a step at a time, and at the end what became of each file. */
export function* readJob(options: ReadJobOptions): Generator<readonly Chunk[], ReadFile[]> {
  const step: Chunk[] = [];
  const results: ReadFile[] = [];
  for (const file of options.files) {
    try {
      results.push(yield* readOne(file.path, options, step));
    } catch (error) {
      options.arena.dropOpen();
      results.push({ kind: "failed", code: codeOf(error) });
    }
  }
  if (step.length > 0) yield step;
  return results;
}

function* readOne(
  path: RawPath,
  options: ReadJobOptions,
  step: Chunk[],
): Generator<readonly Chunk[], ReadFile> {
  let read: ReadFile = { kind: "failed", code: "EBUSY" };
  for (let attempt = 0; attempt < mostReads; attempt += 1) {
    const descriptor = openSync(systemPath(path), flags);
    try {
      const before = fstatSync(descriptor, { bigint: true });
      if (!before.isFile()) return { kind: "failed", code: "ENOTREG" };
      const content: string[] = [];
      const sizeBytes = yield* readContent(descriptor, { ...options, content, step }, before);
      const isSteady = sameFile(before, fstatSync(descriptor, { bigint: true }));
      read = { kind: "read", content, sizeBytes, seen: seenOf(before), isSteady };
      if (isSteady) return read;
    } finally {
      closeSync(descriptor);
    }
  }
  return read;
}

interface ContentTask extends ReadJobOptions {
  readonly content: string[];
  readonly step: Chunk[];
}

function* readContent(
  descriptor: number,
  task: ContentTask,
  { size }: BigIntStats,
): Generator<readonly Chunk[], number> {
  const { arena, cutter, step } = task;
  const isSmall = size < BigInt(smallestChunkBytes);
  const pieceBytes = isSmall ? Number(size) + 1 : largePieceBytes;
  let sizeBytes = 0;
  if (!isSmall) cutter.reset();
  for (;;) {
    if (arena.finishedBytes >= stepBytes) {
      yield step.splice(0);
      arena.restart();
    }
    const count = readSync(descriptor, arena.room(pieceBytes), 0, pieceBytes, null);
    sizeBytes += count;
    const piece = arena.filled(count);
    if (!isSmall) cut(piece, task);
    // A small file that has grown meanwhile has changed, and is read again (J1).
    const isOver = isSmall ? sizeBytes >= size : false;
    if (count === 0 || isOver) break;
  }
  if (arena.openBytes > 0) finishChunk(0, task);
  return sizeBytes;
}

function cut(piece: Buffer, task: ContentTask): void {
  let rest = piece;
  for (let end = task.cutter.next(rest); end >= 0; end = task.cutter.next(rest)) {
    rest = rest.subarray(end);
    finishChunk(rest.length, task);
  }
}

function finishChunk(behindBytes: number, { arena, content, step }: ContentTask): void {
  const bytes = arena.cut(behindBytes);
  const id = hexDigestOf(bytes);
  content.push(id);
  step.push({ id, bytes });
}

function seenOf({ ctimeNs, ino, mtimeNs, size }: BigIntStats): SeenFile {
  return { sizeBytes: Number(size), mtimeNs, ctimeNs, inode: ino };
}

function sameFile(before: BigIntStats, after: BigIntStats): boolean {
  return (
    before.size === after.size &&
    before.mtimeNs === after.mtimeNs &&
    before.ctimeNs === after.ctimeNs
  );
}

function codeOf(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  if (typeof code !== "string") throw error;
  return code;
}
