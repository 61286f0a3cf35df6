import { expect, test } from "vitest";
import { progressText } from "./progress-bar.ts";

test("says what was seen and how fast, where nothing is known of the end", () => {
  const seen = { files: 12, bytes: 4 * 1024 * 1024, expectedBytes: undefined };
  expect(progressText("treasure", seen, 2000)).toBe("treasure  12 files  4 MiB  2 MiB/s");
});

test("says how much is done and when the rest will be", () => {
  const seen = { files: 12, bytes: 250_000, expectedBytes: 1_000_000 };
  const text = progressText("treasure", seen, 5000);
  expect(text).toContain(`[${"=".repeat(6)}${" ".repeat(18)}] 25%`);
  expect(text).toMatch(/ 15 ?s left$/);
});

test("is at its end when there is more than there was", () => {
  const text = progressText("treasure", { files: 1, bytes: 9, expectedBytes: 3 }, 1000);
  expect(text).toContain(`[${"=".repeat(24)}] 100%`);
  expect(text).not.toContain("left");
});
