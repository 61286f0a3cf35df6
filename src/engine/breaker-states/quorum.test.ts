import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Breaker, breakerDefaults, ManualTools } from "../../resilience/index.ts";
import { BreakerMemory } from "./breaker-memory.ts";
import { Quorum, tally, type Vote, type VoteBoard } from "./quorum.ts";

class MemoryBoard implements VoteBoard {
  readonly votes = new Map<string, Vote>();
  isAway = false;

  post(vote: Vote): Promise<void> {
    if (this.isAway) return Promise.reject(new Error("connection refused"));
    this.votes.set(vote.instance, vote);
    return Promise.resolve();
  }

  read(): Promise<readonly Vote[]> {
    return Promise.resolve([...this.votes.values()]);
  }
}

function instances(count: number, needed = 2) {
  const tools = new ManualTools();
  const board = new MemoryBoard();
  const told: string[] = [];
  const all = Array.from({ length: count }, (_, index) => {
    const memory = new BreakerMemory({ tools });
    const breaker = new Breaker(breakerDefaults, (_from, to) => memory.moved("db", to));
    memory.adopt("db", breaker);
    const tell = (message: string): unknown => {
      told.push(message);
      return Promise.reject(new Error("a listener that fails harms nobody"));
    };
    const quorum = new Quorum({ memory, board, instance: `i${index}`, tools, needed, tell });
    return { breaker, quorum, memory };
  });
  const fail = (index: number): void => {
    for (let time = 0; time < 5; time += 1) {
      const { breaker } = all[index] as (typeof all)[number];
      breaker.failed(breaker.admit(tools.monotonicMs()), tools.monotonicMs(), 1);
    }
  };
  const phases = (): readonly string[] => all.map(({ breaker }) => breaker.phase);
  return { tools, board, all, fail, phases, told };
}

describe("circuits that several processes share", () => {
  it("one bad instance opens nobody else's (Q1)", async () => {
    const { tools, fail, phases } = instances(5);
    fail(0);
    await tools.advance(30_000);
    expect(phases()).toEqual(["open", "closed", "closed", "closed", "closed"]);
  });

  it("open everywhere when enough say so, and close by their own probes", async () => {
    const { tools, all, fail, phases } = instances(4);
    fail(0);
    fail(2);
    expect(phases()).toEqual(["open", "closed", "open", "closed"]);
    await tools.advance(5000);
    expect(phases()).toEqual(["open", "open", "open", "open"]);
    await tools.advance(60_000);
    for (const { breaker } of all) {
      for (let probe = 0; probe < 2; probe += 1) {
        breaker.succeeded(breaker.admit(tools.monotonicMs()), tools.monotonicMs(), 1);
      }
    }
    await tools.advance(60_000);
    expect(phases()).toEqual(["closed", "closed", "closed", "closed"]);
  });

  it("what others have opened is no vote: it does not keep itself open (Q2)", async () => {
    const { tools, all, board, fail } = instances(3);
    fail(0);
    fail(1);
    await tools.advance(5000);
    expect(all[2]?.breaker.phase).toBe("open");
    expect(board.votes.get("i2")?.open).toEqual([]);
    expect(board.votes.get("i0")?.open).toHaveLength(1);
  });

  it("instances that are silent have no say, nor has a time that is over (Q4)", () => {
    const rule = { needed: 2, nowMs: 50_000, staleMs: 10_000 };
    const open = [{ name: "db", nextRetryAt: 60_000 }];
    const fresh = { instance: "a", at: 45_000, open };
    expect(tally([fresh, { instance: "b", at: 41_000, open }], rule).get("db")).toEqual({
      votes: 2,
      instances: 2,
      openForMs: 10_000,
    });
    expect(tally([fresh, { instance: "b", at: 39_000, open }], rule).size).toBe(0);
    const over = [{ name: "db", nextRetryAt: 49_000 }];
    expect(tally([fresh, { instance: "b", at: 45_000, open: over }], rule).size).toBe(0);
    // The same instance twice is one, and its last word counts.
    expect(tally([fresh, { ...fresh, at: 46_000 }], rule).size).toBe(0);
  });

  it("a board that is away changes nothing, and is told once (Q5)", async () => {
    const { tools, board, fail, phases, told } = instances(2);
    board.isAway = true;
    fail(0);
    await tools.advance(20_000);
    expect(phases()).toEqual(["open", "closed"]);
    expect(told).toHaveLength(2);
    board.isAway = false;
    await tools.advance(5000);
    expect(told.slice(2)).toEqual(Array(2).fill("votes of other instances arrive again"));
  });
});

const vote = fc.record({
  instance: fc.constantFrom("a", "b", "c", "d"),
  at: fc.integer({ min: 0, max: 30_000 }),
  open: fc.array(
    fc.record({
      name: fc.constantFrom("x", "y"),
      nextRetryAt: fc.integer({ min: 0, max: 60_000 }),
    }),
    { maxLength: 4 },
  ),
});

describe("counting votes", () => {
  it("never needs fewer instances than the rule says, whatever is on the board", () => {
    fc.assert(
      fc.property(
        fc.array(vote, { maxLength: 20 }),
        fc.integer({ min: 1, max: 4 }),
        (votes, needed) => {
          const nowMs = 20_000;
          for (const [name, verdict] of tally(votes, { needed, nowMs, staleMs: 10_000 })) {
            const voters = new Set(
              votes
                .filter(({ at }) => Math.abs(nowMs - at) <= 10_000)
                .filter(({ open }) => open.some((e) => e.name === name && e.nextRetryAt > nowMs))
                .map(({ instance }) => instance),
            );
            expect(verdict.votes).toBeGreaterThanOrEqual(needed);
            expect(voters.size).toBeGreaterThanOrEqual(verdict.votes);
            expect(verdict.openForMs).toBeGreaterThan(0);
          }
        },
      ),
    );
  });
});
