import fc from "fast-check";
import { expect, test } from "vitest";
import { planReading } from "./reading-plan.ts";

const pack = fc.record({ id: fc.stringMatching(/^[0-9a-f]{4}$/), sizeBytes: fc.nat(1000) });

test("G1: every pack once, and no more than a pack beyond its share", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(pack, { minLength: 1, maxLength: 40, selector: ({ id }) => id }),
      fc.double({ min: 0.05, max: 1, noNaN: true }),
      (packs, share) => {
        const read: string[] = [];
        const whole = packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        let from = "";
        do {
          const plan = planReading({ packs, share, from });
          read.push(...plan.packs);
          expect(plan.sizeBytes).toBeLessThanOrEqual(whole * share + 1000);
          from = plan.next;
        } while (from !== "" && read.length <= packs.length);
        expect(read.toSorted()).toEqual(packs.map(({ id }) => id).toSorted());
      },
    ),
  );
});
