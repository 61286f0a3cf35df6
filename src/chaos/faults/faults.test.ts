/** What must hold for the list as a whole. */
import { expect, test } from "vitest";
import { faults } from "./index.ts";

test("every fault has an id of its own and says what is expected", () => {
  const ids = faults.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const { id, control, diagnosis, healedBy, lastsMs } of faults) {
    if (!control) continue;
    expect({ id, diagnosis, healedBy }).toEqual({ id, diagnosis: [], healedBy: [] });
    expect(lastsMs ?? 0).toBeGreaterThan(0);
  }
});
