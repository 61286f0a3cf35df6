import { expect, it } from "vitest";
import { formatClockTime } from "./clock-time.ts";

it("tells the time of day", () => {
  expect(formatClockTime(0)).toBe("00:00:00 UTC");
  expect(formatClockTime(1_709_215_400_999)).toBe("14:03:20 UTC");
  expect(formatClockTime(-1)).toBe("23:59:59 UTC");
});
