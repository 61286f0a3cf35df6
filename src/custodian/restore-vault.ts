/**
 * A restore, and what it proves: with `isProven` every byte is read back from the disk, and a
 * report with the hash of each file lies in the vault's folder. The audit trail names the report's
 * hash.
 *
 * 1. A restore does not fail because it cannot be recorded; that is told.
 * 2. A report is kept only when the restore has come to its end: what it lacks failed or was kept.
 * 3. Who overwrites always wants what the snapshot has: the content of what is there is compared,
 *    for rot changes neither size nor time.
 */
import { availableParallelism } from "node:os";
import type { VaultSpec } from "../config/index.ts";
import { messageOf } from "../kernel/index.ts";
import { RestoreThreads } from "../platform/restore/index.ts";
import { RestoreReportFile } from "../platform/vault-proof/index.ts";
import { randomHex, realClock } from "../system/index.ts";
import {
  createProof,
  type HeldSnapshot,
  type OnProgress,
  type Parts,
  type RestoreOptions,
  type RestoreTally,
  rawPathOfText,
  restore,
  type Session,
  type WorkProgress,
} from "../vault/index.ts";
import { dumpedDatabases, type RestoredDump } from "./dumps/dumped-databases.ts";
import type { OpenedVault } from "./open-vault.ts";
import { recordInVault } from "./record-in-vault.ts";
import { type OwnedPaths, removableOf } from "./removable.ts";
import { RestoreEstimate } from "./restore-estimate.ts";

/** More of them wait for the same disk. */
const threadsMax = 4;

export interface RestoringVault extends Pick<RestoreOptions, "onFailure" | "reads"> {
  readonly opened: Pick<OpenedVault, "keys">;
  /** Databases that are in the snapshot by their dumps are put where they were; default none. */
  readonly dumps?: VaultSpec["dumps"];
  /** Removes what the snapshot does not have, as far as a backup would; default: nothing. */
  readonly removesOthersOf?: OwnedPaths | undefined;
  readonly snapshot: HeldSnapshot;
  readonly parts: Parts;
  /** See `vaultFolder`. */
  readonly folder: string;
  /** Absolute; "/" restores into place. */
  readonly target: string;
  readonly overwrite: "never" | "not-newer" | "always";
  /** Reads back, and writes a report. Default false. */
  readonly isProven?: boolean;
  readonly threads?: number | undefined;
  readonly onNotice?: (text: string) => void;
  readonly onProgress?: OnProgress;
  /** Counts beside it what it will be about, for `onProgress`. Default false. */
  readonly isEstimated?: boolean;
}

export interface Restored extends RestoreTally {
  readonly snapshot: string;
  readonly target: string;
  /** Why it ended before all was tried; empty: it did not. */
  readonly stopped: string;
  /** Name of the report; empty: none was written. */
  readonly report: string;
  /** Databases that are part of it by their dumps. */
  readonly databases: readonly RestoredDump[];
}

export async function restoreVault(session: Session, restoring: RestoringVault): Promise<Restored> {
  const { folder, isProven = false, onNotice, opened, overwrite, snapshot, target } = restoring;
  const { onFailure, onProgress, parts, reads = false, removesOthersOf } = restoring;
  const { dumps = {} } = restoring;
  const wish = { dumps, snapshot, parts, folder, target, overwrite };
  const { placed, told: databases } = await dumpedDatabases(session, wish);
  await using threads = new RestoreThreads({
    keys: opened.keys,
    root: rawPathOfText(target),
    overwrite,
    threads: restoring.threads ?? Math.min(threadsMax, availableParallelism()),
    warn: (text) => onNotice?.(`warning: ${text}`),
  });
  using report = isProven ? new RestoreReportFile(folder, reportName()) : undefined;
  await using estimate =
    restoring.isEstimated === true
      ? new RestoreEstimate(session, { tree: snapshot.tree, parts })
      : undefined;
  const proof = createProof(snapshot);
  report?.write(proof.head());
  const { stopped = "", tally } = await restore(session, {
    tree: snapshot.tree,
    parts,
    placed,
    target: threads,
    reads: reads || isProven,
    comparesPresent: overwrite === "always",
    ...(removesOthersOf && { removes: removableOf(removesOthersOf, { snapshot, target }) }),
    ...(report && { onFile: (file) => report.write(proof.add(file)) }),
    ...(onFailure && { onFailure }),
    ...(onProgress && { onProgress: (tally) => onProgress(comeSoFar(tally, estimate)) }),
  });
  for (const { database = "", outcome, reason } of databases) {
    if (outcome === "kept") tally.kept += 1;
    if (outcome !== "refused") continue;
    tally.failed += 1;
    onFailure?.(rawPathOfText(database), reason);
  }
  const told = { snapshot: snapshot.id, target, ...tally, stopped };
  // Nothing is meant, and so nothing has happened.
  if (isNothing(tally) && stopped === "") return { ...told, databases, report: "" };
  const kept = stopped === "" ? report : undefined;
  try {
    if (kept === undefined) {
      await recordInVault(folder, "restored", told);
      return { ...told, databases, report: "" };
    }
    const { line, totals } = proof.end();
    kept.write(line);
    await recordInVault(folder, "restored", { ...told, report: kept.name, manifest: totals.hash });
    await kept.keep();
    return { ...told, databases, report: kept.name };
  } catch (error) {
    onNotice?.(`warning: the restore is not recorded: ${messageOf(error)}`);
    return { ...told, databases, report: "" };
  }
}

function isNothing(tally: RestoreTally): boolean {
  return Object.values(tally).every((count) => count === 0);
}

function comeSoFar(tally: RestoreTally, estimate: RestoreEstimate | undefined): WorkProgress {
  const { failed, files, kept, present, sizeBytes } = tally;
  const expected = estimate?.whole;
  // Of files that were there, or stay as they are, nothing is written.
  const isByBytes = failed + kept + present === 0;
  return {
    step: "restoring",
    unit: "file",
    count: files + present + kept + failed,
    expectedCount: expected?.files,
    bytes: sizeBytes,
    expectedBytes: isByBytes ? expected?.sizeBytes : undefined,
  };
}

function reportName(): string {
  const time = new Date(realClock.now().wallMs).toISOString().replaceAll(/[:.]/g, "-");
  return `${time}-${randomHex(4)}`;
}
