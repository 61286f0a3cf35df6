/** Against the calendar of the language, which pure code may not ask. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { dateOfDay, dayOfDate, formatUtcSecond } from "./calendar.ts";

const first = -62_167_219_200_000;
const last = 253_402_300_799_999;

test("every moment of the years 0 to 9999 is written as the language writes it", () => {
  fc.assert(
    fc.property(fc.integer({ min: first, max: last }), (wallMs) => {
      expect(formatUtcSecond(wallMs)).toBe(new Date(wallMs).toISOString().slice(0, 19));
    }),
    { numRuns: 2000 },
  );
});

test("a day is the day of its date", () => {
  fc.assert(
    fc.property(fc.integer({ min: -719_528, max: 2_932_896 }), (day) => {
      expect(dayOfDate(dateOfDay(day))).toBe(day);
    }),
    { numRuns: 2000 },
  );
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
