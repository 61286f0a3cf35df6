import { describe, expect, it } from "vitest";
import { formatBytes, parseBytes } from "./bytes.ts";
import { formatDuration, parseDurationMs } from "./duration.ts";

describe("durations", () => {
  it.each([
    ["500ms", 500],
    ["30s", 30_000],
    ["1m30s", 90_000],
    ["1h 30m", 5_400_000],
    ["7d", 604_800_000],
    ["1.5s", 1500],
    ["250", 250],
    [250, 250],
  ])("reads %s as %d ms", (text, ms) => {
    expect(parseDurationMs(text)).toBe(ms);
  });

  const endless = "9".repeat(400);

  it.each([
    "",
    "s",
    "5 parsecs",
    "5s later",
    "-5s",
    "1h-2m",
    Number.NaN,
    -1,
    endless,
    `${endless}s`,
  ])("refuses %s", (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  it.each([
    [38, "38 ms"],
    [2100, "2.1 s"],
    [59_960, "1 m"],
    [90_000, "1 m 30 s"],
    [7_200_000, "2 h"],
    [273_600_000, "3 d 4 h"],
    [-1500, "-1.5 s"],
    [Number.POSITIVE_INFINITY, "for ever"],
  ])("writes %d ms as %s", (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe("sizes", () => {
  it.each([
    ["512MB", 536_870_912],
    ["64 KiB", 65_536],
    ["1.5g", 1_610_612_736],
    ["10", 10],
    [10, 10],
  ])("reads %s as %d bytes", (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(["", "MB", "5 apples", "-1k"])("refuses %s", (text) => {
    expect(parseBytes(text)).toBeUndefined();
  });

  it("writes sizes for people", () => {
    expect([0, 1023, 65_536, 1_610_612_736].map(formatBytes)).toEqual([
      "0 B",
      "1023 B",
      "64 KiB",
      "1.5 GiB",
    ]);
  });
});
