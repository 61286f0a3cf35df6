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
import { dayOfDate, failed, type Result, success } from "../../kernel/index.ts";

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

/** The present, where the person is who writes. */
export interface LocalNow {
  readonly wallMs: number;
  /** How far local time is before UTC at a moment: an hour and more in most of Europe. */
  readonly offsetMsAt: (utcMs: number) => number;
}

const dayMs = 86_400_000;

/** Milliseconds since the Unix epoch; the failure says what can be written. */
export function parseMoment(text: string, now: LocalNow): Result<number> {
  const trimmed = text.trim();
  if (trimmed === "now") return success(now.wallMs);
  const [, count, unit] = agoShape.exec(trimmed) ?? [];
  if (count !== undefined && unit !== undefined) {
    return success(now.wallMs - Number(count) * (unitsMs[unit.charAt(0)] ?? 0));
  }
  const [, day, time, zone] = dayShape.exec(trimmed) ?? [];
  const written = timeShape.test(trimmed) ? { day: "today", time: trimmed } : { day, time, zone };
  const moment = momentOf(written, now);
  return moment === undefined ? unknown(text) : success(moment);
}

interface Written {
  readonly day: string | undefined;
  readonly time?: string | undefined;
  readonly zone?: string | undefined;
}

function momentOf({ day, time, zone }: Written, now: LocalNow): number | undefined {
  if (day === undefined) return undefined;
  const isNamed = /^[a-z]/.test(day);
  const number = isNamed ? dayNamed(day, now) : dayWritten(day);
  const withinMs = time === undefined ? dayMs - 1 : timeOfDay(time);
  if (number === undefined || withinMs === undefined) return undefined;
  const plainMs = number * dayMs + withinMs;
  if (zone !== undefined) return isNamed ? undefined : plainMs - zoneMs(zone);
  // The offset of the moment itself, which is found by that of one nearby.
  return plainMs - now.offsetMsAt(plainMs - now.offsetMsAt(plainMs));
}

function dayNamed(day: string, { offsetMsAt, wallMs }: LocalNow): number {
  const today = Math.floor((wallMs + offsetMsAt(wallMs)) / dayMs);
  return day === "yesterday" ? today - 1 : today;
}

function dayWritten(text: string): number | undefined {
  const [year = 0, month = 0, day = 0] = text.split("-").map(Number);
  return dayOfDate({ year, month, day });
}

function timeOfDay(text: string): number | undefined {
  const [hour = 0, minute = 0, second = 0] = text.split(":").map(Number);
  if (hour > 23 || minute > 59 || second > 59) return undefined;
  return ((hour * 60 + minute) * 60 + second) * 1000;
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
