import fc from "fast-check";
import { expect, test } from "vitest";
import { Damage } from "./damage.ts";
import { formatTime, parseTime } from "./rfc3339.ts";

test.each([
  [0n, "1970-01-01T00:00:00Z"],
  [1_700_000_000_123_456_789n, "2023-11-14T22:13:20.123456789Z"],
  [1_700_000_000_100_000_000n, "2023-11-14T22:13:20.1Z"],
  [-1n, "1969-12-31T23:59:59.999999999Z"],
])("%s is %s", (nanoseconds, text) => {
  expect(formatTime(nanoseconds)).toBe(text);
  expect(parseTime(text)).toBe(nanoseconds);
});

test("a time of another zone is the same moment", () => {
  expect(parseTime("2023-11-15T00:13:20.5+02:00")).toBe(1_700_000_000_500_000_000n);
});

test("what is beyond the years that Go writes becomes their end", () => {
  expect(formatTime(10n ** 21n)).toBe("9999-12-31T23:59:59.999999999Z");
  expect(formatTime(-(10n ** 21n))).toBe("0000-01-01T00:00:00Z");
});

test("every nanosecond of those years comes back", () => {
  const moments = fc.bigInt({
    min: -62_167_219_200n * 10n ** 9n,
    max: 253_402_300_799n * 10n ** 9n,
  });
  fc.assert(fc.property(moments, (moment) => parseTime(formatTime(moment)) === moment));
});

test.each(["", "2023-11-14", "2023-13-14T22:13:20Z", "2023-11-14T22:13:20.1234567890Z"])(
  "%j is damage",
  (text) => {
    expect(() => parseTime(text)).toThrow(Damage);
  },
);
