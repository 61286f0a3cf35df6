import { clockStepMs, coarseStepMs } from "../clock-step.ts";

/** The figures of the rules. */
export interface HealLimits {
  readonly quietMs: number;
  /**
   * How long to wait for quiet: where something changes all the time, a loss is one all the same.
   */
  readonly restlessMs: number;
  /** How long git may be at work before its lock counts as left behind. */
  readonly busyMs: number;
  /** How long an emptied file may be held open before somebody is asked. */
  readonly openMs: number;
  /** How long to wait for an index that names what was saved, before somebody is asked. */
  readonly unreadMs: number;
  /** After so many heals of one path within `fightMs` somebody else wants it otherwise. */
  readonly fights: number;
  readonly fightMs: number;
  /** What happens to so many protected files, and to this share of them, happens to all. */
  readonly massFiles: number;
  readonly massShare: number;
  /** A name that looks temporary is so when the vault held it no longer. */
  readonly shortLivedMs: number;
  /**
   * The coarsest steps of a file system's clock (`hasCoarseTimes`): content that was read within a
   * step of the last change proves nothing.
   */
  readonly tickMs: number;
  readonly coarseTickMs: number;
}

export const defaultHealLimits: HealLimits = {
  quietMs: 2000,
  restlessMs: 30_000,
  busyMs: 60_000,
  openMs: 600_000,
  unreadMs: 60_000,
  fights: 3,
  fightMs: 600_000,
  massFiles: 20,
  massShare: 0.5,
  shortLivedMs: 60_000,
  tickMs: clockStepMs,
  coarseTickMs: coarseStepMs,
};
