import { describe, expect, it } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { silentVotes } from "./silent-votes.ts";

const hourMs = 3_600_000;

/** What is gone at each look, while `lives` say something new before each of them. */
async function looks(
  startAt: Readonly<Record<string, number>>,
  lives: readonly string[],
  times: number,
): Promise<readonly string[]> {
  const tools = new ManualTools();
  const goneOf = silentVotes(tools);
  const gone: string[] = [];
  for (let time = 0; time < times; time += 1) {
    const votes = Object.entries(startAt).map(([instance, offMs]) => {
      const at = tools.wallMs() + offMs;
      const stoodStill = at - tools.monotonicMs();
      return { instance, at: lives.includes(instance) ? at : stoodStill, open: [] };
    });
    gone.push(...goneOf(votes).map(({ instance }) => instance));
    await tools.advance(60_000);
  }
  return [...new Set(gone)];
}

describe("votes of instances that have ended", () => {
  it("go when they are an hour old and say nothing new while they are watched", async () => {
    expect(await looks({ live: 0, dead: 0 }, ["live"], 61)).toEqual([]);
    expect(await looks({ live: 0, dead: 0 }, ["live"], 63)).toEqual(["dead"]);
  });

  it("and one of them that lies far ahead takes nobody with it, but goes itself", async () => {
    expect(await looks({ live: 0, dead: 30 * hourMs }, ["live"], 20)).toEqual(["dead"]);
  });

  it("stay while they live, however wrong the clocks are, ours or theirs", async () => {
    const off = { behind: -9 * hourMs, ahead: 9 * hourMs };
    expect(await looks(off, ["behind", "ahead"], 200)).toEqual([]);
  });
});
