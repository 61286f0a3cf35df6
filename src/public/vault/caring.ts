/** What keeps a vault sound, and what proves it. */
import { join, resolve } from "node:path";
import {
  checkVault,
  healVault,
  type OpenedVault,
  openVault,
  pruneVault,
  readVault,
  runDrill,
} from "../../custodian/index.ts";
import { SoulMirrorError } from "../../kernel/index.ts";
import { checkProof, publicKeyIn } from "../../platform/vault-proof/index.ts";
import { readPlainFile } from "../../system/index.ts";
import { isDamage, proofFaults } from "../../vault/index.ts";
import { folderOf, openingOf, readableOf, signalOf, specsOf } from "./opening.ts";
import { meant } from "./reading.ts";
import type {
  VaultCheck,
  VaultCheckOptions,
  VaultDrill,
  VaultHeal,
  VaultHealOptions,
  VaultMoment,
  VaultOptions,
  VaultProof,
  VaultProofOptions,
  VaultPrune,
  VaultPruneOptions,
} from "./shapes.ts";

/** Opened for itself: damaged locations take part here, and nowhere else. */
export async function checked(
  options: VaultOptions,
  { readsData = false }: VaultCheckOptions,
): Promise<VaultCheck> {
  const { onNotice } = options;
  await using opened = await openVault({ ...openingOf(options), mending: { refill: [] } });
  const { bytesRead, findings, left, packsRead } = await checkVault({
    opened,
    folder: folderOf(options),
    readsAll: readsData,
    signal: signalOf(options),
    ...(onNotice && { onNotice }),
  });
  const isSound = left.length === 0 && findings.every(({ problem }) => problem === "unnamed");
  return { isSound, findings, packsRead, bytesRead, left };
}

export async function healed(
  options: VaultOptions,
  { readsData = false, refill = [] }: VaultHealOptions,
): Promise<VaultHeal> {
  const names = specsOf(options).map(({ name }) => name);
  const strange = refill.find((name) => !names.includes(name));
  if (strange !== undefined) {
    throw new SoulMirrorError("OPTIONS_INVALID", `the vault has no location ${strange}`, {
      fix: `its locations: ${names.join(", ")}`,
    });
  }
  await using opened = await openVault({ ...openingOf(options), mending: { refill } });
  const outcome = await healVault({
    opened,
    folder: folderOf(options),
    readsAll: readsData,
    signal: signalOf(options),
  });
  const { findings, left, lost, refusals, repairs } = outcome;
  const isHealed =
    left.length + lost.length + refusals.length === 0 && !findings.some((each) => isDamage(each));
  const lostPieces = lost.reduce((sum, { blobs }) => sum + blobs, 0);
  return { isHealed, repairs, lostPieces, findings, left };
}

export function drilled(
  { id, vault }: OpenedVault,
  options: VaultOptions,
  wish: VaultMoment,
): Promise<readonly VaultDrill[]> {
  return readVault(readableOf(vault, options), async ({ session, snapshots }) => {
    const folder = folderOf(options);
    const snapshot = meant(snapshots, wish);
    // A vault of a program has no name of its own.
    const spec = { name: id, categories: {} };
    const outcomes = await runDrill(session, { spec, snapshot, folder });
    return outcomes.map((each) => ({
      location: each.location,
      isProven: each.isProven,
      snapshot: each.snapshot,
      scope: each.scope,
      files: each.files,
      sizeBytes: each.sizeBytes,
      differing: each.differing,
      missing: each.missing,
      report: each.report,
      elapsedMs: each.elapsedMs,
    }));
  });
}

const noRule = { last: 0, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, withinMs: 0 };

export async function pruned(
  opened: OpenedVault,
  options: VaultOptions,
  wish: VaultPruneOptions,
): Promise<VaultPrune> {
  const { giveUp = [], isAccepted = false, isDryRun = false, keep, sources } = wish;
  const { forgotten, givenUp, pruned } = await pruneVault({
    spec: {
      sources: sources.map((source) => resolve(source)),
      exclude: [],
      dumps: {},
      streams: {},
      keep: { ...noRule, ...keep },
      locations: specsOf(options),
    },
    opened,
    giveUp,
    isAccepted,
    isDryRun,
    folder: folderOf(options),
    signal: signalOf(options),
  });
  return {
    givenUp: givenUp.map(({ id }) => id),
    incomplete: pruned.kind === "postponed" ? [] : pruned.incomplete.map(({ id }) => id),
    forgotten: forgotten.forgotten,
    freezes: forgotten.plan.freezes.map(({ kind }) => kind),
    freedBytes: pruned.kind === "postponed" ? 0 : pruned.figures.freedBytes,
    unfinished:
      pruned.kind === "postponed"
        ? pruned.waitsFor
        : pruned.kind === "done"
          ? pruned.unfinished
          : [],
  };
}

export async function proven({ folder, publicKey }: VaultProofOptions): Promise<VaultProof> {
  const place = resolve(folder);
  const key = publicKeyIn(publicKey ?? readKey(join(place, "vault-proof.pub")));
  if (key === undefined) {
    throw new SoulMirrorError("OPTIONS_INVALID", "that is no public key (Ed25519)");
  }
  const verified = await checkProof(place, key);
  const { isWhole, lastProven, restores, trail } = verified;
  return {
    isWhole,
    entries: trail.proven,
    faults: proofFaults(verified),
    lastProven: lastProven.map(({ report, source }) => ({
      source,
      snapshot: report.snapshot,
      at: new Date(report.snapshotAt).toISOString(),
      location: report.location,
    })),
    restores: restores.map(({ files, name, sizeBytes }) => ({ report: name, files, sizeBytes })),
  };
}

function readKey(path: string): string {
  try {
    return readPlainFile(path);
  } catch (error) {
    throw new SoulMirrorError("NOT_FOUND", `there is no public key ${path}`, { cause: error });
  }
}
