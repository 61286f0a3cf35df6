/**
 * Days and dates of the Gregorian calendar, reckoned without a clock and without time zones.
 *
 * A year is taken to begin in March, so that the day that some years have more is its last one.
 * Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", 2013.
 */
export interface CivilDate {
  /** 0 is the year before 1. */
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  /** 1 to 31. */
  readonly day: number;
}

const daysOfEra = 146_097;
/** From the first of March of the year 0 to the Unix epoch. */
const epochDay = 719_468;

/** @param day whole days since 1970-01-01, may be below zero */
export function dateOfDay(day: number): CivilDate {
  const shifted = day + epochDay;
  const era = Math.floor(shifted / daysOfEra);
  const dayOfEra = shifted - era * daysOfEra;
  const leapDays =
    Math.floor(dayOfEra / 1460) - Math.floor(dayOfEra / 36_524) + Math.floor(dayOfEra / 146_096);
  const yearOfEra = Math.floor((dayOfEra - leapDays) / 365);
  const before = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const dayOfYear = dayOfEra - before;
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153);
  const month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9;
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1,
  };
}

/** Whole days since 1970-01-01; undefined for a date that is in no calendar. */
export function dayOfDate(date: CivilDate): number | undefined {
  const { day, month, year } = date;
  if (month < 1 || month > 12 || day < 1) return undefined;
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const before = 365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100);
  const found = era * daysOfEra + before + dayOfYear - epochDay;
  // The 31st of a month that has 30 days is the first of the next.
  return dateOfDay(found).day === day ? found : undefined;
}

/** `2026-11-22T14:03:20`, the second in which `wallMs` lies, in UTC; years 0 to 9999. */
export function formatUtcSecond(wallMs: number): string {
  const seconds = Math.floor(wallMs / 1000);
  const dayNumber = Math.floor(seconds / 86_400);
  const { day, month, year } = dateOfDay(dayNumber);
  const rest = seconds - dayNumber * 86_400;
  const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60];
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${clock.map(two).join(":")}`;
}

function two(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}
