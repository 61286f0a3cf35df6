/**
 * The folders of this machine as they are now.
 *
 * 1. Nothing is missing in silence: what was listed and could not be looked at is a failure. That
 *    includes a name that went between the two (`ENOENT`), and a path that is longer than the
 *    kernel takes (`ENAMETOOLONG`, beyond 4,095 bytes): a backup of it is reached by a source that
 *    begins further below.
 * 2. Names are bytes, in the order of bytes, whatever the machine's language is.
 * 3. No link is followed, but those on the way to the folder itself.
 */
import { lstatSync, readdirSync } from "node:fs";
import {
  joinRaw,
  type Listing,
  type RawPath,
  type SourceEntry,
  type SourceFailure,
  systemPath,
  type TreeNode,
  type TreeSource,
} from "../../vault/index.ts";
import { type AccountFiles, createAccounts } from "./accounts.ts";
import { codeOf } from "./code-of.ts";
import { entryOf } from "./entry-of.ts";
import { isAsBefore } from "./is-as-before.ts";

export function createTreeSource(options: AccountFiles = {}): TreeSource {
  const accounts = createAccounts(options);

  function list(folder: RawPath, before?: ReadonlyMap<RawPath, TreeNode>): Listing {
    const entries: SourceEntry[] = [];
    const failures: SourceFailure[] = [];
    const names = namesIn(folder, failures);
    let areNamesFresh = false;
    for (const name of names) {
      const path = joinRaw(folder, name);
      const known = before?.get(name);
      try {
        const address = systemPath(path);
        if (known !== undefined && isAsBefore(lstatSync(address), known)) {
          entries.push(known);
          continue;
        }
        if (!areNamesFresh) accounts.refresh();
        areNamesFresh = true;
        const stats = lstatSync(address, { bigint: true });
        const entry = entryOf({ name, path, stats }, accounts);
        if (entry !== undefined) entries.push(entry);
      } catch (error) {
        failures.push({ path, code: codeOf(error) });
      }
    }
    return { entries, failures };
  }

  function look(path: RawPath): SourceEntry | undefined {
    accounts.refresh();
    try {
      const stats = lstatSync(systemPath(path), { bigint: true });
      const name = path.slice(path.lastIndexOf("/") + 1) as RawPath;
      return entryOf({ name, path, stats }, accounts);
    } catch (error) {
      if (["ENOENT", "ENOTDIR"].includes(codeOf(error))) return undefined;
      throw error;
    }
  }

  return { list, look };
}

function namesIn(folder: RawPath, failures: SourceFailure[]): readonly RawPath[] {
  try {
    // As latin1 a name is its bytes, one character each, and sorting is by bytes.
    return (readdirSync(systemPath(folder), "latin1") as RawPath[]).sort();
  } catch (error) {
    failures.push({ path: folder, code: codeOf(error) });
    return [];
  }
}
