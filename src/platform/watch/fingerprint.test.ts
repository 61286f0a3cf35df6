import type { Stats } from "node:fs";
import { describe, expect, it } from "vitest";
import { Fingerprint, settledMs } from "./fingerprint.ts";

const nowMs = 1_800_000_000_000;
const settled = statsOf();

function statsOf(other: Partial<Stats> = {}): Stats {
  return { ino: 12, ctimeMs: nowMs - 1000, size: 3, mode: 0o100644, ...other } as Stats;
}

function printOf(entries: readonly (readonly [string, Stats | undefined])[]): number {
  const print = new Fingerprint(nowMs);
  for (const [name, stats] of entries) print.add(name, stats);
  return print.value;
}

describe("a fingerprint", () => {
  it("is the same for the same", () => {
    expect(printOf([["a", settled]])).toBe(printOf([["a", settled]]));
  });

  it.each<[string, readonly (readonly [string, Stats | undefined])[]]>([
    ["a name", [["b", settled]]],
    ["an inode", [["a", statsOf({ ino: 13 })]]],
    ["a time", [["a", statsOf({ ctimeMs: settled.ctimeMs + 0.001 })]]],
    ["a size", [["a", statsOf({ size: 4 })]]],
    ["a mode", [["a", statsOf({ mode: 0o100600 })]]],
    ["what could not be seen", [["a", undefined]]],
    [
      "one more",
      [
        ["a", settled],
        ["b", settled],
      ],
    ],
    ["none", []],
  ])("differs with %s", (_, entries) => {
    expect(printOf(entries)).not.toBe(printOf([["a", settled]]));
  });

  it("equals nothing while an entry is so young that it may change in the same tick", () => {
    const young = statsOf({ ctimeMs: nowMs - 1 });
    expect(
      printOf([
        ["a", settled],
        ["b", young],
      ]),
    ).toBeNaN();
  });

  it("trusts no time that is to come", () => {
    expect(settledMs(nowMs + 5000, nowMs)).toBeNaN();
    expect(settledMs(nowMs - 5000, nowMs)).toBe(nowMs - 5000);
  });
});
