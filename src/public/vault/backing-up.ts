import { resolve } from "node:path";
import { type OpenedVault, protect } from "../../custodian/index.ts";
import { SoulMirrorError } from "../../kernel/index.ts";
import { folderOf, signalOf, specsOf } from "./opening.ts";
import type { VaultBackup, VaultBackupOptions, VaultOptions } from "./shapes.ts";

export async function backUp(
  opened: OpenedVault,
  options: VaultOptions,
  wish: VaultBackupOptions,
): Promise<VaultBackup> {
  const { exclude = [], quorum = options.locations.length, sources, tags = [], threads } = wish;
  const { onNotice } = options;
  const protection = await protect({
    spec: {
      sources: sources.map((source) => resolve(source)),
      exclude,
      quorum,
      locations: specsOf(options),
      dumps: {},
      streams: {},
      limits: threads === undefined ? {} : { threads },
    },
    opened,
    tags,
    signal: signalOf(options),
    folder: folderOf(options),
    ...(onNotice === undefined ? {} : { onNotice }),
  });
  const { addedBytes, counts, elapsedMs, places, suspicions } = protection;
  if (protection.verdict === "too-few") {
    const reasons = places.flatMap(({ holds, location, reason }) =>
      holds ? [] : `${location}: ${reason}`,
    );
    throw new SoulMirrorError("VAULT_NO_QUORUM", `not held by ${reasons.join("; ")}`, {
      fix: `${quorum} locations must hold a backup: reach or repair those that do not`,
    });
  }
  const { changedFiles, newFiles, totalBytes, unchangedFiles } = counts;
  return {
    snapshot: protection.snapshots.at(-1) ?? "",
    locations: places,
    suspicions,
    newFiles,
    changedFiles,
    unchangedFiles,
    totalBytes,
    addedBytes,
    elapsedMs,
  };
}
