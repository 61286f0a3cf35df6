/** What a figure is: something that runs for real, and rows that say what must be reached. */
import type { Spread } from "./spread.ts";

export interface Row {
  readonly what: string;
  readonly mustReach: string;
  /** What was measured, in words, with n where there are trials. */
  readonly measured: string;
  /** Absent for what is only told beside, such as a peer. */
  readonly reached?: boolean;
  /** The numbers behind the words. */
  readonly spread?: Spread;
}

export interface Bench {
  /** Fewer trials and shorter windows: to see that it works, not to compare. */
  readonly quick: boolean;
  /** Of this figure alone; removed after it. */
  readonly folder: string;
  /** Whatever is started registers here how it ends, at once. */
  readonly teardown: AsyncDisposableStack;
  progress(text: string): void;
}

export interface Figure {
  readonly name: string;
  readonly title: string;
  run(bench: Bench): Promise<readonly Row[]>;
}
