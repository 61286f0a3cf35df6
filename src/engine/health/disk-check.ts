/** How full the file system of a folder is: in bytes, and in files where it counts them. */
import { statfs } from "node:fs/promises";
import {
  checkArgument,
  checkOptions,
  formatBytes,
  numberOption,
  optionsOf,
  textOption,
} from "../../kernel/index.ts";
import type { HealthAnswer, HealthCheck } from "./check.ts";

export interface DiskCheckOptions {
  /** Shares that are used: 0.85 and 0.95. */
  readonly degradedAbove?: number;
  readonly unhealthyAbove?: number;
}

const share = numberOption({ min: 0, max: 1 });
const shape = optionsOf({ degradedAbove: share, unhealthyAbove: share });

/**
 * Degraded above 85 %, unhealthy above 95 % of the file system that holds `folder` (the working
 * directory by default). What only root may use counts as used. A folder that is not there is
 * unhealthy.
 */
export function diskCheck(folder = ".", options: DiskCheckOptions = {}): HealthCheck {
  checkArgument(["diskCheck", "folder"], folder, textOption({ max: 4096 }));
  const checked = checkOptions("diskCheck", options, shape);
  const { degradedAbove = 0.85, unhealthyAbove = 0.95 } = checked;
  return async (): Promise<HealthAnswer> => {
    const { bsize, blocks, bavail, files, ffree } = await statfs(folder);
    const ofBytes = blocks > 0 ? 1 - bavail / blocks : 0;
    const ofFiles = files > 0 ? 1 - ffree / files : 0;
    const share = Math.max(ofBytes, ofFiles);
    const metadata = { usedShare: share, freeBytes: bavail * bsize, freeFiles: ffree };
    const left =
      ofFiles > ofBytes ? `${ffree} more files fit` : `${formatBytes(bavail * bsize)} left`;
    const message = `the disk is ${Math.round(share * 100)} % full: ${left}`;
    if (share > unhealthyAbove) return { status: "unhealthy", message, metadata };
    return { status: share > degradedAbove ? "degraded" : "healthy", message, metadata };
  };
}
