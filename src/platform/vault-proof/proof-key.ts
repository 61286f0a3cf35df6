/**
 * The key that signs what a vault proves: Ed25519, the private half readable by its owner only, the
 * public half beside it for everybody. It is made once; whoever has the public half elsewhere
 * notices when it was made anew.
 */
import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
} from "node:crypto";
import { chmod, link, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { SoulMirrorError } from "../../kernel/index.ts";
import { syncFolder, writeDurably } from "../../system/index.ts";
import { createSigner, rawPublicKey, type Signer } from "../../vault/index.ts";

export interface ProofKey {
  readonly signer: Signer;
  /** PEM (SubjectPublicKeyInfo), as `openssl pkey -pubin` reads it. */
  readonly publicPem: string;
  /** It was made just now: nothing that is older can be proven with it. */
  readonly isNew: boolean;
}

const fileName = "vault-proof.key";

/** Makes the key when it is missing. Throws DATA_DIRECTORY_UNUSABLE when it is no key. */
export async function openProofKey(folder: string): Promise<ProofKey> {
  const path = join(folder, fileName);
  const isNew = await makeKey(path);
  const key = await readPrivateKey(path);
  const publicPem = createPublicKey(key).export({ type: "spki", format: "pem" }).toString();
  const publicPath = join(folder, "vault-proof.pub");
  const written = await readFile(publicPath, "utf8").catch(() => undefined);
  if (written !== publicPem) await writeDurably(publicPath, publicPem, { mode: 0o644 });
  return { signer: createSigner(key), publicPem, isNew };
}

/** The raw key in base64, of a PEM or of what is raw already; undefined: it is neither. */
export function publicKeyIn(text: string): string | undefined {
  const trimmed = text.trim();
  if (/^[A-Za-z0-9+/]{43}=$/.test(trimmed)) return trimmed;
  try {
    const key = createPublicKey(trimmed);
    return key.asymmetricKeyType === "ed25519" ? rawPublicKey(key) : undefined;
  } catch {
    // No PEM.
    return undefined;
  }
}

async function makeKey(path: string): Promise<boolean> {
  if (await isThere(path)) return false;
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" });
  // Whole before it has its name: half a key would be refused for ever.
  const fresh = `${path}.${process.pid}.made`;
  try {
    await writeDurably(fresh, pem);
    await link(fresh, path);
    await syncFolder(dirname(path));
    return true;
  } catch (error) {
    if (await isThere(path)) return false;
    throw error;
  } finally {
    await rm(fresh, { force: true });
  }
}

async function readPrivateKey(path: string): Promise<KeyObject> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) await chmod(path, 0o600);
  const pem = await readFile(path, "utf8");
  try {
    const key = createPrivateKey(pem);
    if (key.asymmetricKeyType === "ed25519") return key;
  } catch {
    // Not a key at all: told below, without what the file holds.
  }
  throw new SoulMirrorError("DATA_DIRECTORY_UNUSABLE", `${path} is not an Ed25519 key`, {
    fix: "bring the file back from a backup; without it a new trail has to begin",
  });
}

async function isThere(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}
