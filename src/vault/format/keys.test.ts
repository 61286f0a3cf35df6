import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { referenceKernels } from "../kernels-bench.ts";
import { createKeyFile, type Derivation, openKeyFile } from "./keys.ts";

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);
const keys = { encrypt: bytes(32, 1), macK: bytes(16, 2), macR: bytes(16, 3) };
const about = { created: "2026-11-20T14:00:00Z", username: "ann", hostname: "home" };
const secrets = { keys, passphrase: "open sesame", salt: bytes(64, 4), nonce: bytes(16, 5) };

const asked: Derivation[] = [];
const tools = {
  kernels: referenceKernels,
  /** Quick, and as good for a test: it depends on everything that it should. */
  derive: async (passphrase: string, derivation: Derivation): Promise<Uint8Array> => {
    asked.push(derivation);
    const { salt, N, r, p } = derivation;
    const text = `${passphrase} ${Buffer.from(salt).toString("hex")} ${N} ${r} ${p}`;
    return createHash("sha512").update(text).digest();
  },
};

async function written(): Promise<Record<string, unknown>> {
  const file = await createKeyFile({ ...secrets, ...about }, tools);
  return JSON.parse(Buffer.from(file).toString()) as Record<string, unknown>;
}

async function opened(file: unknown, passphrase = secrets.passphrase): Promise<string> {
  const text = typeof file === "string" ? file : JSON.stringify(file);
  const result = await openKeyFile(Buffer.from(text), passphrase, tools);
  return result.ok ? "sound" : `${result.error.code}: ${result.error.message}`;
}

describe("a key file", () => {
  it("opens with its passphrase, and with no other", async () => {
    const file = await createKeyFile({ ...secrets, ...about }, tools);
    expect(await openKeyFile(file, "open sesame", tools)).toEqual({
      ok: true,
      value: {
        encrypt: Buffer.from(keys.encrypt),
        macK: Buffer.from(keys.macK),
        macR: Buffer.from(keys.macR),
      },
    });
    expect(await opened(Buffer.from(file).toString(), "open sesame ")).toBe(
      "VAULT_PASSPHRASE_WRONG: the passphrase does not open the key",
    );
  });

  it("says who made it and when, and how it is derived, but not from what", async () => {
    const file = await written();
    expect(file).toMatchObject({ ...about, kdf: "scrypt", N: 32_768, r: 8, p: 4 });
    expect(JSON.stringify(file)).not.toContain("sesame");
    expect(asked.at(-1)).toEqual({ N: 32_768, r: 8, p: 4, salt: secrets.salt, lengthBytes: 64 });
  });

  it("is not derived when that would take too much of us, or cannot be", async () => {
    const file = await written();
    const before = asked.length;
    for (const cost of [
      { N: 2 ** 24, r: 8 },
      { N: 2 ** 20, r: 8, p: 5 },
      { p: 2 ** 40 },
      { r: 2 ** 30 },
      { N: 2 ** 34 },
      { N: 30_000 },
      { N: 1 },
      { N: 0 },
      { N: -2 },
      { r: 0 },
      { p: 1.5 },
      { p: "4" },
      { N: undefined },
    ]) {
      expect(await opened({ ...file, ...cost }), `for ${JSON.stringify(cost)}`).toContain(
        "VAULT_DAMAGED",
      );
    }
    expect(asked).toHaveLength(before);
    // The most that we bear: 1 GiB.
    expect(await opened({ ...file, N: 2 ** 20, r: 8, p: 4 })).toContain("VAULT_PASSPHRASE_WRONG");
    expect(await opened({ ...file, N: 2 ** 20, r: 16, p: 1 })).toContain("VAULT_DAMAGED");
  });

  it("is refused when it is not sound", async () => {
    const file = await written();
    for (const wrong of [
      "",
      "null",
      "{",
      "7",
      { ...file, salt: "AAAA" },
      { ...file, salt: 7 },
      `${JSON.stringify(file)}${" ".repeat(70_000)}`,
    ]) {
      expect(await opened(wrong)).toContain("VAULT_DAMAGED");
    }
    expect(await opened({ ...file, kdf: "argon2id" })).toContain("VAULT_TOO_NEW");
    // Without its data, or with less, no passphrase fits.
    expect(await opened({ ...file, data: "AAAA" })).toContain("VAULT_PASSPHRASE_WRONG");
  });

  it("is refused when it holds master keys of zeros", async () => {
    const file = await createKeyFile(
      { ...secrets, ...about, keys: { ...keys, macR: bytes(16, 0) } },
      tools,
    );
    expect(await opened(Buffer.from(file).toString())).toBe(
      "VAULT_DAMAGED: a key file cannot be read: it holds no master keys",
    );
  });
});
