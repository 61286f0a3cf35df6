import { Buffer } from "node:buffer";
import fc from "fast-check";
import { expect, it } from "vitest";
import { type RawPath, rawPathOfBytes } from "../raw-path.ts";
import { createManifest, type ManifestEntry, verifyManifest } from "./manifest.ts";

const name = fc
  .uint8Array({ minLength: 1, maxLength: 6 })
  .map((bytes) => rawPathOfBytes(bytes.map((byte) => (byte === 0 || byte === 47 ? 65 : byte))));
const path = fc
  .array(fc.oneof(name, fc.constantFrom("a", "a-b", "ü", "b")), { minLength: 1, maxLength: 3 })
  .map((parts) => `/${parts.join("/")}` as RawPath);
const entry: fc.Arbitrary<ManifestEntry> = fc.record({
  path,
  hash: fc.constantFrom("aa", "bb"),
  sizeBytes: fc.nat(),
  mode: fc.nat({ max: 0o177777 }),
  category: fc.constantFrom("", "critical"),
});

/** The order of a walk, said in another way: name by name. */
function walkOrder(one: ManifestEntry, other: ManifestEntry): number {
  const [left, right] = [one.path.split("/"), other.path.split("/")];
  for (let depth = 0; ; depth += 1) {
    const [a, b] = [left[depth], right[depth]];
    if (a === undefined || b === undefined) return left.length - right.length;
    if (a !== b) return Buffer.compare(Buffer.from(a, "latin1"), Buffer.from(b, "latin1"));
  }
}

const tree = fc
  .uniqueArray(entry, { selector: (each) => each.path, minLength: 1, maxLength: 20 })
  .map((entries) => entries.toSorted(walkOrder));

function written(entries: readonly ManifestEntry[]) {
  const manifest = createManifest();
  const lines = entries.map((each) => manifest.add(each).slice(0, -1));
  return { lines, ...manifest.finish() };
}

it("M1, M2: reads what it has written, with any bytes for names", async () => {
  await fc.assert(
    fc.asyncProperty(tree, async (entries) => {
      const { lines, hash, files, sizeBytes } = written(entries);
      expect(files).toBe(entries.length);
      expect(sizeBytes).toBe(entries.reduce((sum, each) => sum + each.sizeBytes, 0));
      expect(await verifyManifest(lines, hash)).toEqual({
        ok: true,
        value: { hash, files, sizeBytes },
      });
    }),
  );
});

it("M1: takes no other order, and no path twice", () => {
  fc.assert(
    fc.property(tree, fc.nat(), (entries, at) => {
      const twice = entries.toSpliced(0, 0, entries[at % entries.length] as ManifestEntry);
      expect(() => written(twice)).toThrow("order");
      if (entries.length > 1) expect(() => written(entries.toReversed())).toThrow("order");
    }),
  );
});

it("tells of any change of a line", async () => {
  await fc.assert(
    fc.asyncProperty(tree, fc.nat(), fc.nat(), async (entries, which, where) => {
      const { lines, hash } = written(entries);
      const at = which % lines.length;
      const bytes = Buffer.from(lines[at] ?? "");
      const place = where % bytes.length;
      bytes[place] = (bytes[place] ?? 0) ^ 1;
      const changed = lines.with(at, bytes.toString("utf8"));
      expect((await verifyManifest(changed, hash)).ok).toBe(false);
      expect((await verifyManifest(lines.toSpliced(at, 1), hash)).ok).toBe(false);
      expect((await verifyManifest([...lines, lines[at] ?? ""], hash)).ok).toBe(false);
    }),
  );
});
