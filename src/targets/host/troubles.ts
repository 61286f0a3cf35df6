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
  "disk.used": "disk",
  "disk.inodes": "inodes",
  "load.processor": "load",
} as const;

/** The part before the colon says what it is, what follows of what. */
export function thresholdTrouble(
  samples: readonly Sample[],
  thresholds: Thresholds,
): Trouble | undefined {
  for (const { series, value, unit } of samples) {
    const name = watched[series.split(":", 1)[0] as keyof typeof watched] as
      | (typeof watched)[keyof typeof watched]
      | undefined;
    const share = name === undefined ? undefined : thresholds[name];
    if (share === undefined) continue;
    const limit = unit === "percent" ? share * 100 : share;
    if (value <= limit) continue;
    const shown = (figure: number): string =>
      unit === "percent" || name === "load"
        ? String(Number(figure.toFixed(2)))
        : `${(100 * figure).toFixed(1)} %`;
    const reason = `${series} is ${shown(value)}, above the declared ${shown(limit)}`;
    return { symptom: "threshold", reason };
  }
  return undefined;
}
