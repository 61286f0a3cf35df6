import { describe, expect, it } from "vitest";
import { rawPathOfText } from "../../vault/index.ts";
import { ChangeBatch } from "./change-batch.ts";

const limits = { debounceMs: 200, maxDelayMs: 2000, changedMax: 3 };
const one = rawPathOfText("/1");
const other = rawPathOfText("/2");
const third = rawPathOfText("/3");
const fourth = rawPathOfText("/4");

describe("a batch of changes", () => {
  it("holds a folder until it was quiet (B1)", () => {
    const batch = new ChangeBatch(limits);
    batch.note(one, 0);
    batch.note(one, 150);
    expect(batch.take(349)).toEqual({ folders: [], nextMs: 350 });
    expect(batch.take(350)).toEqual({ folders: [one] });
    expect(batch.take(351)).toEqual({ folders: [] });
  });

  it("holds no folder longer than the limit, whatever it does (B1)", () => {
    const batch = new ChangeBatch(limits);
    for (let nowMs = 0; nowMs < 2000; nowMs += 100) batch.note(one, nowMs);
    expect(batch.take(1999)).toEqual({ folders: [], nextMs: 2000 });
    expect(batch.take(2000)).toEqual({ folders: [one] });
  });

  it("lets no folder wait for another one (B2)", () => {
    const batch = new ChangeBatch(limits);
    batch.note(one, 0);
    batch.note(other, 0);
    batch.note(one, 199);
    expect(batch.take(200)).toEqual({ folders: [other], nextMs: 399 });
  });

  it("refuses what is more than its limit, and takes the known (B3)", () => {
    const batch = new ChangeBatch(limits);
    for (const folder of [one, other, third]) expect(batch.note(folder, 0)).toBe(true);
    expect(batch.note(fourth, 1)).toBe(false);
    expect(batch.note(one, 1)).toBe(true);
    batch.clear();
    expect(batch.take(9999)).toEqual({ folders: [] });
  });
});
