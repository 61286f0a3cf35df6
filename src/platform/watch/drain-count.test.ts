import { describe, expect, it } from "vitest";
import { DrainCount } from "./drain-count.ts";

function goOf(count: DrainCount, events: number): number {
  let suspicions = 0;
  for (let event = 0; event < events; event += 1) if (count.add()) suspicions += 1;
  count.emptied();
  return suspicions;
}

describe("the count of events (D1)", () => {
  it("suspects no go that is far from a full queue, however many there are", () => {
    const count = new DrainCount(16_384);
    for (let go = 0; go < 100; go += 1) expect(goOf(count, 8191)).toBe(0);
  });

  it("suspects a go that is not, once", () => {
    const count = new DrainCount(16_384);
    expect(goOf(count, 8192)).toBe(1);
    expect(goOf(count, 100_000)).toBe(1);
  });

  it("does with the smallest of queues", () => {
    expect(goOf(new DrainCount(1), 1)).toBe(1);
  });
});
