/**
 * The key of the audit chain: 32 random bytes in a file of its own, readable by its owner only and
 * outside of the store, so that whoever can write the store cannot seal.
 */
import { createHmac, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, link, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { SoulMirrorError } from "../../kernel/index.ts";
import type { Mac } from "../../knowledge/index.ts";
import { syncFolder, writeDurably } from "../../system/index.ts";

const keyBytes = 32;

export interface AuditKey {
  readonly mac: Mac;
  /** It was made just now: older entries, if there are any, cannot be proven with it. */
  readonly isNew: boolean;
}

/** Makes the file when it is missing. Throws DATA_DIRECTORY_UNUSABLE when it is no key. */
export async function openAuditKey(path: string): Promise<AuditKey> {
  const key = randomBytes(keyBytes);
  // Whole before it has its name: half a key would be refused for ever.
  const fresh = `${path}.${randomBytes(6).toString("hex")}.new`;
  try {
    await writeDurably(fresh, `${key.toString("hex")}\n`);
    await link(fresh, path);
    await syncFolder(dirname(path));
    return { mac: macOf(key), isNew: true };
  } catch (error) {
    if (!existsSync(path)) throw error;
    return { mac: await readAuditKey(path), isNew: false };
  } finally {
    await rm(fresh, { force: true });
  }
}

/** For reading a journal that is there: makes nothing. */
export async function readAuditKey(path: string): Promise<Mac> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0) await chmod(path, 0o600);
  const text = (await readFile(path, "utf8")).trim();
  if (!/^[0-9a-f]{64}$/.test(text)) {
    throw new SoulMirrorError("DATA_DIRECTORY_UNUSABLE", `${path} is not an audit key`, {
      fix: "bring the file back from a backup; without it older entries cannot be proven",
    });
  }
  return macOf(Buffer.from(text, "hex"));
}

function macOf(key: Buffer): Mac {
  return (text) => createHmac("sha256", key).update(text).digest("hex");
}
