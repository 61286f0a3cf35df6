/**
 * The whole proof of a vault, without the vault: is the audit trail whole, are the reports of
 * drills and restores true, and which recovery point of each source has been proven last?
 *
 * Q1. Only reports that are signed by the trusted key count.
 * Q2. Every report is an anchor of the trail: a trail that was cut behind one is found out.
 * Q3. A report that the trail names and nobody has is a finding; one that the trail does not name
 *     (yet) is none: a report is written before its entry.
 * Q5. A trail that tells of its own cut is not whole, however far it went on since.
 * Q4. A report of a restore counts when an entry of the trail, or one that waits for its place in
 *     it, names the hash of its manifest.
 */

import type { TrailEnd } from "./audit-entry.ts";
import { type DrillReport, isProven, readReport } from "./drill-report.ts";
import { checkRestores, type ProvenRestore, type RestoreReport } from "./restore-reports.ts";
import { readHead } from "./signed-note.ts";
import { sha256Of } from "./signing.ts";
import { createTrailVerifier, type TrailVerification } from "./verify-trail.ts";
import { readWaitingNote } from "./waiting-note.ts";

export interface ProofMaterial {
  /** 32 bytes in base64, from a place that is trusted. */
  readonly publicKey: string;
  /** Whole lines without their newlines, then what is left behind the last newline. */
  readonly trail: AsyncIterable<TrailPiece> | Iterable<TrailPiece>;
  /** Undefined: there is no such file. */
  readonly head: string | undefined;
  readonly reports: readonly NamedReport[];
  /** Entries that wait for their place in the trail; default none. */
  readonly notes?: readonly NamedReport[];
  /** Default none. */
  readonly restores?: readonly RestoreReport[];
}

export type TrailPiece =
  | { readonly kind: "line"; readonly line: string }
  | { readonly kind: "torn"; readonly sizeBytes: number };

export interface NamedReport {
  readonly name: string;
  readonly text: string;
}

export interface ReportFinding {
  readonly kind: "unreadable" | "edited" | "foreign" | "missing" | "unnamed";
  /** Of the report; its SHA-256 where it is missing. */
  readonly name: string;
  readonly what: string;
}

export interface RecoveryPoint {
  readonly source: string;
  readonly report: DrillReport;
  /** Name of the report. */
  readonly name: string;
}

export interface ProofVerification {
  readonly isWhole: boolean;
  readonly trail: TrailVerification;
  /** The head was there and could not be believed. */
  readonly isHeadWrong: boolean;
  readonly reports: readonly ReportFinding[];
  /** Entries that wait for their place in the trail. */
  readonly waiting: number;
  /** Restores of which every byte was read back. */
  readonly restores: readonly ProvenRestore[];
  /** Of each source the latest that was proven, by the name of the source. */
  readonly lastProven: readonly RecoveryPoint[];
}

const says = {
  unreadable: "cannot be read",
  edited: "does not fit its signature: it was changed",
  foreign: "was signed with another key",
} as const;

export async function verifyProof(material: ProofMaterial): Promise<ProofVerification> {
  const { publicKey, head, notes = [], restores = [], trail } = material;
  const findings: ReportFinding[] = [];
  const known = new Set<string>();
  const points = new Map<string, RecoveryPoint>();
  const anchors: TrailEnd[] = [];
  for (const { name, text } of material.reports) {
    known.add(sha256Of(text));
    const read = readReport(text, publicKey);
    if (read.kind !== "signed") {
      findings.push({ kind: read.kind, name, what: `the report ${name} ${says[read.kind]}` });
      continue;
    }
    anchors.push(read.report.trail);
    if (isProven(read.report)) addPoints(points, name, read.report);
  }
  const headEnd = head === undefined ? undefined : readHead(head, publicKey);
  if (headEnd !== undefined) anchors.push(headEnd);
  const manifests = new Set<string>();
  const note = (manifest: unknown): unknown =>
    typeof manifest === "string" && manifests.add(manifest);
  let waiting = 0;
  for (const { name, text } of notes) {
    const event = readWaitingNote(text, publicKey);
    if (event === undefined) {
      findings.push({ kind: "edited", name, what: `the entry ${name} that waits was changed` });
      continue;
    }
    waiting += 1;
    if (event.kind === "restored") note(event.facts["manifest"]);
  }
  const verifier = createTrailVerifier(publicKey, anchors);
  let tornBytes = 0;
  for await (const piece of trail) {
    if (piece.kind === "torn") tornBytes = piece.sizeBytes;
    else if (piece.kind === "line") {
      const entry = verifier.check(piece.line);
      if (entry?.kind === "restored") note(entry.facts["manifest"]);
      const report = entry?.kind === "drill" ? entry.facts["report"] : undefined;
      if (typeof report !== "string" || known.has(report)) continue;
      const what = `the report of entry ${entry?.sequence} is missing, or was changed`;
      findings.push({ kind: "missing", name: report, what });
    }
  }
  const verified = verifier.finish(tornBytes);
  const isHeadWrong = head !== undefined && headEnd === undefined;
  const restored = await checkRestores(restores, manifests);
  findings.push(...restored.wrong);
  return {
    isWhole:
      verified.finding === undefined &&
      verified.cuts.length === 0 &&
      findings.length === 0 &&
      !isHeadWrong,
    trail: verified,
    isHeadWrong,
    reports: findings,
    waiting,
    restores: restored.proven,
    lastProven: [...points.values()].toSorted((a, b) => (a.source < b.source ? -1 : 1)),
  };
}

/** What is wrong, a sentence each; none: it is whole. */
export function proofFaults(verified: ProofVerification): readonly string[] {
  const { isHeadWrong, reports, trail } = verified;
  return [
    ...(trail.finding === undefined ? [] : [trail.finding.what]),
    ...trail.cuts.map(
      ({ line, lostSequence }) =>
        `entries ${line} to ${lostSequence} were cut off and are lost; those that have their numbers now came later`,
    ),
    ...(isHeadWrong ? ["the head of the trail cannot be believed"] : []),
    ...reports.map(({ what }) => what),
  ];
}

function addPoints(points: Map<string, RecoveryPoint>, name: string, report: DrillReport): void {
  for (const source of report.sources) {
    const other = points.get(source);
    if (other !== undefined && other.report.snapshotAt > report.snapshotAt) continue;
    points.set(source, { source, report, name });
  }
}
