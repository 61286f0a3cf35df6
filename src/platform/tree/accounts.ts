/**
 * Names of users and groups, as /etc/passwd and /etc/group have them. Both are read again when they
 * have changed, and asked about that once a folder at most: so names may be one folder old.
 * Accounts of a directory service are not in these files, and have no name here.
 */
import { readFileSync, statSync } from "node:fs";

export interface Accounts {
  /** Empty when there is none. */
  userOf(uid: number): string;
  groupOf(gid: number): string;
  /** Reads again what has changed. */
  refresh(): void;
}

export interface AccountFiles {
  readonly passwdFile?: string;
  readonly groupFile?: string;
}

export function createAccounts({
  passwdFile = "/etc/passwd",
  groupFile = "/etc/group",
}: AccountFiles = {}): Accounts {
  const users = new AccountFile(passwdFile);
  const groups = new AccountFile(groupFile);
  return {
    userOf: (uid) => users.nameOf(uid),
    groupOf: (gid) => groups.nameOf(gid),
    refresh: () => {
      users.refresh();
      groups.refresh();
    },
  };
}

const sizeMaxBytes = 16 * 1024 * 1024;

class AccountFile {
  readonly #path: string;
  #state = "";
  #names: ReadonlyMap<number, string> = new Map();

  constructor(path: string) {
    this.#path = path;
  }

  nameOf(id: number): string {
    return this.#names.get(id) ?? "";
  }

  refresh(): void {
    try {
      const { ino, mtimeMs, ctimeMs, size } = statSync(this.#path);
      const state = `${ino} ${mtimeMs} ${ctimeMs} ${size}`;
      if (state === this.#state || size > sizeMaxBytes) return;
      this.#names = namesIn(readFileSync(this.#path, "utf8"));
      this.#state = state;
    } catch {
      // A machine without accounts, as a container may be: numbers are what counts.
      this.#names = new Map();
      this.#state = "";
    }
  }
}

/** Lines as `name:password:number:...`; of several names for a number the first one holds. */
function namesIn(text: string): ReadonlyMap<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name = "", , id = ""] = line.split(":");
    if (/^\d+$/.test(id) && !names.has(Number(id))) names.set(Number(id), name);
  }
  return names;
}
