/** Against a calendar that counts day after day, as a person would. */
import { expect, test } from "vitest";
import { type CivilDate, dateOfDay, dayOfDate, formatUtcSecond } from "./calendar.ts";

const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
const firstDay = -719_528;

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

function dayAfter({ day, month, year }: CivilDate): CivilDate {
  const length = (lengths[month - 1] ?? 0) + (month === 2 && isLeap(year) ? 1 : 0);
  if (day < length) return { year, month, day: day + 1 };
  return month < 12 ? { year, month: month + 1, day: 1 } : { year: year + 1, month: 1, day: 1 };
}

test("800 years of days have the dates that counting gives them, and dates their days", () => {
  let date: CivilDate = { year: 0, month: 1, day: 1 };
  const wrong: unknown[] = [];
  for (let day = firstDay; day < firstDay + 2 * 146_097; day += 1) {
    const found = dateOfDay(day);
    const isRight =
      found.year === date.year && found.month === date.month && found.day === date.day;
    if (!isRight || dayOfDate(date) !== day) wrong.push({ day, found, date });
    date = dayAfter(date);
  }
  expect(wrong).toEqual([]);
});

test.each([
  [0, "1970-01-01T00:00:00"],
  [-1, "1969-12-31T23:59:59"],
  [1_700_000_000_999, "2023-11-14T22:13:20"],
  [-62_167_219_200_000, "0000-01-01T00:00:00"],
  [253_402_300_799_999, "9999-12-31T23:59:59"],
])("%d ms is in the second %s", (wallMs, text) => {
  expect(formatUtcSecond(wallMs)).toBe(text);
});

test.each([
  [2023, 2, 29],
  [2024, 2, 30],
  [2024, 4, 31],
  [2024, 13, 1],
  [2024, 0, 1],
  [2024, 1, 0],
  [1900, 2, 29],
])("%i-%i-%i is no date", (year, month, day) => {
  expect(dayOfDate({ year, month, day })).toBeUndefined();
});
