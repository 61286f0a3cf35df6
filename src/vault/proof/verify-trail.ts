/**
 * Has an audit trail been edited, shortened or reordered since it was written? Line by line, so
 * that a trail of any length takes the same memory.
 *
 * V1. The first finding is the one that counts: behind it nothing can be proven.
 * V2. A last line without its newline is what a kill left: it is no finding by itself, but one
 *     when an anchor says that it had been written.
 */

import { canonicalJson } from "../../kernel/index.ts";
import {
  type AuditEntry,
  emptyTrail,
  lineBytesMax,
  readAuditLine,
  type TrailEnd,
} from "./audit-entry.ts";
import { isSignedBy, sha256Of } from "./signing.ts";

export type TrailFindingKind =
  | "unreadable"
  | "edited"
  | "missing"
  | "reordered"
  | "replaced"
  | "truncated";

export interface TrailFinding {
  readonly kind: TrailFindingKind;
  /** Counts from 1. */
  readonly line: number;
  /** One sentence for people. */
  readonly what: string;
}

export interface TrailCut {
  /** Of the entry that tells it; the ones behind it were written since. */
  readonly line: number;
  /** The furthest entry that had been written. */
  readonly lostSequence: number;
}

export interface TrailVerification {
  readonly finding?: TrailFinding;
  /** Lines whose content is proven. */
  readonly proven: number;
  /** Where the trail itself says that its end was cut off. */
  readonly cuts: readonly TrailCut[];
  /** Bytes behind the last whole line. */
  readonly tornBytes: number;
  readonly end: TrailEnd;
}

export interface TrailVerifier {
  /** Without its newline; undefined for a finding, now or before. */
  check(line: string): AuditEntry | undefined;
  finish(tornBytes: number): TrailVerification;
}

export function createTrailVerifier(
  publicKey: string,
  anchors: readonly TrailEnd[],
): TrailVerifier {
  const anchorsAt = new Map<number, Set<string>>();
  for (const { sequence, hash } of anchors) {
    anchorsAt.set(sequence, (anchorsAt.get(sequence) ?? new Set()).add(hash));
  }
  let end = emptyTrail;
  let finding: TrailFinding | undefined;
  const cuts: TrailCut[] = [];
  let lastCut = 0;

  const find = (kind: TrailFindingKind, what: string): undefined => {
    finding = { kind, line: end.sequence + 1, what: `line ${end.sequence + 1} ${what}` };
  };
  const judge = (line: string): AuditEntry | undefined => {
    const read = line.length > lineBytesMax ? undefined : readAuditLine(line);
    if (read === undefined) return find("unreadable", "cannot be read: it was changed");
    const { entry, signature } = read;
    const { sequence } = entry;
    if (sequence > end.sequence + 1) return find("missing", `holds entry ${sequence}`);
    if (sequence <= end.sequence) return find("reordered", `holds entry ${sequence} once more`);
    if (entry.before !== end.hash) return find("edited", "does not follow the line before it");
    if (!isSignedBy(publicKey, canonicalJson(entry), signature)) {
      return find("edited", "was not written with the key of this vault, or changed since");
    }
    const hash = sha256Of(line);
    const noted = anchorsAt.get(sequence);
    // Behind a cut that the trail tells of itself, the same sequence was written once more.
    const isOther = noted !== undefined && !noted.has(hash) && entry.kind !== "cut";
    if (isOther && sequence > lastCut) {
      return find("replaced", "is another than a signed note says");
    }
    if (entry.kind === "cut") {
      lastCut = lostSequenceOf(entry);
      cuts.push({ line: sequence, lostSequence: lastCut });
    }
    end = { sequence, hash };
    return entry;
  };

  return {
    check: (line) => (finding === undefined ? judge(line) : undefined),
    finish(tornBytes) {
      const furthest = anchors.reduce((most, { sequence }) => Math.max(most, sequence), 0);
      if (finding === undefined && furthest > end.sequence && furthest > lastCut) {
        find("truncated", `is missing: ${furthest} had been written, the end was cut off`);
      }
      const rest = finding === undefined ? {} : { finding };
      return { ...rest, proven: end.sequence, cuts, tornBytes, end };
    },
  };
}

/** The furthest entry that a `cut` says is lost. */
function lostSequenceOf({ facts }: AuditEntry): number {
  const lost = facts["lostSequence"];
  return typeof lost === "number" ? lost : 0;
}
