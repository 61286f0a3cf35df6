import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createMac } from "../../src/platform/kernels/mac.ts";
import { referenceKernels } from "../../src/vault/kernels-bench.ts";

const mac = createMac();

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}

describe("Poly1305", () => {
  // RFC 8439: section 2.5.2, and from appendix A.3 those that carry beyond the prime.
  it.each([
    [
      "85d6be7857556d337f4452fe42d506a8",
      "0103808afb0db2fd4abff6af4149f51b",
      Buffer.from("Cryptographic Forum Research Group").toString("hex"),
      "a8061dc1305136c6c22b8baf0c0127a9",
    ],
    ["02".padEnd(32, "0"), "00".repeat(16), "ff".repeat(16), "03".padEnd(32, "0")],
    ["02".padEnd(32, "0"), "ff".repeat(16), "02".padEnd(32, "0"), "03".padEnd(32, "0")],
    [
      "01".padEnd(32, "0"),
      "00".repeat(16),
      `${"ff".repeat(16)}f0${"ff".repeat(15)}11${"00".repeat(15)}`,
      "05".padEnd(32, "0"),
    ],
    [
      "01".padEnd(32, "0"),
      "00".repeat(16),
      `${"ff".repeat(16)}fb${"fe".repeat(15)}${"01".repeat(16)}`,
      "00".repeat(16),
    ],
    ["02".padEnd(32, "0"), "00".repeat(16), `fd${"ff".repeat(15)}`, `fa${"ff".repeat(15)}`],
  ])("has the tags of its standard: %s", (...texts) => {
    const [r, s, message, tag] = texts.map(bytes) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    expect(mac.poly1305(r, s, message)).toEqual(tag);
  });

  it("is the plain one, for any message", () => {
    const key = fc.uint8Array({ minLength: 16, maxLength: 16 });
    const extreme = fc.constantFrom(0, 0xff).map((byte) => new Uint8Array(16).fill(byte));
    const message = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(400).map((length) => new Uint8Array(length).fill(0xff)),
    );
    fc.assert(
      fc.property(fc.oneof(key, extreme), fc.oneof(key, extreme), message, (r, s, text) => {
        expect(mac.poly1305(r, s, text)).toEqual(referenceKernels.poly1305(r, s, text));
      }),
      { numRuns: 500 },
    );
  });

  it.each([65_535, 65_536, 65_537, 65_552, 131_072, 200_001])(
    "takes %i bytes in pieces",
    (length) => {
      const text = Uint8Array.from({ length }, (_, at) => (at * 31) >> 3);
      const r = text.slice(5, 21);
      expect(mac.poly1305(r, r, text)).toEqual(referenceKernels.poly1305(r, r, text));
    },
  );
});

describe("the counter mode", () => {
  it("counts beyond 64 bits, and around at 128", () => {
    for (const nonce of [bytes("00".repeat(8) + "ff".repeat(8)), bytes("ff".repeat(16))]) {
      const blocks = mac.counterBlocks(nonce, 4);
      expect(Uint8Array.from(blocks)).toEqual(referenceKernels.counterBlocks(nonce, 4));
    }
    expect(mac.counterBlocks(bytes("00".repeat(16)), 4096)).toHaveLength(65_536);
    expect(() => mac.counterBlocks(bytes("00".repeat(16)), 4097)).toThrow("fit");
  });

  it("adds a mask of any length", () => {
    for (const length of [0, 1, 16, 17, 65_536]) {
      const text = Uint8Array.from({ length }, (_, at) => at * 7);
      const mask = Uint8Array.from({ length }, (_, at) => (at * 11) >> 2);
      const target = new Uint8Array(length + 1);
      mac.addMask(text, mask, target);
      const wanted = text.map((byte, at) => byte ^ (mask[at] ?? 0));
      expect(Buffer.compare(target.subarray(0, length), wanted)).toBe(0);
      expect(target[length]).toBe(0);
    }
    expect(() => mac.addMask(bytes("0000"), bytes("00"), new Uint8Array(2))).toThrow("fits");
  });
});
