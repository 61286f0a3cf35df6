/**
 * Reads one pack of one location in full: the file, its list, each blob.
 *
 * What has the hash of its name is what was written; the rest of the look finds a writer that was
 * wrong, or an index that is.
 */

import type { PackedBlob } from "../format/blob.ts";
import { Damage } from "../format/damage.ts";
import { hexOfId } from "../format/ids.ts";
import { decodePackHeader, sealedHeaderBytes, trailerBytes } from "../format/pack-header.ts";
import type { BlobIndex } from "../index/blob-index.ts";
import { type Codec, hexDigestOf } from "../repository/codec.ts";
import type { PackFacts } from "./survey.ts";

export interface KnownPack {
  readonly id: string;
  readonly index: BlobIndex;
  /** Undefined when no index names it. */
  readonly facts: PackFacts | undefined;
}

/** @throws Damage saying what is wrong */
export function checkPack(bytes: Uint8Array, { facts, id, index }: KnownPack, codec: Codec): void {
  if (hexDigestOf(bytes) !== id) throw new Damage("the hash of the pack is another");
  const blobs = packListOf(bytes, codec);
  if (facts !== undefined && facts.blobCount !== blobs.length) {
    const counts = `${blobs.length} blobs, where the index names ${facts.blobCount}`;
    throw new Damage(`the pack lists ${counts}`);
  }
  for (const blob of blobs) {
    if (facts !== undefined && !isNamed(blob, id, index)) {
      throw new Damage(`the index says otherwise of the blob ${hexOfId(blob.id)}`);
    }
    const { length, offset, plainLength } = blob;
    codec.openBlob(blob.id, bytes.subarray(offset, offset + length), plainLength);
  }
}

/**
 * What a pack says of itself.
 *
 * @param tail its last bytes, the list among them
 * @param sizeBytes of the whole pack
 * @throws Damage
 */
export function packListOf(
  tail: Uint8Array,
  codec: Codec,
  sizeBytes: number = tail.length,
): readonly PackedBlob[] {
  if (tail.length < trailerBytes) throw new Damage("the pack is too short for its list");
  const listBytes = sealedHeaderBytes(tail.subarray(-trailerBytes), tail.length);
  const listAt = tail.length - trailerBytes - listBytes;
  const blobs = decodePackHeader(codec.open(tail.subarray(listAt, -trailerBytes)));
  const last = blobs.at(-1);
  if (last !== undefined && last.offset + last.length !== sizeBytes - tail.length + listAt) {
    throw new Damage("the pack's list does not begin where its blobs end");
  }
  return blobs;
}

function isNamed(
  { id, kind, length, offset }: PackedBlob,
  pack: string,
  index: BlobIndex,
): boolean {
  return index
    .find(id, kind)
    .some((place) => place.pack === pack && place.offset === offset && place.length === length);
}
