/** What one operation looks at to find what looked like success and was not. */
import { HangJudge, type HotHistogram, ResultShape } from "../../statistics/index.ts";
import type { SilentError } from "../events.ts";
import type { InFlight } from "./call.ts";

/** Hanging calls need no quicker look: they are told in seconds, not in milliseconds. */
const lookEveryMs = 1000;
/** Results that may be looked at closely in each of these seconds. */
const closeLooks = 16;

type Found = Omit<SilentError, "operation">;

export interface FlightLook {
  readonly nowMs: number;
  readonly inFlight: InFlight;
  /** Those whose time is over and which are at work still: all of them older. */
  readonly late: InFlight;
  readonly latencies: HotHistogram;
  /** Time since the last look that the process did not get. */
  readonly lateMs: number;
}

export class SilentLooks {
  /** Asked on every call: `look` and, where it says so, `explain`. */
  readonly shape: ResultShape = new ResultShape();
  readonly #hang = new HangJudge();
  #lookedMs = 0;
  #lateMs = 0;

  explain(value: unknown): Found | undefined {
    const found = this.shape.explain(value);
    if (found === undefined) return undefined;
    const { sign, reason, evidence } = found;
    return { type: "suspicious_result", reason, evidence: { sign, ...evidence } };
  }

  hanging({ nowMs, inFlight, late, latencies, lateMs }: FlightLook): Found | undefined {
    this.#lateMs += lateMs;
    if (nowMs - this.#lookedMs < lookEveryMs) return undefined;
    this.#lookedMs = nowMs;
    this.shape.refill(closeLooks);
    if (inFlight.size + late.size === 0) this.#lateMs = 0;
    const beganMs = beganIn(late, inFlight);
    const look = { nowMs, beganMs, latencies, lateMs: this.#lateMs };
    const found = this.#hang.look(look);
    return found && { type: "hanging_call", reason: found.reason, evidence: { ...found.evidence } };
  }
}

function* beganIn(...lists: readonly InFlight[]): Iterable<number> {
  for (const list of lists) yield* list.beganMs();
}
