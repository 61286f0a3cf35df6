/**
 * Which files a drill restores: all of them when they are few, else all that is critical and a
 * random sample of the rest.
 *
 * D1. No more bytes and files than the budget allows, whatever the vault holds.
 * D2. What is critical comes first: the sample is taken of what it leaves of the budget. When the
 *     critical files alone are too many, they are sampled as well.
 */
export interface DrillBudget {
  readonly sizeBytes: number;
  readonly files: number;
}

export const defaultDrillBudget: DrillBudget = { sizeBytes: 1 << 30, files: 50_000 };

export interface FileSums {
  files: number;
  sizeBytes: number;
}

export interface SnapshotSums {
  readonly critical: FileSums;
  readonly rest: FileSums;
}

export function emptySums(): SnapshotSums {
  return { critical: { files: 0, sizeBytes: 0 }, rest: { files: 0, sizeBytes: 0 } };
}

export function addTo(sums: FileSums, sizeBytes: number): void {
  sums.files += 1;
  sums.sizeBytes += sizeBytes;
}

export interface FilePicker {
  readonly scope: "whole" | "part";
  /** Of what it will pick, at the most. */
  readonly expected: Readonly<FileSums>;
  picks(file: { readonly sizeBytes: number; readonly isCritical: boolean }): boolean;
}

/** @param chance as `Math.random`; asked once for each file of a sample */
export function createFilePicker(
  { critical, rest }: SnapshotSums,
  budget: DrillBudget,
  chance: () => number,
): FilePicker {
  const files = critical.files + rest.files;
  const sizeBytes = critical.sizeBytes + rest.sizeBytes;
  if (files <= budget.files && sizeBytes <= budget.sizeBytes) {
    return { scope: "whole", expected: { files, sizeBytes }, picks: () => true };
  }
  const ofCritical = sampler(critical, budget, chance);
  const ofRest = sampler(
    rest,
    {
      files: Math.max(0, budget.files - critical.files),
      sizeBytes: Math.max(0, budget.sizeBytes - critical.sizeBytes),
    },
    chance,
  );
  return {
    scope: "part",
    expected: {
      files: Math.min(files, budget.files),
      sizeBytes: Math.min(sizeBytes, budget.sizeBytes),
    },
    picks: (file) => (file.isCritical ? ofCritical : ofRest)(file.sizeBytes),
  };
}

function sampler(
  { files, sizeBytes }: FileSums,
  budget: DrillBudget,
  chance: () => number,
): (sizeBytes: number) => boolean {
  const share = Math.min(ratio(budget.files, files), ratio(budget.sizeBytes, sizeBytes));
  const left = { ...budget };
  return (fileBytes) => {
    if (left.files < 1 || left.sizeBytes < fileBytes) return false;
    if (share < 1 && chance() >= share) return false;
    left.files -= 1;
    left.sizeBytes -= fileBytes;
    return true;
  };
}

function ratio(allowed: number, wanted: number): number {
  return wanted === 0 ? 1 : allowed / wanted;
}
