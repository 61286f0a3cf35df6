import { describe, expect, it } from "vitest";
import { canonicalJson } from "../../kernel/index.ts";
import { createProof } from "../restore/restore-proof.ts";
import {
  type AuditEvent,
  type AuditKind,
  emptyTrail,
  sealAuditLine,
  type TrailEnd,
} from "./audit-entry.ts";
import { signReport } from "./drill-report.ts";
import { drill, material, signer, signerOf, writtenProof } from "./proof-bench.ts";
import { signHead } from "./signed-note.ts";
import { verifyProof } from "./verify-proof.ts";
import { createTrailVerifier } from "./verify-trail.ts";
import { signWaitingNote } from "./waiting-note.ts";

const proof = writtenProof(6);

function seal(end: TrailEnd, event: Partial<AuditEvent> = {}) {
  return sealAuditLine(end, { at: 1, kind: "backup", facts: {}, ...event }, signer);
}

describe("verifyProof", () => {
  it("says the last proven recovery point of each source", async () => {
    const { lastProven } = await verifyProof(material(proof));
    expect(lastProven.map(({ source, report, name }) => [source, report.snapshot, name])).toEqual([
      ["/srv/a", "s5", "r5"],
      ["/srv/b", "s2", "r2"],
      ["/srv/ü", "s5", "r5"],
    ]);
  });

  it("takes no drill for a proof that found a difference, or restored nothing", async () => {
    const bad = [{ differing: 1 }, { missing: 1 }, { files: 0 }].map((each, index) => ({
      name: `bad${index}`,
      text: signReport({ ...drill({ index: 9 }), ...each }, signer),
    }));
    const reports = [...proof.reports, ...bad];
    const verified = await verifyProof({ ...material(proof), reports });
    expect(verified.isWhole).toBe(true);
    expect(verified.lastProven.some(({ name }) => name.startsWith("bad"))).toBe(false);
  });

  it("Q1: believes no report and no head of another key", async () => {
    const strange = {
      name: "x",
      text: signReport({ ...drill(), snapshotAt: 9_000_000 }, signerOf(8)),
    };
    const reports = [...proof.reports, strange];
    const verified = await verifyProof({ ...material(proof), reports });
    expect(verified.reports).toMatchObject([{ kind: "foreign", name: "x" }]);
    expect(verified.lastProven.every(({ name }) => name !== "x")).toBe(true);
    const head = signHead(proof.end, signerOf(8));
    expect(await verifyProof({ ...material(proof), head })).toMatchObject({
      isWhole: false,
      isHeadWrong: true,
    });
  });

  it("Q4: counts a restore that an entry names, or one that waits, and tells of any other", async () => {
    const written = createProof({ id: "s1", tree: "t" });
    const lines = [written.head(), written.end().line].map((line) => line.trimEnd());
    const { totals } = written.end();
    const verify = async (kind: AuditKind, told: readonly string[]) => {
      const event = { at: 1, kind, facts: { manifest: totals.hash } };
      const notes = [{ name: "n", text: signWaitingNote(event, signer) }];
      const restores = [{ name: "w", open: () => told }];
      return await verifyProof({ ...material(proof), notes, restores });
    };
    expect(await verify("restored", lines)).toMatchObject({
      isWhole: true,
      waiting: 1,
      restores: [{ name: "w", hash: totals.hash }],
    });
    // A drill of the same files is no restore.
    for (const [kind, told, finding] of [
      ["drill", lines, "unnamed"],
      ["restored", lines.slice(0, 1), "edited"],
    ] as const) {
      expect(await verify(kind, told)).toMatchObject({
        isWhole: false,
        restores: [],
        reports: [{ kind: finding, name: "w" }],
      });
    }
  });

  it("V2: tolerates a torn last line that had never been confirmed", async () => {
    const { line } = seal(proof.end);
    const verified = await verifyProof(material(proof, proof.text + line.slice(0, 20)));
    expect(verified).toMatchObject({ isWhole: true, trail: { proven: 6, tornBytes: 20 } });
  });
});

describe("a trail that tells of its own cut", () => {
  it("goes on, and its old anchors are no findings; others are", () => {
    const first = seal(emptyTrail);
    const lost = seal(first.end, { at: 2 });
    let lostToo = seal(lost.end, { at: 3 });
    for (const at of [4, 5]) lostToo = seal(lostToo.end, { at });
    const facts = { lostSequence: 5, lostHash: lostToo.end.hash };
    const cut = seal(first.end, { kind: "cut", facts });
    const next = seal(cut.end);
    const verify = (anchors: readonly TrailEnd[]) => {
      const verifier = createTrailVerifier(signer.publicKey, anchors);
      for (const { line } of [first, cut, next]) verifier.check(line);
      return verifier.finish(0);
    };
    const anchors = [first.end, lost.end, lostToo.end];
    expect(verify(anchors)).toMatchObject({
      proven: 3,
      cuts: [{ line: 2, lostSequence: 5 }],
    });
    expect(verify(anchors).finding).toBeUndefined();
    const further = { sequence: 6, hash: lost.end.hash };
    expect(verify([further]).finding?.kind).toBe("truncated");
  });
});

describe("a line", () => {
  it("belongs behind one line only, whoever has signed it", () => {
    const other = seal(seal(emptyTrail, { at: 9 }).end);
    const verifier = createTrailVerifier(signer.publicKey, []);
    for (const { line } of [seal(emptyTrail), other]) verifier.check(line);
    expect(verifier.finish(0)).toMatchObject({ proven: 1, finding: { kind: "edited", line: 2 } });
  });

  it("is read only up to the length that one may have, whoever has signed it", () => {
    const facts = { a: "x".repeat(70_000) };
    const entry = { sequence: 1, at: 1, kind: "backup", facts, before: emptyTrail.hash };
    const signature = signer.sign(canonicalJson(entry));
    const verifier = createTrailVerifier(signer.publicKey, []);
    expect(verifier.check(canonicalJson({ ...entry, signature }))).toBeUndefined();
    expect(verifier.finish(0)).toMatchObject({ proven: 0, finding: { kind: "unreadable" } });
  });

  it("holds no fact that has no canonical form", () => {
    expect(() => seal(emptyTrail, { facts: { a: Number.NaN } })).toThrow("canonical");
    expect(() => seal(emptyTrail, { facts: { a: ["\ud800"] } })).toThrow("canonical");
    expect(() => seal(emptyTrail, { facts: { a: "x".repeat(70_000) } })).toThrow("too long");
  });

  it("is written as RFC 8785 wants it", () => {
    // The examples of its sections 3.2.2 and 3.2.3.
    const numbers = [333_333_333.333_333_3, 1e30, 4.5, 2e-3, 1e-27];
    const string = '€$\u000f\nA\'B"\\\\"/';
    expect(canonicalJson({ string, numbers, literals: [null, true, false] })).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
    const keys = ["\u20ac", "\r", "\ufb33", "1", "\ud83d\ude00", "\u0080", "\u00f6"];
    const sorted = canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])));
    const places = ["\r", "1", "\u0080", "\u00f6", "\u20ac", "\ud83d\ude00", "\ufb33"].map((key) =>
      sorted.indexOf(JSON.stringify(key)),
    );
    expect(places.every((place, index) => place > (places[index - 1] ?? -1))).toBe(true);
  });
});
