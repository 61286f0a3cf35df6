/**
 * Where the daemon can be killed. Between two ticks is only one place: each decision goes through
 * the journal, to an effector, and back, and it may die on any of these ways.
 */
import { integerBetween, type Random } from "../../src/kernel/index.ts";

export const crashSteps = [
  /** It is decided, and the journal has not got it. */
  "unwritten",
  /** The journal has it, and what waited for that has not begun. */
  "written",
  /** The effector was called, and has not done anything yet. */
  "called",
  /** It is being done, and may come to its end or not. */
  "under_way",
  /** It is done, and nobody knows. */
  "unsaid",
  /** The loop was told, and the journal was not. */
  "unnoted",
  /** The next daemon has just begun, and written nothing yet. */
  "reborn",
] as const;

export type CrashStep = (typeof crashSteps)[number];

/** Or when it does nothing. */
export type CrashPlace = CrashStep | "between";

/** Waits for the daemon at one of these places. */
export class Reaper {
  #armed: { readonly step: CrashStep; passes: number } | undefined;

  /** Strikes there after it has been passed so many times. */
  arm(step: CrashStep, passes: number): void {
    this.#armed = { step, passes };
  }

  armAnywhere(random: Random): void {
    const step = crashSteps[integerBetween(random, 0, crashSteps.length - 1)];
    if (step) this.arm(step, step === "reborn" ? 0 : integerBetween(random, 0, 6));
  }

  /** True when the daemon that comes by here is to die now. */
  strikes(step: CrashStep): boolean {
    const armed = this.#armed;
    if (armed?.step !== step) return false;
    armed.passes -= 1;
    if (armed.passes >= 0) return false;
    this.#armed = undefined;
    return true;
  }
}
