/** What a drill has shown, as a signed note that can be checked anywhere, with the public key. */
import type { JsonRecord } from "../../kernel/index.ts";
import { isCount, isRecord, type TrailEnd } from "./audit-entry.ts";
import { type ReadNote, readNote, signNote, trailEndIn } from "./signed-note.ts";
import type { Signer } from "./signing.ts";

export interface DrillReport {
  readonly vault: string;
  readonly drilledAt: number;
  /** Name of the location that it was restored from. */
  readonly location: string;
  readonly sources: readonly string[];
  readonly snapshot: string;
  /** When the snapshot arrived: the recovery point. */
  readonly snapshotAt: number;
  readonly tree: string;
  /** Hash of the master manifest. */
  readonly manifest: string;
  /** `part`: a sample; it proves what it has restored, and no more. */
  readonly scope: "whole" | "part";
  readonly files: number;
  readonly sizeBytes: number;
  readonly durationMs: number;
  /** Files that were not as they should be, and that were not there. */
  readonly differing: number;
  readonly missing: number;
  /** Bytes that were others, or that could not be restored. */
  readonly differingBytes: number;
  /** Files that were compared with the source as well, for that had not changed since. */
  readonly comparedFiles: number;
  /** The end of the audit trail before the entry that tells of this drill. */
  readonly trail: TrailEnd;
}

export function signReport(report: DrillReport, signer: Signer): string {
  return signNote({ ...report, kind: "drill" } as unknown as JsonRecord, signer);
}

export type ReadReport =
  | { readonly kind: "signed"; readonly report: DrillReport }
  | Exclude<ReadNote, { readonly kind: "signed" }>;

const counts = [
  "drilledAt",
  "snapshotAt",
  "files",
  "sizeBytes",
  "durationMs",
  "differing",
  "missing",
  "differingBytes",
  "comparedFiles",
] as const;
const words = ["vault", "location", "snapshot", "tree", "manifest"] as const;

export function readReport(text: string, trustedKey: string): ReadReport {
  const note = readNote(text, trustedKey);
  if (note.kind !== "signed") return note;
  const { content } = note;
  const { trail, sources, scope } = content;
  const isReport =
    content["kind"] === "drill" &&
    counts.every((key) => isCount(content[key])) &&
    words.every((key) => typeof content[key] === "string") &&
    (scope === "whole" || scope === "part") &&
    Array.isArray(sources) &&
    sources.every((each) => typeof each === "string") &&
    isRecord(trail) &&
    trailEndIn(trail) !== undefined;
  if (!isReport) return { kind: "unreadable" };
  const { kind: _kind, ...report } = content;
  return { kind: "signed", report: report as unknown as DrillReport };
}

/** Everything came back as it was. A drill that restored nothing has proven nothing. */
export function isProven({
  files,
  differing,
  missing,
}: Pick<DrillReport, "files" | "differing" | "missing">): boolean {
  return files > 0 && differing === 0 && missing === 0;
}
