/** Whatever is done to a trail or a report without the key is found. */
import { Buffer } from "node:buffer";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AuditKind, emptyTrail, sealAuditLine } from "./audit-entry.ts";
import { readReport, signReport } from "./drill-report.ts";
import { drill, material, signer, signerOf, writtenProof } from "./proof-bench.ts";
import { sha256Of } from "./signing.ts";
import { verifyProof } from "./verify-proof.ts";

const proof = writtenProof(12);
const lines = proof.text.split("\n").slice(0, -1);
const lineIndex = fc.nat({ max: lines.length - 1 });

async function findingIn(text: string) {
  const verified = await verifyProof(material(proof, text));
  expect(verified.isWhole).toBe(false);
  return verified.trail.finding;
}

function joined(changed: readonly string[]): string {
  return changed.map((line) => `${line}\n`).join("");
}

describe("a trail", () => {
  it("is whole as it was written", async () => {
    const verified = await verifyProof(material(proof));
    expect(verified).toMatchObject({ isWhole: true, trail: { proven: 12, tornBytes: 0 } });
  });

  it("tells of any flipped bit, and of its line", async () => {
    const bytes = Buffer.from(proof.text);
    const place = fc.nat({ max: bytes.length - 1 });
    await fc.assert(
      fc.asyncProperty(place, fc.nat({ max: 7 }), async (at, bit) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        const line = bytes.subarray(0, at).filter((byte) => byte === 10).length + 1;
        expect((await findingIn(changed.toString("utf8")))?.line).toBe(line);
      }),
      { numRuns: 200 },
    );
  });

  it("tells of any line that is gone", async () => {
    await fc.assert(
      fc.asyncProperty(lineIndex, async (at) => {
        const finding = await findingIn(joined(lines.toSpliced(at, 1)));
        const kind = at === lines.length - 1 ? "truncated" : "missing";
        expect(finding).toMatchObject({ kind, line: at + 1 });
      }),
    );
  });

  it("tells of lines that were swapped, and of lines that stand twice", async () => {
    await fc.assert(
      fc.asyncProperty(lineIndex, lineIndex, async (one, other) => {
        const [first, second] = [Math.min(one, other), Math.max(one, other)];
        const here = lines[first] ?? "";
        const there = lines[second] ?? "";
        const twice = await findingIn(joined(lines.toSpliced(second + 1, 0, here)));
        expect(twice).toMatchObject({ kind: "reordered", line: second + 2 });
        if (first === second) return;
        const swapped = lines.with(first, there).with(second, here);
        expect((await findingIn(joined(swapped)))?.line).toBe(first + 1);
      }),
    );
  });

  it("tells of a line that somebody else has added at its end", async () => {
    const facts = fc.dictionary(fc.string({ unit: "grapheme" }), fc.integer());
    await fc.assert(
      fc.asyncProperty(facts, async (each) => {
        const event = { at: 5, kind: "backup" as AuditKind, facts: each };
        const { line } = sealAuditLine(proof.end, event, signerOf(8));
        expect(await findingIn(`${proof.text}${line}\n`)).toMatchObject({
          kind: "edited",
          line: 13,
        });
      }),
    );
  });

  it("tells of an end that was cut off at any byte", async () => {
    const length = fc.nat({ max: proof.text.length - 1 });
    await fc.assert(
      fc.asyncProperty(length, async (at) => {
        const kept = proof.text.slice(0, at);
        expect(await findingIn(kept)).toMatchObject({
          kind: "truncated",
          line: kept.split("\n").length,
        });
      }),
    );
  });

  it("is proven by the reports alone, up to the last one, without its head", async () => {
    for (const [at, line] of lines.entries()) {
      const cut = { ...material(proof, joined(lines.slice(0, at))), head: undefined };
      const { trail } = await verifyProof(cut);
      expect(trail.finding?.kind).toBe(at < 11 ? "truncated" : undefined);
      expect(line).not.toBe("");
    }
  });

  it("written anew by who has the key still contradicts the reports", async () => {
    let end = emptyTrail;
    let text = "";
    for (let index = 0; index < 12; index += 1) {
      const event = { at: index, kind: "backup" as AuditKind, facts: {} };
      const sealed = sealAuditLine(end, event, signer);
      text += `${sealed.line}\n`;
      end = sealed.end;
    }
    expect(await findingIn(text)).toMatchObject({ kind: "replaced", line: 2 });
  });
});

describe("a report", () => {
  const text = signReport(drill(), signer);

  it("tells of any flipped bit", () => {
    const bytes = Buffer.from(text);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 7 }), (at, bit) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(readReport(changed.toString("utf8"), signer.publicKey).kind).not.toBe("signed");
      }),
      { numRuns: 200 },
    );
  });

  it("of another key is foreign", () => {
    expect(readReport(signReport(drill(), signerOf(8)), signer.publicKey).kind).toBe("foreign");
  });

  it("that the trail names and nobody has is a finding", async () => {
    const { reports } = proof;
    for (const [at, { text: gone }] of reports.entries()) {
      const verified = await verifyProof({ ...material(proof), reports: reports.toSpliced(at, 1) });
      expect(verified.reports).toMatchObject([{ kind: "missing", name: sha256Of(gone) }]);
      expect(verified.isWhole).toBe(false);
    }
  });
});
