import type { Instant } from "../kernel/index.ts";
import { recallBaselines } from "../knowledge/index.ts";
import {
  frontProxy,
  hostClock,
  hostNetwork,
  hostPressure,
  type ResourceId,
} from "../model/index.ts";
import type { LoopInput } from "./loop.ts";
import type { LoopState } from "./loop-state.ts";

const machineWide: ReadonlySet<ResourceId> = new Set([
  frontProxy,
  hostClock,
  hostNetwork,
  hostPressure,
]);

/** Of what is still there: for whom the fleet has no place nothing is usual. */
export function recallUsual(state: LoopState, inputs: readonly LoopInput[], now: Instant): void {
  for (const input of inputs) {
    if (input.kind !== "usual") continue;
    const { isLast } = input;
    const sketches = input.sketches.filter(({ source }) => isThere(state, source as ResourceId));
    recallBaselines(state.baselines, { sketches, isLast }, now);
  }
}

function isThere({ fleet, plan }: LoopState, source: ResourceId): boolean {
  return plan.slots.has(source) || fleet.resources[source] !== undefined || machineWide.has(source);
}
