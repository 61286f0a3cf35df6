import { describe, expect, test } from "vitest";
import type { HealFacts } from "./facts.ts";
import { healCases } from "./heal-cases-bench.ts";
import { elsewhere, facts, file, git, later, snapshotNs, there } from "./heal-facts-bench.ts";
import { judge } from "./judge.ts";

describe("the cases of the table (J1)", () => {
  test.each(Object.entries(healCases))("%s", (_id, { facts: seen, ...expected }) => {
    const { kind, reason, isSuspect } = judge(seen);
    expect({ verdict: kind, rule: reason.rule, isSuspect }).toEqual(expected);
    expect(reason.sentence).toMatch(/^[A-Z].*\.$/);
  });
});

describe("the borders of the rules", () => {
  const ruled = (more: Partial<HealFacts>): string => {
    const { kind, reason } = judge(facts(more));
    return `${kind} ${reason.rule}`;
  };
  const written = { mtimeNs: later, ctimeNs: later };
  const emptied = there(file({ ...written, sizeBytes: 0 }));

  test("2 s of quiet are enough, a millisecond less is told how long to wait", () => {
    expect(ruled({ quietMs: 2000 })).toBe("heal H18");
    expect(judge(facts({ quietMs: 1999 }))).toMatchObject({ kind: "wait", forMs: 1 });
  });

  test("what waits is judged in the end (J4)", () => {
    expect(ruled({ quietMs: 0, waitedMs: 29_999 })).toBe("wait H1");
    expect(ruled({ quietMs: 0, waitedMs: 30_000 })).toBe("heal H18");
    const busy = git({}, { isBusy: true, isHeld: true });
    expect(ruled({ git: busy, waitedMs: 59_999 })).toBe("wait H12");
    expect(ruled({ git: busy, waitedMs: 60_000 })).toBe("heal H18");
    const held = { ...emptied, isOpenForWriting: true };
    expect(ruled({ now: held, waitedMs: 599_999 })).toBe("wait H15");
    expect(ruled({ now: held, waitedMs: 600_000 })).toBe("ask H15");
  });

  test("mass begins at half of all, and at 20", () => {
    const burst = (rewritten: number, protectedFiles: number): Partial<HealFacts> => ({
      now: there(file(written)),
      burst: { rewritten, lost: 0, protectedFiles },
    });
    expect(ruled(burst(19, 19))).toBe("leave H21");
    expect(ruled(burst(20, 40))).toBe("ask H8");
    expect(ruled(burst(20, 41))).toBe("leave H21");
  });

  test("git is believed of what it cannot tell, when HEAD moved and only then", () => {
    const unknown = { wasHeld: undefined, isHeld: undefined };
    expect(ruled({ git: git({ commit: "b" }, unknown) })).toBe("leave H13");
    expect(ruled({ git: git({}, unknown) })).toBe("heal H18");
  });

  test("without times of birth, size and mtime tell whether an inode is the same", () => {
    const at = (sizeBytes: number): Partial<HealFacts> => ({
      elsewhere: elsewhere("/source/other", { birthNs: undefined, entry: file({ sizeBytes }) }),
    });
    expect(ruled(at(100))).toBe("leave H10");
    expect(ruled(at(101))).toBe("heal H18");
  });

  test("another inode elsewhere is no move", () => {
    const other = elsewhere("/source/other", { entry: file({ inode: 8n }) });
    expect(ruled({ elsewhere: other })).toBe("heal H18");
  });

  test.each(["mtimeNs", "ctimeNs", "inode"] as const)("another %s is no rot", (mark) => {
    const now = there(file({ [mark]: later }), { content: "differs" });
    expect(ruled({ now })).toBe("leave H21");
  });

  test("another size is no rot", () => {
    expect(ruled({ now: there(file({ sizeBytes: 99 }), { content: "differs" }) })).toBe(
      "leave H21",
    );
  });

  test("content that was read within a step of the clock, or never, proves no rot", () => {
    const rotten = (provenNs: bigint | undefined): Partial<HealFacts> => ({
      now: there(file(), { content: "differs", provenNs }),
    });
    expect(ruled(rotten(undefined))).toBe("leave H4");
    expect(ruled(rotten(snapshotNs + 10_000_000n))).toBe("leave H4");
    expect(ruled(rotten(snapshotNs + 10_000_001n))).toBe("heal H4");
  });

  test("a file system that counts in seconds has steps of two", () => {
    const whole = 1_800_000_000_000_000_000n;
    const marks = { mtimeNs: whole, ctimeNs: whole };
    const rotten = (afterNs: bigint): Partial<HealFacts> => ({
      expected: file(marks),
      now: there(file(marks), { content: "differs", provenNs: whole + afterNs }),
    });
    expect(ruled(rotten(2_000_000_000n))).toBe("leave H4");
    expect(ruled(rotten(2_000_000_001n))).toBe("heal H4");
  });

  test("rot that was healed three times of late is asked about", () => {
    const now = there(file(), { content: "differs" });
    expect(ruled({ now, recentHeals: 2 })).toBe("heal H4");
    expect(ruled({ now, recentHeals: 3 })).toBe("ask H4");
  });

  test("the same content is left, whatever its marks", () => {
    expect(ruled({ now: there(file(), { content: "same" }) })).toBe("leave H21");
  });
});
