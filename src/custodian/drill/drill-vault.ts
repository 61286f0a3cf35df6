/**
 * A drill of a vault, from the choice of the location to the signed report, its entry in the audit
 * trail, and what the daemon reads of it.
 *
 * 1. Each location that was asked has its own report, also one that failed: a proof that leaves out
 *    what went wrong would be none.
 * 2. The scratch folder lies in the vault's own folder, of which no backup takes more than dumps
 * and
 *    streams, also where it lies inside of a source.
 */
import type { VaultSpec } from "../../config/index.ts";
import { type ReportPlace, writeReport } from "../../platform/vault-proof/index.ts";
import {
  type DrillBudget,
  type DrillOutcome,
  drill,
  type HeldSnapshot,
  isDrillProven,
  type OnProgress,
  type RawPath,
  rawPathOfText,
  type Session,
} from "../../vault/index.ts";
import { categoriesIn } from "../categories-in.ts";
import { noteInState, readState } from "../state-file.ts";
import { realStage } from "./drill-stage.ts";

export interface DrillingVault {
  readonly spec: Pick<VaultSpec, "name" | "categories">;
  readonly snapshot: HeldSnapshot;
  /** Of the vault, see `vaultFolder`; the state and the scratch folder lie there. */
  readonly folder: string;
  readonly proof: Pick<ReportPlace, "signer" | "trail">;
  readonly budget?: DrillBudget;
  readonly onProgress?: OnProgress;
}

export interface DrilledLocation extends DrillOutcome {
  readonly isProven: boolean;
  /** Name of the signed report. */
  readonly report: string;
}

/**
 * @returns of each location that was asked; the last one is what counts
 * @throws SoulMirrorError LOCATION_FAILED; CONFIG_INVALID for a category that cannot be one
 */
export async function drillVault(
  session: Session,
  { budget, folder, onProgress, proof, snapshot, spec }: DrillingVault,
): Promise<readonly DrilledLocation[]> {
  const sources = snapshot.paths.map(rawPathOfText);
  const { clock } = session.vault.surroundings;
  const state = await readState(folder, clock.now().wallMs);
  const drilled: DrilledLocation[] = [];
  await drill(session, {
    snapshot,
    stage: realStage(folder),
    categoryOf: categoryOf(spec, sources),
    ...(budget === undefined ? {} : { budget }),
    ...(onProgress && { onProgress }),
    drilledAt: new Map(Object.entries(state.drilledAt)),
    onOutcome: async (outcome) => {
      const drilledAt = Math.floor(clock.now().wallMs);
      const report = await writeReport(
        { ...proof, folder },
        reportOf(spec.name, outcome, drilledAt),
      );
      const isProven = isDrillProven(outcome);
      drilled.push({ ...outcome, isProven, report: report.name });
      const { location } = outcome;
      const reason = isProven ? "" : reasonOf(outcome);
      const told = { at: drilledAt, location, snapshot: snapshot.id, isProven, reason };
      await noteInState(folder, drilledAt, [{ kind: "drill", drill: told }]);
    },
  });
  return drilled;
}

/** Of several categories the first. */
function categoryOf(
  spec: Pick<VaultSpec, "categories">,
  sources: readonly RawPath[],
): (path: RawPath) => string {
  const categoriesOf = categoriesIn(spec, sources);
  return (path) => {
    const found = categoriesOf(path);
    return found.includes("critical") ? "critical" : (found[0] ?? "");
  };
}

function reportOf(
  vault: string,
  outcome: DrillOutcome,
  drilledAt: number,
): Parameters<typeof writeReport>[1] {
  const { elapsedMs, findings: _findings, ...told } = outcome;
  return { ...told, vault, drilledAt, durationMs: elapsedMs };
}

function reasonOf({ differing, files, findings, missing }: DrillOutcome): string {
  const [first] = findings;
  if (first === undefined) return "nothing was restored";
  const counts = `of ${files + missing} files ${missing} could not be restored, ${differing} differ`;
  return `${counts}; the first is ${first.path}: ${first.reason}`;
}
