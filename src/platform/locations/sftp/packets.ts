/**
 * The packets of SFTP version 3 (draft-ietf-secsh-filexfer-02), as OpenSSH speaks it: a length, a
 * type, the number of the request, and fields.
 */
import { Buffer } from "node:buffer";
import { DiskError } from "../disk.ts";

export const packetTypes = {
  init: 1,
  version: 2,
  open: 3,
  close: 4,
  read: 5,
  write: 6,
  fstat: 8,
  openFolder: 11,
  readFolder: 12,
  remove: 13,
  makeFolder: 14,
  stat: 17,
  rename: 18,
  status: 101,
  handle: 102,
  data: 103,
  names: 104,
  attributes: 105,
  extended: 200,
  extendedReply: 201,
} as const;

/** Answers are 256 KiB at most with OpenSSH: what is much longer is no SFTP. */
const longestBytes = 1024 * 1024;

export interface Packet {
  readonly type: number;
  /** What follows the type. */
  readonly body: Buffer;
}

export interface Attributes {
  readonly sizeBytes: number;
  readonly mode: number;
  /** Seconds since the epoch. */
  readonly changedS: number;
}

export function number32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function number64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

export function text(value: string | Buffer): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([number32(bytes.length), bytes]);
}

/** Only the mode, or nothing. */
export function attributes(mode?: number): Buffer {
  return mode === undefined ? number32(0) : Buffer.concat([number32(4), number32(mode)]);
}

/** In pieces, so that what is written is not copied. */
export function packet(type: number, fields: readonly Uint8Array[]): readonly Uint8Array[] {
  const sizeBytes = fields.reduce((sum, { length }) => sum + length, 1);
  return [Buffer.concat([number32(sizeBytes), Buffer.of(type)]), ...fields];
}

/** Cuts what arrives into packets. */
export class PacketReader {
  #chunks: Buffer[] = [];
  #heldBytes = 0;

  *take(chunk: Buffer): Generator<Packet> {
    this.#chunks.push(chunk);
    this.#heldBytes += chunk.length;
    while (this.#heldBytes >= 5) {
      const sizeBytes = this.#peekLength();
      if (sizeBytes < 1 || sizeBytes > longestBytes) throw noSftp();
      if (this.#heldBytes < 4 + sizeBytes) return;
      const whole = this.#remove(4 + sizeBytes);
      yield { type: whole.readUInt8(4), body: whole.subarray(5) };
    }
  }

  #peekLength(): number {
    if ((this.#chunks[0]?.length ?? 0) < 4) this.#join();
    return this.#chunks[0]?.readUInt32BE(0) ?? 0;
  }

  #remove(sizeBytes: number): Buffer {
    if ((this.#chunks[0]?.length ?? 0) < sizeBytes) this.#join();
    const [first = Buffer.of(), ...rest] = this.#chunks;
    this.#chunks = first.length > sizeBytes ? [first.subarray(sizeBytes), ...rest] : rest;
    this.#heldBytes -= sizeBytes;
    return first.subarray(0, sizeBytes);
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks)];
  }
}

/** Reads the fields of a packet one after another; what is not there is no SFTP. */
export class FieldReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  number32(): number {
    return this.#next(4).readUInt32BE();
  }

  number64(): number {
    return Number(this.#next(8).readBigUInt64BE());
  }

  bytes(): Buffer {
    return this.#next(this.number32());
  }

  text(): string {
    return this.bytes().toString("utf8");
  }

  attributes(): Attributes {
    const flags = this.number32();
    const sizeBytes = flags & 1 ? this.number64() : 0;
    if (flags & 2) this.#next(8);
    const mode = flags & 4 ? this.number32() : 0;
    const changedS = flags & 8 ? this.#next(8).readUInt32BE(4) : 0;
    const more = flags & 0x80000000 ? this.number32() : 0;
    for (let pair = 0; pair < more; pair += 1) {
      this.bytes();
      this.bytes();
    }
    return { sizeBytes, mode, changedS };
  }

  #next(sizeBytes: number): Buffer {
    const from = this.#at;
    this.#at += sizeBytes;
    if (this.#at > this.#bytes.length) throw noSftp();
    return this.#bytes.subarray(from, this.#at);
  }
}

export function noSftp(): DiskError {
  return new DiskError("strange", "what answers there does not speak SFTP");
}
