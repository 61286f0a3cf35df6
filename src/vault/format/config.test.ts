import { Buffer } from "node:buffer";
import { describe, expect, it } from "vitest";
import { referenceKernels } from "../kernels-bench.ts";
import { openConfig, sealConfig } from "./config.ts";
import { createSealer } from "./seal.ts";

const key = (length: number): Uint8Array => new Uint8Array(length).fill(7);
const keys = { encrypt: key(32), macK: key(16), macR: key(16) };
const sealer = createSealer(keys, referenceKernels);
const nonce = key(16);
const id = "ab".repeat(32);
const sound = { version: 2, id, chunker_polynomial: "3da3358b4dc173" };

function opened(text: string): string {
  const result = openConfig(sealer.seal(Buffer.from(text), nonce), sealer);
  return result.ok ? "sound" : `${result.error.code}: ${result.error.message}`;
}

describe("a config", () => {
  it("is written as restic writes it, and comes back", () => {
    const config = { id, polynomial: 0x3da3358b4dc173n };
    const sealed = sealConfig(config, sealer, nonce);
    const text = Buffer.from(sealer.open(sealed) ?? nonce).toString();
    expect(JSON.parse(text)).toEqual(sound);
    expect(openConfig(sealed, sealer)).toEqual({ ok: true, value: config });
  });

  it("may say more than we know", () => {
    expect(opened(JSON.stringify({ ...sound, more: 1 }))).toBe("sound");
  });

  it("tells an older version from a newer one, and both from none", () => {
    const ofVersion = (version: unknown): string => opened(JSON.stringify({ ...sound, version }));
    expect(ofVersion(1)).toContain("CONFLICT: the repository has version 1");
    expect(ofVersion(3)).toContain("VAULT_TOO_NEW: the repository has version 3");
    for (const none of [0, 2.5, "2", null, undefined]) {
      expect(ofVersion(none)).toContain("VAULT_DAMAGED: the repository's config cannot be read");
    }
    // Nothing else is asked of one that we do not know.
    expect(opened('{"version":4}')).toContain("VAULT_TOO_NEW");
  });

  it("is refused when it is not sound", () => {
    for (const wrong of [
      "",
      "null",
      "[]",
      "{",
      JSON.stringify({ ...sound, id: "ab" }),
      JSON.stringify({ ...sound, chunker_polynomial: 7 }),
      JSON.stringify({ ...sound, chunker_polynomial: "zz" }),
      // Divisible by x + 1, and of another degree.
      JSON.stringify({ ...sound, chunker_polynomial: "20000000000001" }),
      JSON.stringify({ ...sound, chunker_polynomial: "7" }),
    ]) {
      expect(opened(wrong), `for ${wrong}`).toContain("VAULT_DAMAGED");
    }
    expect(openConfig(nonce, sealer)).toMatchObject({ error: { code: "VAULT_DAMAGED" } });
  });
});
