/** What is past a declared threshold, and what does not answer. */
import type { Sample } from "../../model/index.ts";
import type { Trouble } from "../check-reading.ts";
import type { DiskFigures } from "./disks.ts";
import type { Thresholds } from "./parameters.ts";

export function diskTrouble(disks: readonly DiskFigures[]): Trouble | undefined {
  for (const disk of disks) {
    if (disk.kind === "silent") {
      return { symptom: "timeout", reason: `the file system of ${disk.path} does not answer` };
    }
    if (disk.kind === "unreadable") {
      const symptom = disk.reason.startsWith("ENOENT") ? "missing" : "sensor";
      return { symptom, reason: `the file system of ${disk.path}: ${disk.reason}` };
    }
  }
  return undefined;
}

const watched = {
  "cpu.percent": "cpu",
  "memory.used": "memory",
  "swap.used": "swap",
  "disk.used": "disk",
  "disk.inodes": "inodes",
  "load.processor": "load",
  "descriptors.allocated": "descriptors",
  "pressure.cpu.some": "pressureCpu",
  "pressure.memory.some": "pressureMemory",
  "pressure.io.some": "pressureIo",
  "network.errors": "networkErrors",
  "network.drops": "networkDrops",
} as const;

/** The part before the colon says what it is, what follows of what. */
export function thresholdTrouble(
  samples: readonly Sample[],
  thresholds: Thresholds,
): Trouble | undefined {
  for (const sample of samples) {
    const { series, value, unit } = sample;
    const name = watched[series.split(":", 1)[0] as keyof typeof watched] as
      | (typeof watched)[keyof typeof watched]
      | undefined;
    const share = name === undefined ? undefined : thresholds[name];
    if (share === undefined) continue;
    const limit = share * wholeOf(sample);
    if (value <= limit) continue;
    const shown = (figure: number): string =>
      unit === "ratio" && name !== "load"
        ? `${(100 * figure).toFixed(1)} %`
        : String(Number(figure.toFixed(2)));
    const reason = `${series} is ${shown(value)}, above the declared ${shown(limit)}`;
    return { symptom: "threshold", reason };
  }
  return undefined;
}

/** What a threshold is a share of, in the unit of the series. */
function wholeOf({ series, unit, limit }: Sample): number {
  if (unit === "percent") return 100;
  // Where nothing bounds them, no share of it can be passed.
  if (series === "descriptors.allocated") return limit ?? Number.MAX_VALUE;
  return 1;
}

/** Stalls are told by kernels that were built and started for it. */
export function pressureTrouble(
  samples: readonly Sample[],
  thresholds: Thresholds,
): Trouble | undefined {
  for (const [series, name] of Object.entries(watched)) {
    if (!series.startsWith("pressure.") || thresholds[name] === undefined) continue;
    if (samples.some((each) => each.series === series)) continue;
    return { symptom: "sensor", reason: `this kernel does not tell ${series}` };
  }
  return undefined;
}
