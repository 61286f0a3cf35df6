/**
 * The folders in which nothing is ever cleaned, known by inode: another name for one of them (a
 * bind mount, a case-folding file system) is refused like the folder itself.
 *
 * *closed*: may not be a root, but a folder below may be (`/`, `/var`, a home and its parents).
 * *sealed*: neither it nor anything below (`/etc`, `/usr`, the data directory).
 */
import { readdir, realpath, stat } from "node:fs/promises";
import { homedir, userInfo } from "node:os";
import { dirname } from "node:path";
import { codeOf } from "../check-reading.ts";
import { idOf } from "./open-folder.ts";

export interface ProtectedFolders {
  /** Id to path. */
  readonly closed: ReadonlyMap<string, string>;
  readonly sealed: ReadonlyMap<string, string>;
}

const sealedSystem = [
  ..."/bin /boot /dev /efi /etc /lib /lib32 /lib64 /libx32 /nix /proc /sbin /snap /sys".split(" "),
  ..."/usr /System /Library /Applications /var/lib/dpkg /var/lib/rpm /var/lib/apt".split(" "),
];

const closedSystem = [
  ..."/home /lost+found /media /mnt /opt /root /run /srv /tmp /Users".split(" "),
  ..."/var /var/cache /var/lib /var/log /var/mail /var/opt /var/run /var/spool /var/tmp".split(" "),
];

/** Looked up anew for every run: folders come and go. `paths` are sealed in addition. */
export async function protectedFolders(paths: readonly string[]): Promise<ProtectedFolders> {
  const closed = new Map<string, string>();
  const sealed = new Map<string, string>();
  for (const path of [...sealedSystem, ...paths]) await add(sealed, path);
  const homes = [homedir(), userHome(), ...(await childrenOf("/home"))];
  for (const path of [...closedSystem, ...homes]) await add(closed, path);
  for (const path of [...homes, ...paths]) {
    for (const name of new Set([path, await realPath(path)])) await addAncestors(closed, name);
  }
  return { closed, sealed };
}

/** Why `chain` (the ids that lead to a root, itself last) is no root to clean, if so. */
export function refusalOf(chain: readonly string[], folders: ProtectedFolders): string | undefined {
  const seal = sealingOf(chain, folders);
  if (seal !== undefined) return seal;
  const path = folders.closed.get(chain.at(-1) ?? "");
  return path === undefined ? undefined : `it is ${path}, which is never cleaned as a whole`;
}

/** Why nothing at all may be done there, if so. */
export function sealingOf(
  chain: readonly string[],
  { sealed }: ProtectedFolders,
): string | undefined {
  const path = chain.map((id) => sealed.get(id)).find((each) => each !== undefined);
  return path === undefined ? undefined : `it is ${path} or lies in it, where nothing is touched`;
}

async function addAncestors(closed: Map<string, string>, path: string): Promise<void> {
  let ancestor = path;
  do {
    ancestor = dirname(ancestor);
    await add(closed, ancestor);
  } while (ancestor !== dirname(ancestor));
}

/** Links are followed here: what they lead to is what must be protected. */
async function add(folders: Map<string, string>, path: string): Promise<void> {
  try {
    const id = idOf(await stat(path));
    if (!folders.has(id)) folders.set(id, path);
  } catch (error) {
    // What is not there needs no protection; what we may not see, we could not clean either.
    if (!["ENOENT", "ENOTDIR", "EACCES", "ELOOP"].includes(codeOf(error))) throw error;
  }
}

function userHome(): string {
  try {
    return userInfo().homedir;
  } catch {
    // A user without an entry in the user table has only the home of its environment.
    return homedir();
  }
}

async function childrenOf(path: string): Promise<readonly string[]> {
  try {
    return (await readdir(path)).slice(0, 10_000).map((name) => `${path}/${name}`);
  } catch {
    // No such folder, or none that we may list.
    return [];
  }
}

async function realPath(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    // Not there yet: its name is all there is.
    return path;
  }
}
