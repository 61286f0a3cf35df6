/**
 * Emergency files of daemons that were killed stay behind; the next daemon of the same data
 * directory takes its file over. Those whose data directory is gone nobody will: they are removed
 * by the next daemon of any, when nothing is in them.
 *
 * A file with entries is never removed: its data directory may be on a disk that is away just now.
 */
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { writeDurably } from "../../system/index.ts";

const [journal, owner] = [".journal", ".owner"];

/** Notes beside an emergency file whose it is, and removes what others have left for nothing. */
export async function claimEmergencyFile(path: string, dataPath: string): Promise<void> {
  const folder = dirname(path);
  writeFileSync(ownerOf(path), dataPath, { mode: 0o600 });
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(owner)) continue;
    const note = join(folder, name);
    const other = `${note.slice(0, -owner.length)}${journal}`;
    if (other === path || existsSync(readFileSync(note, "utf8"))) continue;
    if (await holdsEntries(other)) continue;
    rmSync(other, { force: true });
    rmSync(note, { force: true });
  }
}

/**
 * Brings a file here that a daemon left elsewhere: an older version, or one that could not have
 * this place. Where both hold entries neither is touched, and it rejects.
 */
export async function bringEmergencyFile(
  path: string,
  elsewhere: readonly string[],
): Promise<void> {
  for (const other of elsewhere) {
    if (other === path || !existsSync(other)) continue;
    if (await holdsEntries(other)) {
      if (await holdsEntries(path)) throw new Error(`${other} and ${path} both hold entries`);
      await writeDurably(path, await readFile(other), { mode: 0o600 });
    }
    releaseEmergencyFile(other);
  }
}

/** After an end in order. */
export function releaseEmergencyFile(path: string): void {
  rmSync(path, { force: true });
  rmSync(ownerOf(path), { force: true });
}

function ownerOf(path: string): string {
  return `${path.slice(0, -journal.length)}${owner}`;
}

/** The first frame begins at the first byte. */
async function holdsEntries(path: string): Promise<boolean> {
  if (!existsSync(path)) return false;
  const file = await open(path, "r");
  try {
    const first = Buffer.alloc(1);
    await file.read(first, 0, 1, 0);
    return first[0] !== 0;
  } finally {
    await file.close();
  }
}
