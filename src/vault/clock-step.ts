/**
 * How far the clock of a file system goes on at a time. Within one step a program may write, be
 * read, and write again, and nothing but the content tells.
 */
import type { SourceEntry } from "./tree-source.ts";

/** Of the kernel: ten milliseconds where it ticks a hundred times a second, the least there is. */
export const clockStepMs = 10;
/** Times in whole seconds are taken as those of FAT, which has two seconds. */
export const coarseStepMs = 2000;

type Times = Pick<SourceEntry, "mtimeNs" | "ctimeNs">;

export function hasCoarseTimes({ ctimeNs, mtimeNs }: Times): boolean {
  return mtimeNs % 1_000_000_000n === 0n && ctimeNs % 1_000_000_000n === 0n;
}

/**
 * Whether it may have changed once more unseen after a look that was no earlier than `lookedNs`. A
 * time after `nowNs` is that of another clock, and says nothing.
 */
export function mayHaveChanged(times: Times, lookedNs: bigint, nowNs: bigint): boolean {
  const stepMs = hasCoarseTimes(times) ? coarseStepMs : clockStepMs;
  return times.ctimeNs >= lookedNs - BigInt(stepMs) * 1_000_000n && times.ctimeNs <= nowNs;
}
