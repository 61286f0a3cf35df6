import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Quorum } from "./quorum.ts";

it("agrees with a model that keeps every vote and counts the fresh ones anew", () => {
  const step = fc.record({
    afterMs: fc.nat(60),
    peer: fc.integer({ min: 0, max: 6 }),
    isOpen: fc.boolean(),
    isGone: fc.boolean(),
    isOwnOpen: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(step, { maxLength: 100 }),
      fc.integer({ min: 1, max: 5 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (steps, need, share) => {
        const quorum = new Quorum({ need, share, staleMs: 100 });
        const votes = new Map<number, { isOpen: boolean; atMs: number }>();
        let nowMs = 0;
        for (const { afterMs, peer, isOpen, isGone, isOwnOpen } of steps) {
          nowMs += afterMs;
          if (isGone) {
            quorum.forget(`${peer}`);
            votes.delete(peer);
          } else {
            quorum.vote(`${peer}`, isOpen, nowMs);
            votes.set(peer, { isOpen, atMs: nowMs });
          }
          const fresh = [...votes.values()].filter(({ atMs }) => nowMs - atMs < 100);
          const peersOpen = fresh.filter((vote) => vote.isOpen).length;
          const open = peersOpen + (isOwnOpen ? 1 : 0);
          const heard = fresh.length + 1;
          const isQuorum = peersOpen > 0 && open >= need && open >= share * heard - 1e-9;
          expect(quorum.isOpenByPeers(isOwnOpen, nowMs)).toBe(isQuorum);
          const verdict = quorum.verdict(isOwnOpen, nowMs);
          expect(verdict).toMatchObject({ isOpen: isOwnOpen || isQuorum, open, heard });
        }
      },
    ),
  );
});

describe("a quorum of 2 among 5", () => {
  const quorum = (): Quorum => {
    const made = new Quorum({ need: 2, share: 0, staleMs: 1000 });
    for (const peer of ["b", "c", "d", "e"]) made.vote(peer, false, 0);
    return made;
  };

  it("Q1: one sick instance keeps its own calls away, and nobody else's", () => {
    const healthy = quorum();
    healthy.vote("b", true, 1);
    expect(healthy.verdict(false, 2)).toMatchObject({ isOpen: false, open: 1, heard: 5 });
    expect(quorum().verdict(true, 2)).toMatchObject({ isOpen: true, open: 1 });
    healthy.vote("c", true, 3);
    expect(healthy.verdict(false, 4)).toEqual({
      isOpen: true,
      open: 2,
      heard: 5,
      reason: "2 of 5 instances say that it is open, 2 are needed",
    });
  });

  it("Q2: instances that are gone keep nothing open", () => {
    const made = quorum();
    made.vote("b", true, 1);
    made.vote("c", true, 500);
    expect(made.isOpenByPeers(false, 1000)).toBe(true);
    expect(made.isOpenByPeers(false, 1001)).toBe(false);
    expect(made.verdict(false, 5000)).toMatchObject({ heard: 1, open: 0 });
    const one = new Quorum({ need: 1, staleMs: 1000 });
    one.vote("b", true, 0);
    expect(one.isOpenByPeers(true, 1000)).toBe(false);
  });

  it("Q3: two healthy instances cannot keep each other open", () => {
    const [one, other] = [new Quorum({ need: 2 }), new Quorum({ need: 2 })];
    // Each sends what its own circuit says, after both have been open for a moment.
    one.vote("other", true, 0);
    other.vote("one", true, 0);
    expect(one.verdict(true, 1).isOpen && other.verdict(true, 1).isOpen).toBe(true);
    one.vote("other", false, 2);
    expect(one.verdict(false, 3).isOpen).toBe(false);
  });

  it("Q4: a flood of names pushes out the silent ones, and the count stays true", () => {
    const made = new Quorum({ need: 2, share: 0, maxPeers: 3 });
    made.vote("first", true, 0);
    for (let peer = 0; peer < 1000; peer += 1) made.vote(`p${peer}`, false, peer / 1000);
    expect(made.verdict(true, 1)).toMatchObject({ heard: 4, open: 1 });
  });
});
