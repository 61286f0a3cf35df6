/**
 * Key files: a repository's master keys, sealed under a passphrase through scrypt. Each passphrase
 * has a file of its own, and any of them opens the repository.
 *
 * 1. A key file may come from a stranger: what it asks of us in memory and time has a limit.
 * 2. The passphrase is in no message, and leaves this file for the derivation only.
 */
import { Buffer } from "node:buffer";
import {
  assert,
  failed,
  messageOf,
  type Result,
  SoulMirrorError,
  success,
} from "../../kernel/index.ts";
import type { Kernels } from "../kernels.ts";
import { textOf } from "./packed-json.ts";
import { areSealKeys, createSealer, type SealKeys } from "./seal.ts";

/** The cost of scrypt, by the names of its paper: 128 * N * r bytes, and p times the time. */
export interface ScryptCost {
  readonly N: number;
  readonly r: number;
  readonly p: number;
}

export interface Derivation extends ScryptCost {
  readonly salt: Uint8Array;
  readonly lengthBytes: number;
}

/** scrypt, of the passphrase in UTF-8. Takes 0.1 to 10 s, so it is handed in, for a pool. */
export type DeriveKey = (passphrase: string, derivation: Derivation) => Promise<Uint8Array>;

/** What key files are made and opened with. */
export interface KeyTools {
  readonly derive: DeriveKey;
  readonly kernels: Kernels;
}

export interface NewKeyFile {
  readonly keys: SealKeys;
  readonly passphrase: string;
  /** 64 bytes by chance. */
  readonly salt: Uint8Array;
  /** 16 bytes by chance. */
  readonly nonce: Uint8Array;
  /** RFC 3339, as `Date.toISOString` writes it. */
  readonly created: string;
  readonly username: string;
  readonly hostname: string;
  readonly cost?: ScryptCost;
}

/** 32 MiB; a quarter of a second. restic measures for half a second and mostly ends up here. */
const usualCost: ScryptCost = { N: 32_768, r: 8, p: 4 };
const saltBytes = 64;
const derivedBytes = 64;
const memoryBytesMax = 1024 * 1024 * 1024;
/** 32 times the usual cost: ten seconds, and more only on a slow machine. */
const workMax = 32 * usualCost.N * usualCost.r * usualCost.p;
/** Those of restic have 500 bytes. */
const fileBytesMax = 64 * 1024;

/** The bytes of the file; its name is their SHA-256. */
export async function createKeyFile(
  { keys, passphrase, salt, nonce, cost = usualCost, ...about }: NewKeyFile,
  { derive, kernels }: KeyTools,
): Promise<Uint8Array> {
  assert(salt.length === saltBytes, "a salt has 64 bytes");
  assert(isBearable(cost), "we would open it ourselves");
  const derived = await derive(passphrase, { ...cost, salt, lengthBytes: derivedBytes });
  const wrapped = {
    mac: { k: base64(keys.macK), r: base64(keys.macR) },
    encrypt: base64(keys.encrypt),
  };
  const sealer = createSealer(keysOfDerived(derived), kernels);
  const data = sealer.seal(Buffer.from(JSON.stringify(wrapped), "utf8"), nonce);
  const file = {
    created: about.created,
    username: about.username,
    hostname: about.hostname,
    kdf: "scrypt",
    N: cost.N,
    r: cost.r,
    p: cost.p,
    salt: base64(salt),
    data: base64(data),
  };
  return Buffer.from(JSON.stringify(file), "utf8");
}

/** Or an error `VAULT_PASSPHRASE_WRONG`, `VAULT_DAMAGED` or `VAULT_TOO_NEW`. */
export async function openKeyFile(
  file: Uint8Array,
  passphrase: string,
  { derive, kernels }: KeyTools,
): Promise<Result<SealKeys, SoulMirrorError>> {
  const parsed = parseKeyFile(file);
  if (!parsed.ok) return parsed;
  const { derivation, data } = parsed.value;
  const derived = keysOfDerived(await derive(passphrase, derivation));
  const wrapped = createSealer(derived, kernels).open(data);
  if (wrapped === undefined) return failed(wrongPassphrase());
  const keys = readWrapped(wrapped);
  return keys === undefined ? failed(damaged("it holds no master keys")) : success(keys);
}

function parseKeyFile(
  file: Uint8Array,
): Result<{ derivation: Derivation; data: Uint8Array }, SoulMirrorError> {
  if (file.length > fileBytesMax) return failed(damaged("it is too long"));
  let json: unknown;
  try {
    json = JSON.parse(textOf(file));
  } catch (error) {
    return failed(damaged(messageOf(error)));
  }
  const { kdf, N, r, p, salt, data } = fieldsOf(json);
  if (typeof kdf === "string" && kdf !== "scrypt") return failed(unknownDerivation());
  const cost = { N, r, p } as ScryptCost;
  if (!isBearable(cost)) return failed(damaged("what it asks of scrypt cannot be, or is too much"));
  const derivation = { ...cost, salt: bytesOf(salt), lengthBytes: derivedBytes };
  if (derivation.salt.length !== saltBytes) return failed(damaged("its salt has not 64 bytes"));
  return success({ derivation, data: bytesOf(data) });
}

function isBearable({ N, r, p }: ScryptCost): boolean {
  return (
    [N, r, p].every((each) => Number.isSafeInteger(each) && each > 0) &&
    N > 1 &&
    // No power of two above: then the bits of N and of one less have none in common.
    N <= workMax &&
    (N & (N - 1)) === 0 &&
    128 * N * r <= memoryBytesMax &&
    N * r * p <= workMax
  );
}

function readWrapped(bytes: Uint8Array): SealKeys | undefined {
  try {
    const { mac, encrypt } = fieldsOf(JSON.parse(textOf(bytes)));
    const { k, r } = fieldsOf(mac);
    const keys = { encrypt: bytesOf(encrypt), macK: bytesOf(k), macR: bytesOf(r) };
    return areSealKeys(keys) ? keys : undefined;
  } catch {
    // No JSON: what it says is nobody's business, for it may be a part of a key.
    return undefined;
  }
}

/** The first half encrypts, the second one is for the MAC. */
function keysOfDerived(derived: Uint8Array): SealKeys {
  return {
    encrypt: derived.subarray(0, 32),
    macK: derived.subarray(32, 48),
    macR: derived.subarray(48, 64),
  };
}

function fieldsOf(json: unknown): Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null ? { ...json } : {};
}

function bytesOf(text: unknown): Uint8Array {
  return typeof text === "string" ? Buffer.from(text, "base64") : new Uint8Array(0);
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

function wrongPassphrase(): SoulMirrorError {
  return new SoulMirrorError("VAULT_PASSPHRASE_WRONG", "the passphrase does not open the key", {
    fix: "Check where the passphrase comes from, and spaces or an end of line behind it.",
  });
}

function unknownDerivation(): SoulMirrorError {
  const message = "a key file derives its key in another way than scrypt";
  return new SoulMirrorError("VAULT_TOO_NEW", message, {
    fix: "Use the version of the program that wrote it, or a later one.",
  });
}

function damaged(why: string): SoulMirrorError {
  return new SoulMirrorError("VAULT_DAMAGED", `a key file cannot be read: ${why}`, {
    fix: "It is the same in all locations of a vault: copy it from one where it is sound.",
  });
}
