/**
 * Which instances have ended without taking their vote away.
 *
 * Their times are by clocks of their own, any of which may be wrong, ours as well: so an old time
 * alone proves nothing. It has to stand still as long as we watch, too; who lives votes again.
 */
import type { Tools } from "../../resilience/index.ts";
import type { Vote } from "./quorum.ts";

export type BoardClocks = Pick<Tools, "monotonicMs" | "wallMs">;

/** Whoever was silent for so long has ended. */
const silentMs = 3_600_000;
/** ... if he says nothing new for so long under our eyes. */
const watchedMs = 300_000;

/** Returns what says, at each look, whose votes are to go. */
export function silentVotes(tools: BoardClocks): (votes: readonly Vote[]) => readonly Vote[] {
  let seen = new Map<string, { readonly at: number; readonly sinceMs: number }>();
  return (votes) => {
    const nowMs = tools.monotonicMs();
    const before = seen;
    seen = new Map();
    return votes.filter(({ instance, at }) => {
      const known = before.get(instance);
      const sinceMs = known?.at === at ? known.sinceMs : nowMs;
      seen.set(instance, { at, sinceMs });
      return Math.abs(tools.wallMs() - at) > silentMs && nowMs - sinceMs >= watchedMs;
    });
  };
}
