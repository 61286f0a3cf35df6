/**
 * The log of one instance: written by its processes through descriptors that they keep (children
 * cannot be asked to reopen), rotated and read by us.
 *
 * Positions are *offsets*: bytes since the beginning of everything that this daemon has seen, so
 * that they stay valid when the head of the file is cut off. What lay in the file before counts
 * from 0; older generations have negative offsets.
 * L1. Rotation by `fallocate --collapse-range` loses nothing: the copied head is cut off whole
 *     blocks at a time while writers go on at the end. The cut may divide a line; generations put
 *     one after another are exactly what was written, and readers here see them so.
 * L2. Where the file system cannot do that, the file is copied until the copy is equal and then
 *     emptied: what is written between those two calls (some microseconds) is lost.
 * L3. Of what came faster than somebody looked, a generation holds the end, where that is bounded,
 *     and never more than that bound: the rest is lost and counted, what is older is out of reach
 *     of offsets, and `...` stands in its place, so that no line is read which nobody wrote.
 *     So it is there with everything when the disk has no room for a copy, nor would have it
 *     without the older generations, which go first: no disk stays full for the sake of old lines.
 * L4. A daemon that dies between the copy and the cut leaves lines twice, never none.
 */
import {
  closeSync,
  constants,
  createReadStream,
  createWriteStream,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from "node:fs";
import { rename, rm } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { codeOf } from "../check-reading.ts";
import { runTool } from "./spawn-service.ts";

export interface Rotation {
  readonly maxBytes: number;
  /** Older generations that stay, `<log>.1` being the youngest. */
  readonly keep: number;
  /** What one generation may hold, whatever was written before somebody looked. */
  readonly generationMaxBytes?: number;
}

interface Span {
  readonly from: number;
  readonly to: number;
}

interface Bound {
  readonly keep: number;
  readonly mostBytes: number | undefined;
}

type CutHead = (path: string, sizeBytes: number) => Promise<boolean>;

const readMaxBytes = 1024 * 1024;
const generationsMax = 100;
const chunkBytes = 64 * 1024;
const newline = 10;
/** What lies behind the copied head is one chunk, unless somebody writes on and on. */
const tailMaxBytes = 64 * 1024 * 1024;
/** Ends the line before what was lost, and begins the one behind it. */
const lostMark = "...\n...";
/** Of a bounded generation that is begun anew: for what is written while it is copied. */
const roomShare = 1 / 8;

/** What is left of a part of a log. */
export interface LogPart {
  readonly bytes: Buffer;
  /** The offset of the first byte. */
  readonly from: number;
  /** False where it may be amid a line: its beginning is not there any more, or was never seen. */
  readonly startsLine: boolean;
}

export class ServiceLog {
  readonly path: string;
  readonly #cutHead: CutHead;
  /** Nothing was rotated away before this daemon: offset 0 is where the first line begins. */
  readonly #isWhole: boolean;
  #droppedBytes = 0;
  #lostBytes = 0;
  /** Offsets before this one are those of no file any more. */
  #heldFrom = Number.NEGATIVE_INFINITY;
  #rotating: Promise<void> | undefined;
  #cutting: { readonly beforeBytes: number; readonly headBytes: number } | undefined;

  /** `cutHead` is handed in where another way of cutting is to be tried. */
  constructor(path: string, cutHead: CutHead = collapseHead) {
    this.path = path;
    this.#cutHead = cutHead;
    this.#isWhole = sizeOf(`${path}.1`) === 0;
  }

  /** Where the next line will be. A cut that is under way shows by the file being shorter. */
  end(): number {
    const sizeBytes = sizeOf(this.path);
    const cut = this.#cutting;
    const cutBytes = cut && sizeBytes < cut.beforeBytes ? cut.headBytes : 0;
    return this.#droppedBytes + cutBytes + sizeBytes;
  }

  /** What was lost since this was asked last (L3). */
  takeLost(): number {
    const lostBytes = this.#lostBytes;
    this.#lostBytes = 0;
    return lostBytes;
  }

  /** True when it was rotated; concurrent calls share one rotation. */
  async rotate(rotation: Rotation): Promise<boolean> {
    if (this.#rotating !== undefined || sizeOf(this.path) < Math.max(1, rotation.maxBytes)) {
      return false;
    }
    this.#rotating = this.#makeRoom(rotation).finally(() => {
      this.#rotating = undefined;
    });
    await this.#rotating;
    return true;
  }

  /** The bytes from one offset up to another, as far as they are still there; 1 MiB at most. */
  async read(from: number, to: number): Promise<LogPart> {
    await this.#rotating?.catch(() => {});
    const asked = Math.max(from, to - readMaxBytes);
    // With the one before them, which tells whether a line begins behind it.
    const held = this.#readNow(asked - 1, to);
    if (held.from >= asked) {
      const startsLine = this.#isWhole && held.from === 0 && this.#heldFrom < 0;
      return { ...held, startsLine };
    }
    return { bytes: held.bytes.subarray(1), from: asked, startsLine: held.bytes[0] === newline };
  }

  #readNow(asked: number, to: number): { readonly bytes: Buffer; readonly from: number } {
    const from = Math.max(asked, this.#heldFrom);
    const parts: Buffer[] = [];
    let path = this.path;
    let end = Math.min(to, this.end());
    let start = this.#droppedBytes;
    for (let generation = 1; end > from && generation < generationsMax; generation += 1) {
      if (end > start) {
        const first = Math.max(from, start);
        parts.unshift(readPart(path, first - start, end - first));
        end = first;
      }
      path = `${this.path}.${generation}`;
      const sizeBytes = sizeOf(path);
      if (sizeBytes === 0) break;
      start -= sizeBytes;
    }
    return { bytes: Buffer.concat(parts), from: end };
  }

  /** Keeps L3 on a full disk. */
  async #makeRoom(rotation: Rotation): Promise<void> {
    try {
      return await this.#rotateNow(rotation);
    } catch (error) {
      const mayLose = rotation.generationMaxBytes !== undefined && rotation.keep > 0;
      if (codeOf(error) !== "ENOSPC" || !mayLose) throw error;
    }
    await this.#forgetOlder(1);
    try {
      return await this.#rotateNow(rotation);
    } catch (error) {
      if (codeOf(error) !== "ENOSPC") throw error;
    }
    const before = this.#droppedBytes;
    await this.#rotateNow({ ...rotation, keep: 0 });
    this.#lose(this.#droppedBytes - before, this.#droppedBytes);
  }

  async #rotateNow({ keep, generationMaxBytes }: Rotation): Promise<void> {
    const blockBytes = Math.max(4096, statSync(this.path).blksize);
    // The call refuses to cut up to the very end.
    const headBytes = Math.floor((sizeOf(this.path) - 1) / blockBytes) * blockBytes;
    const mostBytes = generationMaxBytes && Math.max(1, generationMaxBytes - 2 * lostMark.length);
    const from = keep > 0 ? Math.max(0, headBytes - (mostBytes ?? headBytes)) : 0;
    if (keep > 0) await this.#copyHead({ from, to: headBytes }, keep);
    this.#cutting = { beforeBytes: sizeOf(this.path), headBytes };
    const isCut = headBytes > 0 && (await this.#cutHead(this.path, headBytes));
    this.#cutting = undefined;
    if (from > 0) this.#lose(from, this.#droppedBytes + from);
    if (isCut) this.#droppedBytes += headBytes;
    else this.#empty({ from, to: headBytes }, { keep, mostBytes });
    if (keep === 0) this.#heldFrom = this.#droppedBytes;
  }

  /** Keeps L3. */
  #lose(lostBytes: number, heldFrom: number): void {
    this.#lostBytes += lostBytes;
    this.#heldFrom = heldFrom;
  }

  async #copyHead(head: Span, keep: number) {
    const fresh = `${this.path}.new`;
    await rm(fresh, { force: true });
    // A new file: what somebody put in its place, a link above all, is not written through.
    const to = createWriteStream(fresh, { mode: 0o600, flags: "wx" });
    try {
      if (head.from > 0) to.write(lostMark);
      await pipeline(
        head.to === 0 ? [] : createReadStream(this.path, { start: head.from, end: head.to - 1 }),
        to,
      );
    } catch (error) {
      // Half a copy would hold what is left of a full disk.
      await rm(fresh, { force: true });
      throw error;
    }
    await this.#forgetOlder(keep);
    for (let generation = keep - 1; generation >= 1; generation -= 1) {
      const older = `${this.path}.${generation + 1}`;
      // A generation that is missing leaves a hole that the next rotations fill.
      await rename(`${this.path}.${generation}`, older).catch(() => {});
    }
    await rename(fresh, `${this.path}.1`);
  }

  /** Also those from a time when more were to be kept. */
  async #forgetOlder(keep: number): Promise<void> {
    for (let generation = keep; generation <= generationsMax; generation += 1) {
      const path = `${this.path}.${generation}`;
      if (generation > keep && sizeOf(path) === 0) break;
      await rm(path, { force: true });
    }
  }

  /** Keeps L2: nothing else of this process runs between the last copy and the cut. */
  #empty(head: Span, { keep, mostBytes }: Bound): void {
    const file = openSync(this.path, constants.O_RDWR | constants.O_NOFOLLOW);
    try {
      const copied = keep > 0 ? this.#copyTail(file, head, mostBytes) : fstatSync(file).size;
      const uncopied = fstatSync(file).size - copied;
      ftruncateSync(file, 0);
      this.#droppedBytes += copied + uncopied;
      if (uncopied > 0 && keep > 0) this.#lose(uncopied, this.#droppedBytes);
    } finally {
      closeSync(file);
    }
  }

  /**
   * Up to where the file is copied then. A writer that is as fast as we are is not raced for ever,
   * and a tail that no longer fits behind its head takes the place of it (L3).
   */
  #copyTail(file: number, head: Span, mostBytes: number | undefined): number {
    const { O_WRONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
    const to = openSync(`${this.path}.1`, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
    try {
      let copied = head.to;
      let room = mostBytes === undefined ? tailMaxBytes : mostBytes - (head.to - head.from);
      const sizeBytes = fstatSync(file).size;
      if (mostBytes !== undefined && sizeBytes - copied > room) {
        copied = Math.max(head.from, sizeBytes - Math.floor(mostBytes * (1 - roomShare)));
        room = mostBytes;
        ftruncateSync(to, 0);
        writeSync(to, lostMark);
        this.#lose(copied - head.from, this.#droppedBytes + copied);
      }
      const chunk = Buffer.allocUnsafe(chunkBytes);
      while (room > 0) {
        const count = readSync(file, chunk, 0, Math.min(chunk.length, room), copied);
        if (count === 0) break;
        writeSync(to, chunk, 0, count);
        copied += count;
        room -= count;
      }
      if (fstatSync(file).size > copied) writeSync(to, lostMark);
      return copied;
    } finally {
      closeSync(to);
    }
  }
}

/** Cuts whole blocks off the head of a file while others append to it (ext4, XFS). */
function collapseHead(path: string, sizeBytes: number): Promise<boolean> {
  return runTool("fallocate", [
    "--collapse-range",
    "--offset",
    "0",
    "--length",
    String(sizeBytes),
    path,
  ]);
}

/** What a link leads to is not ours to cut, nor to show. */
function sizeOf(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isFile() ? stat.size : 0;
}

function readPart(path: string, from: number, sizeBytes: number): Buffer {
  const file = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const part = Buffer.allocUnsafe(sizeBytes);
    return part.subarray(0, readSync(file, part, 0, sizeBytes, from));
  } finally {
    closeSync(file);
  }
}
