import { describe, expect, it } from "vitest";
import { createRandom } from "../../src/kernel/index.ts";
import { createCutter } from "../../src/platform/kernels/cutter.ts";
import { fingerprintAt, referenceChunks } from "../../src/vault/kernels-bench.ts";

const polynomial = 0x3da3358b4dc173n;
const kibibyte = 1024;

function chanceBytes(length: number, seed: number): Uint8Array {
  const random = createRandom(seed);
  return Uint8Array.from({ length }, () => Math.floor(random.next() * 256));
}

/** The lengths of all chunks, when the file comes in pieces of the given lengths, over and over. */
function chunksOf(
  bytes: Uint8Array,
  cutter: ReturnType<typeof createCutter>,
  pieces: readonly number[],
): number[] {
  const lengths: number[] = [];
  let length = 0;
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    let piece = bytes.subarray(at, at + (pieces[turn % pieces.length] ?? 1));
    at += piece.length;
    for (let end = cutter.next(piece); end !== -1; end = cutter.next(piece)) {
      lengths.push(length + end);
      length = 0;
      piece = piece.subarray(end);
    }
    length += piece.length;
  }
  cutter.reset();
  return length > 0 ? [...lengths, length] : lengths;
}

describe("the cutter", () => {
  const rules = { polynomial, minBytes: 256, maxBytes: 4096, averageBits: 9 };
  const file = chanceBytes(60_000, 1);
  const wanted = referenceChunks(file, rules);

  it("cuts where the plain fingerprint says so, within the limits", () => {
    expect(wanted.length).toBeGreaterThan(50);
    expect(chunksOf(file, createCutter(rules), [file.length])).toEqual(wanted);
  });

  it.each([[[1]], [[63]], [[64, 65]], [[255, 1, 300]], [[16_384, 7]], [[5000]]])(
    "cuts the same in pieces of %j bytes",
    (pieces) => {
      expect(chunksOf(file, createCutter(rules), pieces)).toEqual(wanted);
    },
  );

  it("begins anew after a reset", () => {
    const cutter = createCutter(rules);
    cutter.next(chanceBytes(200, 2));
    cutter.reset();
    expect(chunksOf(file, cutter, [777])).toEqual(wanted);
  });

  it("keeps to the limits where they are hardly apart, and at the window itself", () => {
    for (const [minBytes, maxBytes] of [
      [64, 64],
      [64, 65],
      [64, 200],
      [300, 300],
    ] as const) {
      const narrow = { polynomial, minBytes, maxBytes, averageBits: 5 };
      const part = file.subarray(0, 4000);
      const found = chunksOf(part, createCutter(narrow), [1000, 3]);
      expect(found, `${minBytes} to ${maxBytes}`).toEqual(referenceChunks(part, narrow));
    }
  });

  it("finds the first of several cuts, in whichever lane they lie", () => {
    // Many cuts in every 16 KiB, so that all four lanes see some at once.
    const many = { polynomial, minBytes: 64, maxBytes: 1 << 20, averageBits: 12 };
    const part = chanceBytes(90_000, 3);
    expect(chunksOf(part, createCutter(many), [part.length])).toEqual(referenceChunks(part, many));
  });

  it("takes another polynomial for what it is", () => {
    const other = { ...rules, polynomial: 0x2482734cacca49n };
    expect(chunksOf(file, createCutter(other), [9999])).toEqual(referenceChunks(file, other));
    expect(() => createCutter({ ...rules, polynomial: 0b111n })).toThrow("degree 53");
    expect(() => createCutter({ ...rules, minBytes: 63 })).toThrow("window");
  });

  it("cuts zeros into least chunks, as the format's own tests do", () => {
    const least = 512 * kibibyte;
    const zeros = new Uint8Array(4 * least);
    expect(chunksOf(zeros, createCutter({ polynomial }), [zeros.length])).toEqual(
      Array.from({ length: 4 }, () => least),
    );
  });

  it("ends chunks of 1 MiB and a half on average at fingerprints that end in 20 zeros", () => {
    const big = chanceBytes(12 * kibibyte * kibibyte, 4);
    const lengths = chunksOf(big, createCutter({ polynomial }), [kibibyte * kibibyte]);
    expect(lengths.length).toBeGreaterThan(3);
    let end = 0;
    for (const length of lengths.slice(0, -1)) {
      end += length;
      expect(length).toBeGreaterThanOrEqual(512 * kibibyte);
      expect(fingerprintAt(big, end, polynomial) & 0xfffffn).toBe(0n);
    }
  });
});
