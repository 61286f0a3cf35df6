/**
 * C1, a control: an export of 6,000 rows, half a minute of honest work. Not to be seen as stalled,
 * because its counter grows. The proof is that it gets done.
 */
import { integerBetween } from "../../kernel/index.ts";
import type { Fault } from "../fault.ts";
import { orderExport } from "../front-door.ts";
import { strike } from "../strike.ts";

export const slowExport: Fault = {
  id: "C1",
  title: "control: slow export",
  silent: true,
  control: true,
  strikes: "mobile-converter",
  diagnosis: [],
  healedBy: [],
  healWithinMs: 5_000,
  lastsMs: 32_000,
  async inject(scene) {
    const id = `drill-slow-${integerBetween(scene.random, 0, 1e9)}`;
    let isDone: (() => Promise<string | undefined>) | undefined;
    return strike(scene, {
      // An export cannot be called back, and need not be.
      undo: [],
      async land() {
        isDone = await orderExport(scene, { id, rows: 6_000, limitMs: 60_000 });
        return `export ${id} of 6000 rows`;
      },
      proof: async () => (isDone ? isDone() : "the export was not ordered"),
    });
  },
};
