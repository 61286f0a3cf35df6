import { describe, expect, it } from "vitest";
import { parseTime } from "../format/rfc3339.ts";
import { parseMoment } from "./parse-moment.ts";

const hourMs = 3_600_000;
/** Central Europe in that year: two hours from the last Sunday of March to that of October. */
const [summer, winter] = [utc("2026-03-29T01:00"), utc("2026-10-25T01:00")];
const offsetMsAt = (ms: number): number => (ms >= summer && ms < winter ? 2 : 1) * hourMs;
const nowMs = utc("2026-11-22T14:30:20");
const now = { wallMs: nowMs, offsetMsAt };

function utc(text: string): number {
  const seconds = /:\d\d:/.test(text) ? text : `${text}:00`;
  return Number(parseTime(`${seconds}Z`) / 1_000_000n);
}

describe("moments that people write", () => {
  it.each([
    ["now", nowMs],
    ["2h ago", nowMs - 7_200_000],
    ["90 minutes ago", nowMs - 5_400_000],
    ["1w ago", nowMs - 604_800_000],
    ["2026-11-20 14:00", utc("2026-11-20T14:00:00") - hourMs],
    ["2026-11-20T14:00:05", utc("2026-11-20T14:00:05") - hourMs],
    ["2026-07-01 14:00", utc("2026-07-01T12:00")],
    ["2026-10-25 00:30", utc("2026-10-24T22:30")],
    ["2026-03-29 03:00", summer],
    ["2026-11-20T14:00Z", utc("2026-11-20T14:00")],
    ["2026-11-20 14:00+01:30", utc("2026-11-20T12:30")],
    ["2026-11-20 14:00-01:00", utc("2026-11-20T15:00")],
    ["2026-11-20", utc("2026-11-21T00:00:00") - hourMs - 1],
    ["yesterday", utc("2026-11-22T00:00:00") - hourMs - 1],
    ["yesterday 14:00", utc("2026-11-21T14:00:00") - hourMs],
    ["today 9:05", utc("2026-11-22T09:05:00") - hourMs],
    ["14:00", utc("2026-11-22T14:00:00") - hourMs],
    ["2028-02-29 00:00", utc("2028-02-29T00:00:00") - hourMs],
  ])("%s", (text, expected) => {
    expect(parseMoment(text, now)).toEqual({ ok: true, value: expected });
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
    expect(parseMoment(text, now)).toMatchObject({ ok: false });
  });
});
