/** What is wrong with a location, as a value. */
import type { FileKind } from "../location.ts";

export const problems = {
  /** It is there, and is not what was written. */
  damaged: { isDamage: true },
  /** It is not there, and something names it or nothing works without it. */
  missing: { isDamage: true },
  /**
   * A snapshot that refers to what no index of the location names, or to a tree nobody can read.
   */
  incomplete: { isDamage: true },
  /** Other locations hold it: the location lags, and what it holds is sound all the same. */
  behind: { isDamage: false },
  /** A pack that no index names: left over by a kill, or its index is lost. */
  unnamed: { isDamage: false },
} as const satisfies Record<string, { readonly isDamage: boolean }>;

export type Problem = keyof typeof problems;

export interface Finding {
  readonly location: string;
  readonly kind: Exclude<FileKind, "lock">;
  /** Of the file; empty for the config. */
  readonly id: string;
  readonly problem: Problem;
  readonly reason: string;
  /** Locations whose file of the same name is sound, as far as this look went. */
  readonly repairableFrom: readonly string[];
}

/** Whether `restic check` would call it an error as well. */
export function isDamage({ problem }: Pick<Finding, "problem">): boolean {
  return problems[problem].isDamage;
}
