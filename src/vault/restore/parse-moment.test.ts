import { describe, expect, it } from "vitest";
import { parseMoment } from "./parse-moment.ts";

const nowMs = new Date(2026, 10, 22, 15, 30, 20).getTime();
const local = (...parts: readonly [number, number, number, number, number, number?]): number => {
  const [year, month, day, hour, minute, second = 0] = parts;
  return new Date(year, month - 1, day, hour, minute, second).getTime();
};

describe("moments that people write", () => {
  it.each([
    ["now", nowMs],
    ["2h ago", nowMs - 7_200_000],
    ["90 minutes ago", nowMs - 5_400_000],
    ["1w ago", nowMs - 604_800_000],
    ["2026-11-20 14:00", local(2026, 11, 20, 14, 0)],
    ["2026-11-20T14:00:05", local(2026, 11, 20, 14, 0, 5)],
    ["2026-11-20T14:00Z", Date.UTC(2026, 10, 20, 14)],
    ["2026-11-20 14:00+01:30", Date.UTC(2026, 10, 20, 12, 30)],
    ["2026-11-20 14:00-01:00", Date.UTC(2026, 10, 20, 15)],
    ["2026-11-20", local(2026, 11, 21, 0, 0) - 1],
    ["yesterday", local(2026, 11, 22, 0, 0) - 1],
    ["yesterday 14:00", local(2026, 11, 21, 14, 0)],
    ["today 9:05", local(2026, 11, 22, 9, 5)],
    ["14:00", local(2026, 11, 22, 14, 0)],
    ["2028-02-29 00:00", local(2028, 2, 29, 0, 0)],
  ])("%s", (text, expected) => {
    expect(parseMoment(text, nowMs)).toEqual({ ok: true, value: expected });
  });

  it.each([
    "",
    "soon",
    "2026-02-30",
    "2026-13-01",
    "2026-11-20 24:00",
    "2026-11-20 14:60",
    "2026-11-20 2pm",
    "20.11.2026",
    "2h",
    "-2h ago",
    "2 fortnights ago",
    "yesterday 14:00Z",
    "2026-11-20 14:00 ago",
  ])("refuses %j", (text) => {
    expect(parseMoment(text, nowMs)).toMatchObject({ ok: false });
  });
});
