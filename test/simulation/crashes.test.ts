/** One fault after the other, and the daemon killed at each step of what it does about them. */
import { describe, expect, it } from "vitest";
import { crashSteps } from "./crash-steps.ts";
import type { FaultName } from "./faults.ts";
import { run } from "./run.ts";

/** What is answered by many steps: successor and predecessor, a hook and its undo, other specs. */
const faults: readonly FaultName[] = ["stall", "fail", "config"];
const passes = [0, 1, 2, 3, 4, 5];

describe("a daemon that is killed while it heals", () => {
  it.each(crashSteps.filter((step) => step !== "reborn"))(
    "when what it does is %s loses nothing, and does no harm",
    async (step) => {
      let struck = 0;
      for (const times of passes) {
        const crash = { step, passes: times };
        const shape = {
          hours: 0.15,
          faultsPerHour: 0,
          services: 2,
          resources: 2,
          quietMs: 360_000,
        };
        const { broken, crashes } = await run({ ...shape, seed: 1, isWhole: true, faults, crash });
        expect(broken.map((each) => `${step} after ${times}: ${each}`)).toEqual([]);
        struck += crashes[step] ?? 0;
      }
      expect(struck).toBeGreaterThan(passes.length);
    },
  );
});
