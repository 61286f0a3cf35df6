/**
 * Signatures over canonical JSON, by Ed25519 (RFC 8032): 64 bytes, and the same ones for the same
 * text. `canonicalJson` of the kernel writes what RFC 8785 asks for (it does so by construction:
 * members in the order of UTF-16 code units, numbers and strings as ECMAScript writes them), as
 * long as every number is finite and every string is well-formed: `isWellFormed` sees to it.
 */
import { Buffer } from "node:buffer";
import {
  createHash,
  createPublicKey,
  type KeyObject,
  sign as signBytes,
  verify as verifyBytes,
} from "node:crypto";
import type { Json } from "../../kernel/index.ts";

export interface Signer {
  /** 32 bytes in base64. */
  readonly publicKey: string;
  /** In base64. */
  sign(text: string): string;
}

export function createSigner(privateKey: KeyObject): Signer {
  return {
    publicKey: rawPublicKey(createPublicKey(privateKey)),
    sign: (text) => signBytes(null, Buffer.from(text), privateKey).toString("base64"),
  };
}

/** The 32 bytes of an Ed25519 public key, in base64. */
export function rawPublicKey(key: KeyObject): string {
  const { x = "" } = key.export({ format: "jwk" });
  return Buffer.from(x, "base64url").toString("base64");
}

/** False for anything that is no signature or no key, too. */
export function isSignedBy(publicKey: string, text: string, signature: string): boolean {
  // More than one text in base64 stands for the same bytes; only one of them is ours.
  if (Buffer.from(signature, "base64").toString("base64") !== signature) return false;
  try {
    const x = Buffer.from(publicKey, "base64").toString("base64url");
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return verifyBytes(null, Buffer.from(text), key, Buffer.from(signature, "base64"));
  } catch {
    // What is no key signs nothing.
    return false;
  }
}

export function sha256Of(text: string | Uint8Array): string {
  return createHash("sha256").update(text).digest("hex");
}

/** Can it be written as canonical JSON, and read again as the same? */
export function isWellFormed(value: Json): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value === "string") return value.isWellFormed();
  if (value === null || typeof value === "boolean") return true;
  return Object.entries(value).every(([key, each]) => key.isWellFormed() && isWellFormed(each));
}
