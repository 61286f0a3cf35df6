/** For the tests of this folder: what a detector says when it is shown one reading a second. */
import type { Reading } from "../../model/index.ts";
import { type Detector, listOf, type Opinion } from "../detector.ts";

export function opinions<State>(
  detector: Detector<State>,
  sensor: string,
  readings: readonly Reading[],
): (Opinion | undefined)[] {
  const state = detector.initial();
  return readings.map((reading, index) => {
    const nowMs = index * 1000;
    const seen = { resource: "instance/a.1", sensor, at: nowMs, begunMs: nowMs, reading } as const;
    return listOf(detector.judge(state, seen, { wallMs: nowMs, monotonicMs: nowMs }))[0];
  });
}
