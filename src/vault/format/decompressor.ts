/**
 * Unpacks many frames, one after another, with one context: `zstdDecompressSync` makes one for each
 * call, which takes longer than to unpack 8 KB.
 *
 * 1. What comes out is a whole frame's text of the length that was asked for, or nothing: then the
 *    plain way says what is wrong with it, or unpacks it all the same.
 * 2. Where Node has nothing of the kind inside, no stream is made again. Why its inside is used at
 *    all is in decision 0027.
 * 3. What a frame that is not whole leaves behind in the context is never met by the next one.
 */
import * as zlib from "node:zlib";
import type { InsideZstd } from "./zstd.ts";

export interface Decompressor {
  /**
   * @param room where the text goes, longer than it by a byte or more; without one it gets memory
   * of its own
   */
  decompress(frame: Uint8Array, textBytes: number, room?: Uint8Array): Uint8Array | undefined;
}

/** Longer ones are rare, and their length is only what somebody says it is. */
const mostTextBytes = 16 << 20;

export function createDecompressor(
  makeStream: typeof zlib.createZstdDecompress = zlib.createZstdDecompress,
): Decompressor {
  let stream: (zlib.ZstdDecompress & InsideZstd) | undefined;
  let isOff = false;

  function opened(): NonNullable<typeof stream> {
    const fresh = makeStream({ chunkSize: 64 });
    // Told by the plain way.
    fresh.on("error", () => undefined);
    return fresh;
  }

  /** `room` is longer than the text, so that a frame which goes on behind it is seen to. */
  function unpacked(
    frame: Uint8Array,
    textBytes: number,
    room: Uint8Array,
  ): Uint8Array | undefined {
    stream ??= opened();
    const { _handle: handle, _writeState: left } = stream;
    if (handle?.writeSync === undefined || left === undefined) {
      isOff = true;
      return undefined;
    }
    left.set([0, 1]);
    const { ZSTD_e_continue: more } = zlib.constants;
    handle.writeSync(more, frame, 0, frame.length, room, 0, textBytes + 1);
    const isWhole = left[0] === 1 && left[1] === 0 && !stream.destroyed;
    return isWhole ? room.subarray(0, textBytes) : undefined;
  }

  return {
    decompress: (frame, textBytes, room) => {
      if (isOff || textBytes > mostTextBytes) return undefined;
      let text: Uint8Array | undefined;
      try {
        text = unpacked(frame, textBytes, room ?? new Uint8Array(textBytes + 1));
        // Rule 3.
        if (text === undefined) stream = undefined;
      } catch {
        // This Node has something else inside.
        isOff = true;
      }
      return text;
    },
  };
}
