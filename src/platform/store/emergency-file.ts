/**
 * A file that was paid for in advance: its space is taken when all is well, so that entries can be
 * written into it when the disk is full. It lies in another folder than the store.
 *
 * The file is a row of frames, each `length checksum JSON\n` with eight hex digits for either
 * number; behind the last one there are zeros.
 * E1. A frame that is not whole ends the row: a torn write is as if it had not begun.
 * E2. `append` resolves when the frame is on the disk; it rejects when the frame does not fit.
 * E3. The file never grows and never shrinks.
 * E4. When somebody has removed or replaced it (cleaners of temporary folders do), it is made anew
 *     with what it held before anything more is written.
 */
import { constants } from "node:fs";
import { type FileHandle, open, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import type { EmergencyJournal, HeldEntries } from "../../knowledge/index.ts";
import type { SealedEntry } from "../../model/index.ts";
import { syncFolder } from "../../system/index.ts";

const headBytes = 18;
const pieceBytes = 2 ** 16;
const head = /^([0-9a-f]{8}) ([0-9a-f]{8}) $/;

export interface EmergencyFileOptions {
  readonly sizeBytes?: number;
}

/** Rejects when the space cannot be had. */
export async function openEmergencyFile(
  path: string,
  { sizeBytes = 2 ** 23 }: EmergencyFileOptions = {},
): Promise<EmergencyFile> {
  const file = await openWithSpace(path, sizeBytes);
  try {
    const { size } = await file.stat();
    const emergency = new EmergencyFile(path, file, Math.max(size, sizeBytes));
    await emergency.read();
    return emergency;
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openWithSpace(path: string, sizeBytes: number): Promise<FileHandle> {
  const { O_RDWR, O_CREAT, O_DSYNC } = constants;
  await takeSpace(path, sizeBytes);
  return await open(path, O_RDWR | O_CREAT | O_DSYNC, 0o600);
}

/** Synced once, and not with every piece as what is written later. */
async function takeSpace(path: string, sizeBytes: number): Promise<void> {
  await using file = await open(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const { size } = await file.stat();
  if (size >= sizeBytes) return;
  await zero(file, size, sizeBytes);
  await file.sync();
  await syncFolder(dirname(path));
}

export class EmergencyFile implements EmergencyJournal {
  readonly #path: string;
  #file: FileHandle;
  readonly #sizeBytes: number;
  #endBytes = 0;
  #isWriting = false;

  constructor(path: string, file: FileHandle, sizeBytes: number) {
    this.#path = path;
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  get usedBytes(): number {
    return this.#endBytes;
  }

  async append(held: HeldEntries): Promise<void> {
    const frame = frameOf(JSON.stringify(held));
    const start = this.#endBytes;
    if (start + frame.length > this.#sizeBytes) {
      throw new Error(`it is full: ${start} of ${this.#sizeBytes} bytes are used`);
    }
    await this.#alone(async () => {
      if (await this.#isLost()) await this.#makeAnew();
      await writeAll(this.#file, frame, start);
    });
    this.#endBytes = start + frame.length;
  }

  async read(): Promise<HeldEntries> {
    const content = Buffer.alloc(this.#sizeBytes);
    await this.#file.read(content, 0, content.length, 0);
    const { held, endBytes } = framesIn(content);
    this.#endBytes = endBytes;
    return held;
  }

  /** From its end to its beginning: what is left after a crash in between is a row of frames. */
  async reset(): Promise<void> {
    await this.#alone(async () => {
      try {
        for (let end = this.#endBytes; end > 0; end -= pieceBytes) {
          await zero(this.#file, Math.max(0, end - pieceBytes), end);
        }
      } catch (error) {
        // What is written next follows what is left: behind a hole nobody would find it.
        await this.read();
        throw error;
      }
    });
    this.#endBytes = 0;
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #isLost(): Promise<boolean> {
    const there = await stat(this.#path).catch(() => undefined);
    const own = await this.#file.stat();
    return there === undefined || there.ino !== own.ino || there.dev !== own.dev;
  }

  /** Keeps E4: what was removed can still be read by who has it open. */
  async #makeAnew(): Promise<void> {
    const content = Buffer.alloc(this.#endBytes);
    await this.#file.read(content, 0, content.length, 0);
    const next = await openWithSpace(this.#path, this.#sizeBytes);
    try {
      await writeAll(next, content, 0);
    } catch (error) {
      await next.close();
      throw error;
    }
    await this.#file.close();
    this.#file = next;
  }

  /** A disk that hangs gets no second write: nobody knows where the first one ends. */
  async #alone(write: () => Promise<void>): Promise<void> {
    if (this.#isWriting) throw new Error("the write before has not ended");
    this.#isWriting = true;
    try {
      await write();
    } finally {
      this.#isWriting = false;
    }
  }
}

/** What is in such a file, for those who only look; undefined when there is none. */
export async function readEmergencyFile(path: string): Promise<HeldEntries | undefined> {
  try {
    return framesIn(await readFile(path)).held;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Keeps E1. */
function framesIn(content: Buffer): { readonly held: HeldEntries; readonly endBytes: number } {
  let storeEnd: number | undefined;
  const entries: SealedEntry[] = [];
  let place = 0;
  for (let frame = frameAt(content, place); frame; frame = frameAt(content, place)) {
    entries.push(...frame.held.entries);
    const { storeEnd: end } = frame.held;
    if (end !== undefined) storeEnd = Math.min(end, storeEnd ?? end);
    place = frame.endBytes;
  }
  return { held: { storeEnd, entries }, endBytes: place };
}

function frameOf(json: string): Buffer {
  const content = Buffer.from(`${json}\n`);
  const start = `${hex(content.length)} ${hex(crc32(content))} `;
  return Buffer.concat([Buffer.from(start), content]);
}

interface Frame {
  readonly held: HeldEntries;
  readonly endBytes: number;
}

function frameAt(content: Buffer, place: number): Frame | undefined {
  const match = head.exec(content.toString("latin1", place, place + headBytes));
  if (match === null) return undefined;
  const start = place + headBytes;
  const endBytes = start + Number.parseInt(match[1] ?? "", 16);
  const json = content.subarray(start, endBytes);
  if (endBytes > content.length || hex(crc32(json)) !== match[2]) return undefined;
  return { held: JSON.parse(json.toString()) as HeldEntries, endBytes };
}

async function zero(file: FileHandle, from: number, to: number): Promise<void> {
  for (let place = from; place < to; place += pieceBytes) {
    await writeAll(file, Buffer.alloc(Math.min(pieceBytes, to - place)), place);
  }
}

async function writeAll(file: FileHandle, content: Buffer, place: number): Promise<void> {
  let written = 0;
  while (written < content.length) {
    const { bytesWritten } = await file.write(content, written, undefined, place + written);
    if (bytesWritten === 0) throw new Error("the disk takes nothing");
    written += bytesWritten;
  }
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
