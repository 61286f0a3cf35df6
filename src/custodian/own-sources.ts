/**
 * What of a vault's own folder its snapshots hold: dumps of databases, and what streams received.
 * Everybody who makes snapshots, or tells which are versions of one thing, has the same.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { VaultSpec } from "../config/index.ts";
import { privateDirectory } from "../system/index.ts";

export interface OwnSpec extends Pick<VaultSpec, "dumps" | "streams"> {}

export function ownSources(folder: string, { dumps, streams }: OwnSpec): readonly string[] {
  const kept = join(folder, "streams");
  return [
    ...(Object.keys(dumps).length === 0 ? [] : [privateDirectory(join(folder, "dumps"))]),
    // What was received of one that is declared no more stays.
    ...(Object.keys(streams).length === 0 && !existsSync(kept) ? [] : [privateDirectory(kept)]),
  ];
}
