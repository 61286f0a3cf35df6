import { describe, expect, it } from "vitest";
import { gapIn, type LogName, placeOfLsn, readLogName } from "./log-names.ts";

const segmentBytes = 16 << 20;

function named(kind: "postgres" | "mariadb", ...names: readonly string[]): readonly LogName[] {
  return names.flatMap((name) => readLogName(kind, name, segmentBytes) ?? []);
}

describe("PostgreSQL's segments", () => {
  it("are numbered across the parts of the log", () => {
    const [last, first] = named("postgres", "0000000100000000000000FF", "000000010000000100000000");
    expect([last?.number, first?.number]).toEqual([255, 256]);
    expect(named("postgres", "00000002.history", "archive_status", "receiver.json")).toEqual([]);
  });

  it.each([
    ["0/1", "000000010000000000000000", 1],
    ["16/B374D848", "0000000100000016000000B3", 0x74d848],
    ["1/FF000000", "0000000100000001000000FF", 0],
  ])("the place %s lies in %s", (lsn, file, offset) => {
    expect(placeOfLsn(lsn, "00000001", segmentBytes)).toEqual({ file, offset });
  });
});

describe("a gap", () => {
  it("is none in what follows one another, in any order", () => {
    expect(gapIn(named("mariadb", "log.000011", "log.000009", "log.000010"))).toBeUndefined();
    const partial = named(
      "postgres",
      "000000010000000000000002.partial",
      "000000010000000000000001",
    );
    expect(gapIn(partial)).toBeUndefined();
    expect(gapIn([])).toBeUndefined();
  });

  it("is told where it is", () => {
    const gap = "nothing lies between log.000009 and log.000011";
    expect(gapIn(named("mariadb", "log.000011", "log.000009"))).toBe(gap);
    const other = named("postgres", "000000010000000000000001", "000000020000000000000002");
    expect(gapIn(other)).toContain("another series");
  });
});
