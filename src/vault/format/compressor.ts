/**
 * Packs many texts, one after another, with one context. `zstdCompressSync` makes a context for
 * each call, which takes about as long as packing 8 KB, and leaves it to the collector of garbage.
 *
 * 1. What comes out is one frame with the whole text, whichever way it was packed.
 * 2. What Node keeps behind its streams is used only where it is there, and where texts that were
 *    packed by it have come back as they were; what fails later is packed in the plain way. Why is
 *    in decision 0027.
 * 3. Nothing leaves that is not a frame which names the length of its text; of each 64 one is
 *    unpacked and compared: soon it may be the only copy.
 */
import { Buffer } from "node:buffer";
import * as zlib from "node:zlib";
import { compress, decompress, type InsideZstd, textBytesOf } from "./zstd.ts";

export interface Compressor {
  /** @returns a view that holds until the next call */
  compress(text: Uint8Array): Uint8Array;
}

/** For results of the plain way. */
const plainRoomBytes = 64 << 10;
const leastRoomBytes = 64 << 10;
/** What is longer, as the tree of a huge folder, is packed in the plain way: no room is kept. */
const mostTextBytes = 16 << 20;
/** Rule 3. */
const framesPerProof = 64;
const samples: readonly Uint8Array[] = [3, 40_000].map((length) =>
  Uint8Array.from({ length }, (_, at) => (at * at) >> 7),
);

export function createCompressor(
  level: number,
  makeStream: typeof zlib.createZstdCompress = zlib.createZstdCompress,
): Compressor {
  const options = { params: { [zlib.constants.ZSTD_c_compressionLevel]: level }, chunkSize: 64 };
  let stream: (zlib.ZstdCompress & InsideZstd) | undefined;
  let isTried = false;
  let frames = 0;
  let room = new Uint8Array();

  function packed(text: Uint8Array): Uint8Array | undefined {
    const { _handle: handle, _writeState: left } = stream ?? {};
    if (handle?.writeSync === undefined || left === undefined) return undefined;
    if (text.length > mostTextBytes) return undefined;
    const needed = Math.max(leastRoomBytes, mostFrameBytes(text.length));
    if (room.length < needed) room = new Uint8Array(needed);
    const { ZSTD_e_end: whole } = zlib.constants;
    // What the last call has left behind would tell of success.
    left.set([0, 1]);
    handle.writeSync(whole, text, 0, text.length, room, 0, room.length);
    const [roomLeft = 0, textLeft] = left;
    const frame = room.subarray(0, room.length - roomLeft);
    const isWhole = stream?.destroyed === false && textLeft === 0 && roomLeft > 0;
    if (isWhole && isSound(frame, text)) return frame;
    stream = undefined;
    return undefined;
  }

  /** Rule 3. */
  function isSound(frame: Uint8Array, text: Uint8Array): boolean {
    frames += 1;
    if (textBytesOf(frame) !== text.length) return false;
    if (isTried && frames % framesPerProof !== 1) return true;
    try {
      return Buffer.compare(decompress(frame, text.length + 1), text) === 0;
    } catch {
      return false;
    }
  }

  /** Rule 2. */
  function tryOut(): void {
    try {
      stream = makeStream(options);
      // Told to nobody: what fails is packed in the plain way.
      stream.on("error", () => undefined);
      if (!samples.every((sample) => packed(sample) !== undefined)) stream = undefined;
    } catch {
      stream = undefined;
    }
    isTried = true;
  }

  return {
    compress: (text) => {
      if (!isTried) tryOut();
      return packed(text) ?? compress(text, { level, chunkSize: plainRoomBytes });
    },
  };
}

/** No frame of a text is longer; as zstd's own bound, and some more. */
function mostFrameBytes(textBytes: number): number {
  return textBytes + (textBytes >> 8) + 1024;
}
