/** A trail with drills, for the tests of proof. */
import { Buffer } from "node:buffer";
import { createPrivateKey } from "node:crypto";
import { type AuditKind, emptyTrail, sealAuditLine, type TrailEnd } from "./audit-entry.ts";
import { type DrillReport, signReport } from "./drill-report.ts";
import { signHead } from "./signed-note.ts";
import { createSigner, type Signer, sha256Of } from "./signing.ts";
import type { NamedReport, ProofMaterial, TrailPiece } from "./verify-proof.ts";

/** A key pair that is the same in every run: the seed is the byte over and over. */
export function signerOf(byte: number): Signer {
  const seed = Buffer.alloc(32, byte);
  const head = Buffer.from("302e020100300506032b657004220420", "hex");
  const der = Buffer.concat([head, seed]);
  return createSigner(createPrivateKey({ key: der, format: "der", type: "pkcs8" }));
}

export const signer = signerOf(7);

export interface WrittenProof {
  readonly text: string;
  readonly end: TrailEnd;
  readonly head: string;
  readonly reports: readonly NamedReport[];
}

/** `count` entries, every third one a drill. */
export function writtenProof(count: number): WrittenProof {
  let end = emptyTrail;
  let text = "";
  const reports: NamedReport[] = [];
  for (let index = 0; index < count; index += 1) {
    let kind: AuditKind = "backup";
    let facts: Record<string, string | number> = { snapshot: `s${index}`, files: 10 + index };
    if (index % 3 === 2) {
      kind = "drill";
      const report = { name: `r${index}`, text: signReport(drill({ trail: end, index }), signer) };
      reports.push(report);
      facts = { report: sha256Of(report.text) };
    }
    const sealed = sealAuditLine(end, { at: 1_000_000 + index, kind, facts }, signer);
    text += `${sealed.line}\n`;
    end = sealed.end;
  }
  return { text, end, head: signHead(end, signer), reports };
}

export function drill({ trail = emptyTrail, index = 0 } = {}): DrillReport {
  return {
    vault: "treasure",
    drilledAt: 2_000_000 + index,
    location: "file:/srv/vault",
    sources: ["/srv/a", index % 2 === 0 ? "/srv/b" : "/srv/ü"],
    snapshot: `s${index}`,
    snapshotAt: 1_500_000 + index,
    tree: "t",
    manifest: "m",
    scope: "whole",
    files: 3,
    sizeBytes: 300,
    durationMs: 12,
    differing: 0,
    missing: 0,
    differingBytes: 0,
    comparedFiles: 2,
    trail,
  };
}

export function material(proof: WrittenProof, text = proof.text): ProofMaterial {
  const { head, reports } = proof;
  return { publicKey: signer.publicKey, trail: piecesOf(text), head, reports };
}

function piecesOf(text: string): readonly TrailPiece[] {
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  const pieces: TrailPiece[] = lines.map((line) => ({ kind: "line", line }));
  return rest === "" ? pieces : [...pieces, { kind: "torn", sizeBytes: rest.length }];
}
