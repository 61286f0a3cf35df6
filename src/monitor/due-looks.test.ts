import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DueLooks } from "./due-looks.ts";

/** What each turn takes, when every look is due again one interval after it was taken. */
function turns(due: DueLooks, intervals: ReadonlyMap<string, number>, untilMs: number) {
  const taken: { atMs: number; keys: readonly string[] }[] = [];
  for (let atMs = due.nextDueMs(); atMs !== undefined && atMs < untilMs; atMs = due.nextDueMs()) {
    const keys = due.takeDue(atMs);
    taken.push({ atMs, keys });
    for (const key of keys) {
      const intervalMs = intervals.get(key) ?? 0;
      due.set(key, atMs + intervalMs, intervalMs);
    }
  }
  return taken;
}

describe("due looks", () => {
  it("brings looks of one interval together, and they stay together (D2)", () => {
    const due = new DueLooks();
    const intervals = new Map(["a", "b", "c", "d", "e"].map((key) => [key, 1000]));
    for (const [index, key] of [...intervals.keys()].entries()) due.set(key, index * 190, 1000);
    const later = turns(due, intervals, 20_000).filter(({ atMs }) => atMs > 5000);
    expect(later.every(({ keys }) => keys.length === intervals.size)).toBe(true);
    expect(later.length).toBe(15);
  });

  it("lets looks of another interval and those without a flock come at their own time", () => {
    const due = new DueLooks();
    due.set("every-second", 0, 1000);
    due.set("every-ten-seconds", 400, 10_000);
    due.set("startup", 10);
    expect(due.takeDue(0)).toEqual(["every-second"]);
    expect(due.nextDueMs()).toBe(10);
    expect(due.takeDue(10)).toEqual(["startup"]);
    expect(due.nextDueMs()).toBe(400);
  });

  it("takes no look late, and none earlier than by half of its interval (D1)", () => {
    const dues = fc.array(
      fc.record({ dueMs: fc.nat(5000), intervalMs: fc.constantFrom(0, 250, 1000) }),
      {
        minLength: 1,
        maxLength: 60,
      },
    );
    fc.assert(
      fc.property(dues, (looks) => {
        const due = new DueLooks();
        for (const [index, look] of looks.entries())
          due.set(`${index}`, look.dueMs, look.intervalMs);
        const taken = new Set<string>();
        for (let atMs = due.nextDueMs(); atMs !== undefined; atMs = due.nextDueMs()) {
          for (const key of due.takeDue(atMs)) {
            const look = looks[Number(key)];
            if (look === undefined || taken.has(key))
              throw new Error(`${key} is none or a second time`);
            taken.add(key);
            expect(look.dueMs).toBeGreaterThanOrEqual(atMs);
            expect(look.dueMs).toBeLessThanOrEqual(atMs + look.intervalMs / 2);
          }
        }
        expect(taken.size).toBe(looks.length);
      }),
    );
  });

  it("keeps the looks of a larger flock at their own times (D3)", () => {
    const due = new DueLooks();
    const intervals = new Map(Array.from({ length: 17 }, (_, index) => [`${index}`, 10_000]));
    for (const key of intervals.keys()) due.set(key, Number(key) * 10, 10_000);
    expect(turns(due, intervals, 60_000).every(({ keys }) => keys.length === 1)).toBe(true);
    due.delete("16");
    intervals.delete("16");
    const later = turns(due, intervals, 120_000).filter(({ atMs }) => atMs > 80_000);
    expect(later.every(({ keys }) => keys.length === 16)).toBe(true);
  });

  it("forgets what is deleted, and moves what is set anew", () => {
    const due = new DueLooks();
    due.set("gone", 0, 1000);
    due.set("moved", 0, 1000);
    due.delete("gone");
    due.set("moved", 70);
    expect(due.takeDue(50)).toEqual([]);
    expect(due.takeDue(70)).toEqual(["moved"]);
    expect(due.nextDueMs()).toBeUndefined();
  });
});
