import { describe, expect, it } from "vitest";
import { type ExperienceBook, recordVerdict, scoreOf } from "./experience.ts";

const day = 86_400_000;
const restart = { signature: "instance/a.1:hang", strategy: "restart" };
const drain = { signature: "instance/a.1:hang", strategy: "drain_restart" };

describe("experience", () => {
  it("knows nothing at first: even odds, no weight", () => {
    expect(scoreOf(new Map(), restart, 0)).toEqual({ score: 0.5, weight: 0 });
  });

  it("orders strategies by what has helped", () => {
    const book: ExperienceBook = new Map();
    for (let count = 0; count < 4; count += 1) {
      recordVerdict(book, restart, { healed: true, at: 0 });
      recordVerdict(book, drain, { healed: count === 0, at: 0 });
    }
    expect(scoreOf(book, restart, 0)).toEqual({ score: 5 / 6, weight: 4 });
    expect(scoreOf(book, drain, 0)).toEqual({ score: 2 / 6, weight: 4 });
    const elsewhere = { ...restart, signature: "instance/b.1:hang" };
    expect(scoreOf(book, elsewhere, 0).weight).toBe(0);
  });

  it("fades: half of it after 14 days, so that fresh verdicts outweigh old ones", () => {
    const book: ExperienceBook = new Map();
    for (let count = 0; count < 4; count += 1) {
      recordVerdict(book, restart, { healed: true, at: 0 });
    }
    expect(scoreOf(book, restart, 14 * day).weight).toBeCloseTo(2);
    for (let count = 0; count < 3; count += 1) {
      recordVerdict(book, restart, { healed: false, at: 28 * day });
    }
    expect(scoreOf(book, restart, 28 * day).score).toBeLessThan(0.5);
  });

  it("does not grow when the wall clock was set back", () => {
    const book: ExperienceBook = new Map();
    recordVerdict(book, restart, { healed: true, at: 10 * day });
    expect(scoreOf(book, restart, 0).weight).toBe(1);
  });

  it("is bounded: what was not used for longest goes first", () => {
    const book: ExperienceBook = new Map();
    recordVerdict(book, restart, { healed: true, at: 0 });
    for (let count = 0; count < 10_000; count += 1) {
      recordVerdict(book, { ...drain, strategy: `s${count}` }, { healed: true, at: 0 });
    }
    expect(book.size).toBe(10_000);
    expect(scoreOf(book, restart, 0).weight).toBe(0);
  });
});
