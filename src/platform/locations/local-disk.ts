/** The disk of this machine, and what is mounted on it. */
import { constants } from "node:fs";
import {
  type FileHandle,
  link,
  mkdir,
  open,
  readdir,
  rename,
  stat,
  unlink,
} from "node:fs/promises";
import type { ByteRange, FaultKind } from "../../vault/index.ts";
import { type Disk, type DiskEntry, DiskError } from "./disk.ts";

/** Between two looks at the signal; large enough for any disk to work at its speed. */
const stepBytes = 16 * 1024 * 1024;
/** Of one `writev`. */
const partsAtOnce = 512;
const statsAtOnce = 64;

export class LocalDisk implements Disk {
  makeFolder(path: string, signal: AbortSignal): Promise<void> {
    return told(signal, async () => {
      await mkdir(path, { mode: 0o700 }).catch(async (error: unknown) => {
        const isThere = codeOf(error) === "EEXIST" && (await stat(path)).isDirectory();
        if (!isThere) throw error;
      });
    });
  }

  syncFolder(path: string, signal: AbortSignal): Promise<void> {
    return told(signal, async () => {
      await using folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
      await folder.sync().catch(unlessUnknown);
    });
  }

  entries(
    folder: string,
    signal: AbortSignal,
    wanted: (name: string) => boolean,
  ): Promise<readonly DiskEntry[]> {
    return told(signal, async () => {
      const names = (await readdir(folder)).filter(wanted);
      const entries: DiskEntry[] = [];
      for (let from = 0; from < names.length; from += statsAtOnce) {
        signal.throwIfAborted();
        const some = names.slice(from, from + statsAtOnce);
        const found = await Promise.all(some.map((name) => entryOf(folder, name)));
        entries.push(...found.filter((entry) => entry !== undefined));
      }
      return entries;
    });
  }

  size(path: string, signal: AbortSignal): Promise<number | undefined> {
    return told(signal, async () => (await stat(path).catch(unlessMissing))?.size);
  }

  read(path: string, signal: AbortSignal, range?: ByteRange): Promise<Uint8Array> {
    return told(signal, async () => {
      // Whoever opens a pipe for reading waits for its writer, and that one may never come.
      await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
      const stats = await file.stat();
      const { size } = stats;
      if (!stats.isFile()) throw new DiskError("strange", "this is no regular file");
      const offset = Math.min(range?.offset ?? 0, size);
      const bytes = new Uint8Array(Math.min(range?.length ?? size, size - offset));
      let filled = 0;
      while (filled < bytes.length) {
        signal.throwIfAborted();
        const length = Math.min(stepBytes, bytes.length - filled);
        const { bytesRead } = await file
          .read(bytes, filled, length, offset + filled)
          .catch(ofBadSectors);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return bytes.subarray(0, filled);
    });
  }

  write(path: string, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    return told(signal, async () => {
      await using file = await open(path, "wx", 0o400);
      await writeParts(file, parts, signal);
      await file.sync().catch(unlessUnknown);
    });
  }

  rename(from: string, to: string, signal: AbortSignal): Promise<void> {
    return told(signal, () => rename(from, to));
  }

  claim(from: string, to: string, signal: AbortSignal): Promise<void> {
    return told(signal, async () => {
      try {
        await link(from, to);
      } catch (error) {
        if (!noLinks.has(codeOf(error))) throw error;
        // A disk such as that of a camera, where nobody else can be kept out.
        if ((await stat(to).catch(unlessMissing)) !== undefined) {
          throw new DiskError("exists", "there is one already", error);
        }
        await rename(from, to);
        return;
      }
      await unlink(from);
    });
  }

  unlink(path: string, signal: AbortSignal): Promise<void> {
    return told(signal, () => unlink(path));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

async function writeParts(
  file: FileHandle,
  parts: readonly Uint8Array[],
  signal: AbortSignal,
): Promise<void> {
  let left: readonly Uint8Array[] = parts.filter(({ length }) => length > 0);
  while (left.length > 0) {
    signal.throwIfAborted();
    const { bytesWritten } = await file.writev(nextStep(left));
    left = behind(left, bytesWritten);
  }
}

function nextStep(parts: readonly Uint8Array[]): Uint8Array[] {
  let sizeBytes = 0;
  let count = 0;
  for (const { length } of parts) {
    if (count === partsAtOnce || (count > 0 && sizeBytes + length > stepBytes)) break;
    sizeBytes += length;
    count += 1;
  }
  return parts.slice(0, count);
}

/** A disk may take less than it was given. */
function behind(parts: readonly Uint8Array[], writtenBytes: number): readonly Uint8Array[] {
  let skipBytes = writtenBytes;
  for (const [at, part] of parts.entries()) {
    if (skipBytes < part.length) return [part.subarray(skipBytes), ...parts.slice(at + 1)];
    skipBytes -= part.length;
  }
  return [];
}

async function entryOf(folder: string, name: string): Promise<DiskEntry | undefined> {
  const found = await stat(`${folder}/${name}`).catch(unlessMissing);
  if (found === undefined) return undefined;
  return { name, isFile: found.isFile(), sizeBytes: found.size, changedAt: found.mtimeMs };
}

const kinds: ReadonlyMap<string, FaultKind> = new Map<string, FaultKind>([
  ["ENOENT", "missing"],
  ["EEXIST", "exists"],
  ["ENOSPC", "full"],
  ["EDQUOT", "full"],
  ["EROFS", "read-only"],
  ["EACCES", "denied"],
  ["EPERM", "denied"],
  ["ENOTDIR", "strange"],
  ["EISDIR", "strange"],
  ["ELOOP", "strange"],
  ["EINVAL", "strange"],
  ["EFBIG", "strange"],
  ["ENAMETOOLONG", "strange"],
]);

/** What a disk says of a file whose content it has lost: only while it reads the content. */
const signsOfLoss: ReadonlySet<string> = new Set(["EIO", "EBADMSG", "EUCLEAN"]);

/** See `FolderLocation`, F6. */
function ofBadSectors(error: unknown): never {
  if (!signsOfLoss.has(codeOf(error))) throw error;
  throw new DiskError("unreadable", (error as Error).message, error);
}

const noLinks: ReadonlySet<string> = new Set(["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"]);

/** D1. */
async function told<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  try {
    return await work();
  } catch (error) {
    if (error instanceof DiskError || (signal.aborted && error === signal.reason)) throw error;
    const code = codeOf(error);
    throw new DiskError(kinds.get(code) ?? "away", (error as Error).message, error);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "";
}

function unlessMissing(error: unknown): undefined {
  if (codeOf(error) !== "ENOENT") throw error;
}

/** Some network disks do not know what syncing is. */
function unlessUnknown(error: unknown): void {
  if (!["ENOTSUP", "EOPNOTSUPP", "EINVAL", "ENOTTY"].includes(codeOf(error))) throw error;
}
