/**
 * The end of a pack: a sealed list of what is in it, and the length of that list, so that a pack
 * explains itself when every index is lost.
 */
import { Buffer } from "node:buffer";
import type { BlobKind, PackedBlob } from "./blob.ts";
import { Damage } from "./damage.ts";
import { sealBytes } from "./seal.ts";

const plainEntryBytes = 37;
const compressedEntryBytes = 41;
/** The length at the very end, little-endian. */
export const trailerBytes = 4;
const kinds: readonly BlobKind[] = ["data", "tree"];

/** The plain list, to be sealed. */
export function encodePackHeader(blobs: readonly PackedBlob[]): Uint8Array {
  const sizes = blobs.map((blob) =>
    blob.plainLength === 0 ? plainEntryBytes : compressedEntryBytes,
  );
  const header = Buffer.alloc(sizes.reduce((sum, size) => sum + size, 0));
  let at = 0;
  for (const { id, kind, length, plainLength } of blobs) {
    at = header.writeUInt8(kinds.indexOf(kind) + (plainLength === 0 ? 0 : 2), at);
    at = header.writeUInt32LE(length, at);
    if (plainLength > 0) at = header.writeUInt32LE(plainLength, at);
    header.set(id, at);
    at += id.length;
  }
  return header;
}

/** @throws Damage */
export function decodePackHeader(header: Uint8Array): readonly PackedBlob[] {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.length);
  const blobs: PackedBlob[] = [];
  let at = 0;
  let offset = 0;
  while (at < bytes.length) {
    const type = bytes.readUInt8(at);
    const isCompressed = type >= 2;
    const size = isCompressed ? compressedEntryBytes : plainEntryBytes;
    const kind = kinds[type % 2];
    if (type > 3 || kind === undefined || at + size > bytes.length) {
      throw new Damage(`a pack whose list has no entry at byte ${at}`);
    }
    const length = bytes.readUInt32LE(at + 1);
    const plainLength = isCompressed ? bytes.readUInt32LE(at + 5) : 0;
    blobs.push({
      id: bytes.subarray(at + size - 32, at + size),
      kind,
      offset,
      length,
      plainLength,
    });
    offset += length;
    at += size;
  }
  return blobs;
}

/** How long a pack of those blobs is, all in all. */
export function packBytesOf(blobs: Iterable<Pick<PackedBlob, "length" | "plainLength">>): number {
  let bytes = sealBytes + trailerBytes;
  for (const { length, plainLength } of blobs) {
    bytes += length + (plainLength === 0 ? plainEntryBytes : compressedEntryBytes);
  }
  return bytes;
}

/** Bytes of sealed header and trailer at the end of a pack of so many blobs. */
export function sealedHeaderBytes(trailer: Uint8Array, packBytes: number): number {
  const bytes = Buffer.from(trailer.buffer, trailer.byteOffset, trailer.length);
  const length = bytes.readUInt32LE(bytes.length - trailerBytes);
  if (length < sealBytes || length + trailerBytes > packBytes) {
    throw new Damage(`a pack of ${packBytes} bytes whose list would be ${length} bytes long`);
  }
  return length;
}

export function encodeTrailer(sealedHeaderLength: number): Uint8Array {
  const trailer = Buffer.alloc(trailerBytes);
  trailer.writeUInt32LE(sealedHeaderLength);
  return trailer;
}
