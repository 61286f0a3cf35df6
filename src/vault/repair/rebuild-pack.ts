/**
 * A pack that no location has whole, put together from what each of them has of it.
 *
 * A blob, and the list at the end, are sealed by themselves: what opens is what was written, to the
 * last byte. So when each part is sound somewhere, the pack is the same pack again, under the same
 * name, and nothing else has to change.
 */
import type { PackedBlob, SealedBlob } from "../format/blob.ts";
import type { IndexedPack } from "../format/index-json.ts";
import {
  decodePackHeader,
  encodeTrailer,
  packBytesOf,
  trailerBytes,
} from "../format/pack-header.ts";
import { type Codec, hexDigestOf } from "../repository/codec.ts";
import { unlessDamaged } from "./repair-work.ts";

export type RebuiltPack =
  | { readonly kind: "whole"; readonly bytes: Uint8Array }
  | { readonly kind: "parts"; readonly sound: readonly SealedBlob[]; readonly lostBlobs: number };

/** @param copies what the locations have under the name of the pack */
export async function rebuildPack(
  { blobs, id }: IndexedPack,
  copies: AsyncIterable<Uint8Array>,
  codec: Codec,
): Promise<RebuiltPack> {
  const listAt = blobs.reduce((end, { length, offset }) => Math.max(end, offset + length), 0);
  const listBytes = packBytesOf(blobs) - trailerBytes - listAt;
  const sound = new Map<PackedBlob, Uint8Array>();
  let list: Uint8Array | undefined;
  for await (const copy of copies) {
    for (const blob of blobs) {
      if (sound.has(blob)) continue;
      const part = copy.slice(blob.offset, blob.offset + blob.length);
      const content = unlessDamaged(() => codec.openBlob(blob.id, part, blob.plainLength));
      if (content !== undefined) sound.set(blob, part);
    }
    const part = copy.slice(listAt, listAt + listBytes);
    if (unlessDamaged(() => decodePackHeader(codec.open(part))) !== undefined) list ??= part;
  }
  if (list !== undefined && sound.size === blobs.length) {
    const whole = new Uint8Array(packBytesOf(blobs));
    for (const [{ offset }, part] of sound) whole.set(part, offset);
    whole.set(list, listAt);
    whole.set(encodeTrailer(list.length), listAt + list.length);
    if (hexDigestOf(whole) === id) return { kind: "whole", bytes: whole };
  }
  const parts = Array.from(sound, ([blob, bytes]): SealedBlob => {
    return { id: blob.id, kind: blob.kind, plainLength: blob.plainLength, bytes };
  });
  return { kind: "parts", sound: parts, lostBlobs: blobs.length - parts.length };
}
