/**
 * Where the dumps of a vault lie. The folder of those that stand is part of snapshots, and nothing
 * in it changes but what is new: what is being written lies beside it.
 */
import { join } from "node:path";
import type { DumpSpec } from "../../config/index.ts";
import { privateDirectory } from "../../system/index.ts";

/** Makes it when it is missing. */
export function dumpFolder(vaultFolder: string): string {
  return privateDirectory(join(vaultFolder, "dumps"));
}

/** Of the last good one, within the folder. */
export function dumpFile(name: string, { kind }: Pick<DumpSpec, "kind">): string {
  return `${name}${endings[kind]}`;
}

/** Of one that is not believed to be good; a name of a dump has no dot in it. */
export function suspectFile(name: string, { kind }: Pick<DumpSpec, "kind">): string {
  return `${name}.suspect${endings[kind]}`;
}

const endings: Readonly<Record<DumpSpec["kind"], string>> = {
  sqlite: ".db",
  pg_dump: ".sql",
  mariadb_dump: ".sql",
  command: "",
};
