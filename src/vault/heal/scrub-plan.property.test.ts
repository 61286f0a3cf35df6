import fc from "fast-check";
import { expect, test } from "vitest";
import type { RawPath } from "../raw-path.ts";
import { planScrub, type ScrubFile, type ScrubPosition } from "./scrub-plan.ts";

const everyMs = 86_400_000;
const sliceMs = 600_000;

const fileSet = fc
  .uniqueArray(
    fc.record({
      path: fc.string({ minLength: 1, maxLength: 4 }).map((text) => `/${text}` as RawPath),
      blobBytes: fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 5 }),
    }),
    { selector: (file) => file.path, minLength: 1, maxLength: 12 },
  )
  .map((files) => files.toSorted((a, b) => (a.path < b.path ? -1 : 1)));

interface Blob {
  readonly atMs: number;
  readonly bytes: number;
}

/** Scrubs for `slices`, each time with a position that went through JSON, as after a restart. */
function scrubbed(
  files: readonly ScrubFile[],
  budgetBytesPerSecond: number,
  slices: number,
): ReadonlyMap<string, readonly Blob[]> {
  const seen = new Map<string, Blob[]>();
  let position: ScrubPosition | undefined;
  for (let slice = 0; slice < slices; slice++) {
    const nowMs = slice * sliceMs;
    const options = { everyMs, budgetBytesPerSecond, nowMs, sliceMs };
    const plan = planScrub(files, position, options);
    for (const { path, fromBlob, toBlob } of plan.reads) {
      const sizes = files.find((file) => file.path === path)?.blobBytes ?? [];
      for (let blob = fromBlob; blob < toBlob; blob++) {
        const key = `${path} ${blob}`;
        seen.set(key, [...(seen.get(key) ?? []), { atMs: nowMs, bytes: sizes[blob] ?? 0 }]);
      }
    }
    position = JSON.parse(JSON.stringify(plan.position)) as ScrubPosition;
  }
  return seen;
}

test("S1, S3: each blob is read again within the time, across restarts", () => {
  fc.assert(
    fc.property(fileSet, (files) => {
      const days = 4;
      const seen = scrubbed(files, 1_000_000, (days * everyMs) / sliceMs);
      const blobs = files.flatMap((file) =>
        file.blobBytes.map((_, blob) => `${file.path} ${blob}`),
      );
      expect([...seen.keys()].toSorted()).toEqual(blobs.toSorted());
      for (const reads of seen.values()) {
        const times = [0, ...reads.map((read) => read.atMs), days * everyMs];
        const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
        expect(Math.max(...gaps)).toBeLessThanOrEqual(everyMs);
      }
    }),
    { numRuns: 50 },
  );
});

test("S2: no stretch of time reads more than its budget and one blob", () => {
  fc.assert(
    fc.property(fileSet, fc.integer({ min: 1, max: 200 }), (files, budgetBytesPerSecond) => {
      const slices = 300;
      const seen = [...scrubbed(files, budgetBytesPerSecond, slices).values()].flat();
      const largest = Math.max(...files.flatMap((file) => file.blobBytes));
      const bytesOf = (slice: number): number =>
        seen
          .filter((read) => read.atMs === slice * sliceMs)
          .reduce((sum, read) => sum + read.bytes, 0);
      const budgetBytes = (budgetBytesPerSecond * sliceMs) / 1000;
      // The largest excess over the budget of any stretch, by Kadane's walk.
      let excess = 0;
      for (let slice = 0; slice < slices; slice++) {
        excess = Math.max(0, excess) + bytesOf(slice) - budgetBytes;
        expect(excess).toBeLessThanOrEqual(largest);
      }
    }),
    { numRuns: 50 },
  );
});

test("S4: reads are whole blobs at their offsets, none twice in a pass", () => {
  fc.assert(
    fc.property(fileSet, fc.integer({ min: 1, max: 100_000 }), (files, budgetBytesPerSecond) => {
      let position: ScrubPosition | undefined;
      const next = new Map<string, number>();
      for (let slice = 0; slice < 72; slice++) {
        const options = { everyMs, budgetBytesPerSecond, nowMs: slice * sliceMs, sliceMs };
        const plan = planScrub(files, position, options);
        for (const { path, fromBlob, toBlob, offset, sizeBytes } of plan.reads) {
          const sizes = files.find((file) => file.path === path)?.blobBytes ?? [];
          const upTo = (blob: number): number =>
            sizes.slice(0, blob).reduce((sum, size) => sum + size, 0);
          expect([offset, sizeBytes]).toEqual([upTo(fromBlob), upTo(toBlob) - upTo(fromBlob)]);
          expect(fromBlob).toBe(next.get(path) ?? 0);
          next.set(path, toBlob);
        }
        position = plan.position;
      }
    }),
    { numRuns: 50 },
  );
});
