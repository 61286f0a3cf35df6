import { Buffer } from "node:buffer";
import { zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { referenceKernels } from "../kernels-bench.ts";
import { openJson, sealJson } from "./packed-json.ts";
import { createSealer } from "./seal.ts";

const key = (length: number): Uint8Array => new Uint8Array(length).fill(7);
const keys = { encrypt: key(32), macK: key(16), macR: key(16) };
const sealer = createSealer(keys, referenceKernels);
const nonce = key(16);
const name = "index 4e2a";

function opened(text: Uint8Array, unpackedBytesMax = 1000): unknown {
  const result = openJson(sealer.seal(text, nonce), sealer, { name, unpackedBytesMax });
  return result.ok ? result.value : `${result.error.code}: ${result.error.message}`;
}

describe("packed JSON", () => {
  it("is written as a frame of zstd behind a 2, and comes back", () => {
    const value = { packs: ["a\u00fc", 1, null] };
    const sealed = sealJson(JSON.stringify(value), sealer, nonce);
    expect(openJson(sealed, sealer, { name })).toEqual({ ok: true, value });
    const packed = sealer.open(sealed) ?? nonce;
    expect([...packed.subarray(0, 5)]).toEqual([2, 0x28, 0xb5, 0x2f, 0xfd]);
  });

  it("is also read as older writers left it: plain", () => {
    expect(opened(Buffer.from('{"a":1}'))).toEqual({ a: 1 });
    expect(opened(Buffer.from("[1]"))).toEqual([1]);
  });

  it("is refused with what is wrong with it, and where", () => {
    const long = zstdCompressSync(Buffer.from(`[${"1,".repeat(1000)}1]`));
    for (const [text, why] of [
      [Buffer.from(""), "VAULT_DAMAGED: index 4e2a cannot be read: it is empty"],
      [Buffer.from([3, 1]), "VAULT_TOO_NEW: index 4e2a is packed in a way that we do not know (3)"],
      [Buffer.from("{"), "VAULT_DAMAGED: index 4e2a cannot be read: "],
      [Buffer.from([2, 1, 1]), "VAULT_DAMAGED: index 4e2a cannot be read: "],
      [Buffer.from([2]), "VAULT_DAMAGED: index 4e2a cannot be read: "],
      [Buffer.concat([Buffer.of(2), long]), "VAULT_DAMAGED: index 4e2a cannot be read: "],
    ] as const) {
      expect(opened(text)).toContain(why);
    }
    expect(openJson(nonce, sealer, { name })).toMatchObject({
      error: { code: "VAULT_DAMAGED", message: "index 4e2a cannot be read: its MAC does not fit" },
    });
  });
});
