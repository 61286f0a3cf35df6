/**
 * Cuts files into chunks where a fingerprint of the last 64 bytes says so, on top of the rolling in
 * `assembly/cutter.ts`.
 *
 * 1. A chunk has at least `minBytes` and at most `maxBytes`, but for the last one of a file.
 * 2. Where it ends depends on its own bytes alone, and not on the pieces that it came in.
 * 3. What no cut can depend on, all before the window of the first place that may be one, is
 *    neither copied nor looked at.
 */
import { assert } from "../../kernel/index.ts";
import type { Cutter, CutterOptions } from "../../vault/index.ts";
import { cutterModule } from "./modules.ts";
import { instantiate, type ModuleExports } from "./web-assembly.ts";

interface CutterExports extends ModuleExports {
  readonly dataAt: { readonly value: number };
  prepare(polynomial: bigint): void;
  scan(length: number, zeros: bigint): number;
}

const windowBytes = 64;
const kibibyte = 1024;
/** Copied and rolled over at once; what lies behind a cut is copied again, so it is not more. */
const pieceBytes = 64 * kibibyte;

export function createCutter({
  polynomial,
  minBytes = 512 * kibibyte,
  maxBytes = 8 * kibibyte * kibibyte,
  averageBits = 20,
}: CutterOptions): Cutter {
  assert(polynomial >> 53n === 1n, "the polynomial has degree 53");
  assert(windowBytes <= minBytes && minBytes <= maxBytes, "a chunk has a window, and room for it");
  assert(averageBits >= 1 && averageBits <= 52, "a fingerprint has 53 bits");
  const wasm = instantiate(cutterModule) as CutterExports;
  wasm.prepare(polynomial);
  const memory = new Uint8Array(wasm.memory.buffer);
  const dataAt = wasm.dataAt.value;
  const tailAt = dataAt - windowBytes;
  const zeros = (1n << BigInt(averageBits)) - 1n;
  const unseenBytes = minBytes - windowBytes;
  /** How many bytes the present chunk has. */
  let count = 0;

  /** Rolls over a piece behind the window; the end of the chunk in it, or 0. */
  function roll(piece: Uint8Array): number {
    memory.set(piece, dataAt);
    const cut = wasm.scan(piece.length, zeros);
    if (cut === 0) memory.copyWithin(tailAt, tailAt + piece.length, dataAt + piece.length);
    return cut;
  }

  /**
   * Takes the bytes before the first that may be a cut. They are one fewer than a window: what the
   * first byte of that holds does not matter, for it leaves before there is a fingerprint.
   */
  function fillWindow(bytes: Uint8Array): void {
    memory.set(bytes, tailAt + 1 + (count - unseenBytes));
  }

  function next(bytes: Uint8Array): number {
    // The last byte of the least chunk is the first that may be a cut.
    const firstCut = minBytes - 1;
    let at = 0;
    if (count < unseenBytes) {
      at = Math.min(bytes.length, unseenBytes - count);
      count += at;
    }
    if (at < bytes.length && count < firstCut) {
      const length = Math.min(bytes.length - at, firstCut - count);
      fillWindow(bytes.subarray(at, at + length));
      count += length;
      at += length;
    }
    return at < bytes.length ? look(bytes, at) : -1;
  }

  function look(bytes: Uint8Array, from: number): number {
    for (let at = from; at < bytes.length; ) {
      const length = Math.min(pieceBytes, bytes.length - at, maxBytes - count);
      const cut = roll(bytes.subarray(at, at + length));
      if (cut > 0 || count + length === maxBytes) {
        count = 0;
        return at + (cut > 0 ? cut : length);
      }
      count += length;
      at += length;
    }
    return -1;
  }

  return {
    next,
    reset: () => {
      count = 0;
    },
  };
}
