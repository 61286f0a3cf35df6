import { describe, expect, test } from "vitest";
import { rawPath } from "./heal-facts-bench.ts";
import { planScrub, type ScrubPosition } from "./scrub-plan.ts";

const files = ["/a", "/b", "/c"].map((path) => ({ path: rawPath(path), blobBytes: [10, 10] }));
const options = { everyMs: 2000, budgetBytesPerSecond: 1000, sliceMs: 100 };

function at(path: string, blob: number, passFromMs = 0): ScrubPosition {
  return { passFromMs, next: { path: rawPath(path), blob }, debtBytes: 0 };
}

describe("the plan of scrubbing", () => {
  test("spreads a pass over its half of the time", () => {
    const { reads, position } = planScrub(files, undefined, { ...options, nowMs: 0 });
    expect(reads).toEqual([{ path: "/a", offset: 0, sizeBytes: 10, fromBlob: 0, toBlob: 1 }]);
    expect(position).toEqual(at("/a", 1));
  });

  test("S3: goes on behind what vanished, and hurries when it is late", () => {
    const late = { ...options, nowMs: 950 };
    const [, b, c] = files;
    const left = [b, c].filter((file) => file !== undefined);
    expect(planScrub(left, at("/a", 1), late).reads.map((read) => read.path)).toEqual(["/b", "/c"]);
    expect(planScrub(files, at("/b", 1), late).reads).toMatchObject([
      { path: "/b", offset: 10, fromBlob: 1 },
      { path: "/c", offset: 0 },
    ]);
  });

  test("S3: a file that has fewer blobs than it had is passed by", () => {
    const late = { ...options, nowMs: 950 };
    expect(planScrub(files, at("/b", 7), late).reads.map((read) => read.path)).toEqual(["/c"]);
  });

  test("rests between two passes, and no longer when the clock went back", () => {
    const over: ScrubPosition = { passFromMs: 500, next: undefined, debtBytes: 0 };
    expect(planScrub(files, over, { ...options, nowMs: 1499 }).reads).toEqual([]);
    expect(planScrub(files, over, { ...options, nowMs: 1500 }).reads).not.toEqual([]);
    expect(planScrub(files, over, { ...options, nowMs: 499 }).reads).not.toEqual([]);
  });

  test("S2: waits for what a blob took too much", () => {
    const tight = { ...options, budgetBytesPerSecond: 40, nowMs: 0 };
    const first = planScrub(files, undefined, tight);
    expect(first).toMatchObject({ reads: [{ sizeBytes: 10 }], position: { debtBytes: 6 } });
    const second = planScrub(files, first.position, { ...tight, nowMs: 100 });
    expect(second).toMatchObject({ reads: [], position: { debtBytes: 2 } });
    const third = planScrub(files, second.position, { ...tight, nowMs: 200 });
    expect(third).toMatchObject({ reads: [{ path: "/a", fromBlob: 1 }] });
  });

  test("of nothing it reads nothing", () => {
    const { reads, position } = planScrub([], undefined, { ...options, nowMs: 0 });
    expect([reads, position.next]).toEqual([[], undefined]);
  });
});
