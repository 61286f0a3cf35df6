import { Buffer } from "node:buffer";
import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { referenceKernels } from "../kernels-bench.ts";
import { areSealKeys, createSealer, type SealKeys, sealBytes } from "./seal.ts";

function counted(length: number, from: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => from + at);
}

const keys: SealKeys = {
  encrypt: counted(32, 1),
  macK: Uint8Array.from(Buffer.from("ec074c835580741701425b623235add6", "hex")),
  macR: Uint8Array.from(Buffer.from("851fc40c3467ac0be05cc20404f3f700", "hex")),
};
const nonce = Uint8Array.from(Buffer.from("fb447350c4e868c52ac3275cf9d4327e", "hex"));
const sealer = createSealer(keys, referenceKernels);

describe("sealing", () => {
  it("has the MAC that its paper gives for a nonce and an encrypted text", () => {
    const keystream = createCipheriv("aes-256-ctr", keys.encrypt, nonce).update(new Uint8Array(2));
    const plaintext = Uint8Array.from([0xf3 ^ (keystream[0] ?? 0), 0xf6 ^ (keystream[1] ?? 0)]);
    expect(Buffer.from(sealer.seal(plaintext, nonce)).toString("hex")).toBe(
      "fb447350c4e868c52ac3275cf9d4327ef3f6f4c633c3044fc145f84f335cb81953de",
    );
  });

  it.each([0, 1, 15, 16, 17, 4096, 32_768, 32_769, 70_000])(
    "seals %i bytes as the counter mode does, and opens them",
    (length) => {
      const text = counted(length, 7);
      // The counter overflows its lower half on the way.
      const late = Uint8Array.from(nonce).fill(0xff, 7);
      const sealed = sealer.seal(text, late);
      const ciphertext = createCipheriv("aes-256-ctr", keys.encrypt, late).update(text);
      expect(Buffer.compare(sealed.subarray(16, -16), ciphertext)).toBe(0);
      expect(sealed.length).toBe(length + sealBytes);
      expect(Buffer.compare(sealer.open(sealed) ?? nonce, text)).toBe(0);
    },
  );

  it("writes into the middle of a buffer, and nowhere else", () => {
    const bytes = new Uint8Array(100).fill(0xaa);
    const text = counted(20, 1);
    const end = sealer.sealInto(text, nonce, { bytes, offset: 10 });
    expect(end).toBe(10 + 20 + sealBytes);
    expect(bytes.subarray(10, end)).toEqual(sealer.seal(text, nonce));
    expect([...bytes.subarray(0, 10), ...bytes.subarray(end)].every((byte) => byte === 0xaa)).toBe(
      true,
    );
    expect(() => sealer.sealInto(text, nonce, { bytes, offset: 49 })).toThrow("room");
  });

  it("opens into the room that it is given, and nowhere else", () => {
    const text = counted(20, 1);
    const room = new Uint8Array(30).fill(0xaa);
    const opened = sealer.open(sealer.seal(text, nonce), room);
    expect(opened).toEqual(text);
    expect(room.subarray(0, 20)).toEqual(text);
    expect(room.subarray(20)).toEqual(new Uint8Array(10).fill(0xaa));
    const sealed = sealer.seal(text, nonce);
    expect(() => sealer.open(sealed, new Uint8Array(19))).toThrow("room");
  });

  it("opens nothing of which one bit is another", () => {
    const sealed = sealer.seal(counted(40, 1), nonce);
    for (let bit = 0; bit < 8 * sealed.length; bit++) {
      const wrong = Uint8Array.from(sealed);
      wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(sealer.open(wrong), `bit ${bit}`).toBeUndefined();
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(sealer.open(sealed.subarray(0, length)), `${length} bytes`).toBeUndefined();
    }
  });

  it("opens nothing of other keys", () => {
    for (const part of ["macK", "macR"] as const) {
      const others = { ...keys, [part]: counted(16, 9) };
      const sealed = createSealer(others, referenceKernels).seal(counted(40, 1), nonce);
      expect(sealer.open(sealed), `other ${part}`).toBeUndefined();
    }
  });

  it("uses no keys and no nonce of zeros, and none of another length", () => {
    for (const part of ["encrypt", "macK", "macR"] as const) {
      for (const wrong of [new Uint8Array(keys[part].length), counted(17, 1)]) {
        expect(areSealKeys({ ...keys, [part]: wrong }), `other ${part}`).toBe(false);
        expect(() => createSealer({ ...keys, [part]: wrong }, referenceKernels)).toThrow("zero");
      }
    }
    expect(() => sealer.seal(nonce, new Uint8Array(16))).toThrow("zero");
    expect(() => sealer.seal(nonce, counted(15, 1))).toThrow("16 bytes");
    // A right MAC does not make it better.
    const zero = new Uint8Array(16);
    const macCipher = createCipheriv("aes-128-ecb", keys.macK, null);
    const text = counted(3, 1);
    const tag = referenceKernels.poly1305(keys.macR, macCipher.update(zero), text);
    expect(sealer.open(Uint8Array.from([...zero, ...text, ...tag]))).toBeUndefined();
  });
});
