import { describe, expect, test } from "vitest";
import type { WorkProgress } from "../../vault/index.ts";
import { ProgressBar, progressText } from "./progress-bar.ts";

const mib = 1024 * 1024;
const seen = { step: "protecting", unit: "file", count: 12 } as const;

describe("the text of long work", () => {
  test("says what was seen and how fast, where nothing is known of the end", () => {
    const text = progressText("treasure", { ...seen, bytes: 4 * mib }, 2000);
    expect(text).toBe("treasure  protecting  12 files  4 MiB  2 MiB/s");
  });

  test("says how much is done and when the rest will be", () => {
    const text = progressText(
      "treasure",
      { ...seen, bytes: 250_000, expectedBytes: 1_000_000 },
      5000,
    );
    expect(text).toContain(`[${"=".repeat(6)}${" ".repeat(18)}] 25%`);
    expect(text).toMatch(/ 15 ?s left$/);
  });

  test("goes by what is counted where no bytes are", () => {
    const come: WorkProgress = {
      step: "following",
      unit: "snapshot",
      count: 1,
      expectedCount: 4,
    };
    const text = progressText("treasure", come, 1000);
    expect(text).toContain("following");
    expect(text).toContain("] 25%  1 snapshot  3 s left");
    expect(text).not.toContain("/s");
  });

  test("is at its end when there is more than there was", () => {
    const text = progressText("treasure", { ...seen, bytes: 9, expectedBytes: 3 }, 1000);
    expect(text).toContain(`[${"=".repeat(24)}] 100%`);
    expect(text).not.toContain("left");
  });
});

function recorded(progressKind: "live" | "lines" | "json"): {
  readonly said: string[];
  readonly clock: { ms: number };
  readonly bar: ProgressBar;
} {
  const said: string[] = [];
  const clock = { ms: 0 };
  const out = { progressKind, progressLine: (text: string) => void said.push(text) };
  return { said, clock, bar: new ProgressBar("treasure", out, () => clock.ms) };
}

describe("a progress bar", () => {
  test("is drawn ten times a second at the most, and gone in the end", () => {
    const { bar, clock, said } = recorded("live");
    for (; clock.ms < 1000; clock.ms += 10) bar.show(seen);
    expect(said).toHaveLength(10);
    bar[Symbol.dispose]();
    expect(said.at(-1)).toBe("");
  });

  test("is a line each half minute where nobody looks, and none of what is quick", () => {
    const { bar, clock, said } = recorded("lines");
    for (; clock.ms < 30_000; clock.ms += 1000) bar.show(seen);
    expect(said).toEqual([]);
    for (; clock.ms <= 60_000; clock.ms += 1000) bar.show(seen);
    bar[Symbol.dispose]();
    expect(said).toHaveLength(2);
    expect(said[0]).toBe("treasure  protecting  12 files");
  });

  test("is a line of JSON each second for programs", () => {
    const { bar, clock, said } = recorded("json");
    for (; clock.ms < 3000; clock.ms += 100) bar.show(seen);
    bar[Symbol.dispose]();
    expect(said.map((line) => JSON.parse(line) as unknown)).toEqual(
      [0, 1000, 2000].map((elapsedMs) => ({ kind: "progress", ...seen, elapsedMs })),
    );
  });

  test("has the rate of the step at hand, and no control characters", () => {
    const { bar, clock, said } = recorded("live");
    bar.show({ ...seen, bytes: mib });
    clock.ms = 10_000;
    bar.show({ ...seen, step: "filling sftp:\u001b[31mx", bytes: 0 });
    clock.ms = 11_000;
    bar.show({ ...seen, step: "filling sftp:\u001b[31mx", bytes: 2 * mib });
    expect(said.at(-1)).toBe("treasure  filling sftp:x  12 files  2 MiB  2 MiB/s");
  });
});
