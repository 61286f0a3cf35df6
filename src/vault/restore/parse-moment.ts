/**
 * The moments that people write: "2026-11-20 14:00", "yesterday 14:00", "2h ago". A small grammar,
 * strict: what it does not know is refused, and never guessed.
 *
 * - `now`
 * - `<number><unit> ago`, with or without a space, with s, m, h, d, w or their words; a day is 24 h
 * - a day: `2026-11-20`, `today`, `yesterday`; its end is meant, for that day's last state is
 * - a day and a time: `2026-11-20 14:00`, `2026-11-20T14:00:30`, `yesterday 14:00`; local time,
 *   unless `Z` or `+01:00` follows
 * - a time: `14:00`, of today
 */
import { failed, type Result, success } from "../../kernel/index.ts";

const unitsMs: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const agoShape = /^(\d{1,6}) ?(s|m|h|d|w|seconds?|minutes?|hours?|days?|weeks?) ago$/;
const dayShape =
  /^(\d{4}-\d\d-\d\d|today|yesterday)(?:[ T](\d\d?:\d\d(?::\d\d)?)(Z|[+-]\d\d:\d\d)?)?$/;
const timeShape = /^\d\d?:\d\d(?::\d\d)?$/;

/** Milliseconds since the Unix epoch; the failure says what can be written. */
export function parseMoment(text: string, nowMs: number): Result<number> {
  const trimmed = text.trim();
  if (trimmed === "now") return success(nowMs);
  const [, count, unit] = agoShape.exec(trimmed) ?? [];
  if (count !== undefined && unit !== undefined) {
    return success(nowMs - Number(count) * (unitsMs[unit.charAt(0)] ?? 0));
  }
  if (timeShape.test(trimmed)) return moment(text, { day: "today", time: trimmed, nowMs });
  const [, day, time, zone] = dayShape.exec(trimmed) ?? [];
  return day === undefined ? unknown(text) : moment(text, { day, time, zone, nowMs });
}

interface Written {
  readonly day: string;
  readonly time?: string | undefined;
  readonly zone?: string | undefined;
  readonly nowMs: number;
}

function moment(text: string, { day, nowMs, time, zone }: Written): Result<number> {
  const [hour = 23, minute = 59, second = time === undefined ? 59.999 : 0] =
    time?.split(":").map(Number) ?? [];
  if (hour > 23 || minute > 59 || second >= 60) return unknown(text);
  const now = new Date(nowMs);
  const back = day === "yesterday" ? 1 : 0;
  const isNamed = /^[a-z]/.test(day);
  const [year = 0, month = 0, date = 0] = isNamed
    ? [now.getFullYear(), now.getMonth() + 1, now.getDate() - back]
    : day.split("-").map(Number);
  // Built as UTC first: it tells whether there is such a day, which a local time cannot.
  const plain = new Date(Date.UTC(year, month - 1, date));
  if (!isNamed && (plain.getUTCMonth() !== month - 1 || plain.getUTCDate() !== date)) {
    return unknown(text);
  }
  const [whole, restMs] = [Math.floor(second), Math.round((second % 1) * 1000)];
  if (zone !== undefined) {
    if (isNamed) return unknown(text);
    return success(Date.UTC(year, month - 1, date, hour, minute, whole, restMs) - zoneMs(zone));
  }
  return success(new Date(year, month - 1, date, hour, minute, whole, restMs).getTime());
}

function zoneMs(zone: string): number {
  if (zone === "Z") return 0;
  const [hours = 0, minutes = 0] = zone.slice(1).split(":").map(Number);
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes) * 60_000;
}

function unknown(text: string): Result<number> {
  return failed(
    `${JSON.stringify(text)} is no moment: write "2026-11-20 14:00", "yesterday 14:00", ` +
      `"14:00", "2026-11-20" or "2h ago"`,
  );
}
