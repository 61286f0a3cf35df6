/**
 * How much of the processor time that it may have the process has used since the last look. What
 * it may have: the processors that it can run on, or the quota of its control groups where that is
 * less.
 */

import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import {
  anyOption,
  callbackOption,
  checkOptions,
  numberOption,
  optionsOf,
} from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { controlGroupsOf } from "../../system/index.ts";
import { realTools } from "../real-tools.ts";
import type { HealthAnswer, HealthCheck } from "./check.ts";

export interface CpuReading {
  /** Processor time of the process since its start, in milliseconds. */
  readonly usedMs: number;
  /** Processors that it may keep busy: 0.5 is half of one. */
  readonly allowed: number;
}

export interface CpuCheckOptions {
  /** Shares of what is allowed: 0.8 and 0.95. */
  readonly degradedAbove?: number;
  readonly unhealthyAbove?: number;
  readonly read?: () => CpuReading;
  readonly tools?: Tools;
}

/** Shares of what is allowed. */
export interface ShareLimits {
  readonly degradedAbove: number;
  readonly unhealthyAbove: number;
}

/** A share of less than this is the noise of the last few calls. */
const intervalMinMs = 250;

const limit = numberOption({ min: 0, max: 1 });
const shape = optionsOf({
  degradedAbove: limit,
  unhealthyAbove: limit,
  read: callbackOption<() => CpuReading>(),
  tools: anyOption<Tools>(),
});

/**
 * Degraded above 80 %, unhealthy above 95 % of the processor time that the process was allowed
 * between two looks. Looks that follow within 250 ms repeat the answer. One busy thread on a
 * machine with many processors is little here: `eventLoopCheck` is what sees that.
 */
export function cpuCheck(given: CpuCheckOptions = {}): HealthCheck {
  const options = checkOptions("cpuCheck", given, shape);
  const { degradedAbove = 0.8, unhealthyAbove = 0.95 } = options;
  return cpuCheckBy(() => ({ degradedAbove, unhealthyAbove }), options);
}

/** As `cpuCheck`, with limits that are asked for at every look. */
export function cpuCheckBy(
  limits: () => ShareLimits,
  { read = readCpu, tools = realTools }: Pick<CpuCheckOptions, "read" | "tools">,
): HealthCheck {
  let atMs = tools.monotonicMs();
  let { usedMs } = read();
  let answer: HealthAnswer = { status: "healthy", message: "nothing is measured yet" };
  return () => {
    const nowMs = tools.monotonicMs();
    if (nowMs - atMs < intervalMinMs) return answer;
    const now = read();
    const share = (now.usedMs - usedMs) / ((nowMs - atMs) * now.allowed);
    const metadata = { usedShare: share, allowedProcessors: now.allowed, overMs: nowMs - atMs };
    const message =
      `${Math.round(share * 100)} % of the processor time that is allowed was used ` +
      `(${now.allowed} processors)`;
    answer = { status: statusOf(share), message, metadata };
    atMs = nowMs;
    usedMs = now.usedMs;
    return answer;
  };

  function statusOf(share: number): HealthAnswer["status"] {
    const { degradedAbove, unhealthyAbove } = limits();
    if (share > unhealthyAbove) return "unhealthy";
    return share > degradedAbove ? "degraded" : "healthy";
  }
}

export function readCpu(): CpuReading {
  const { user, system } = process.cpuUsage();
  return { usedMs: (user + system) / 1000, allowed: Math.min(availableParallelism(), quota()) };
}

/** The smallest quota of the own control group and of those above it; infinite without one. */
function quota(): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { version, controllers, path } of controlGroupsOf("self")) {
    if (version === 1 && !controllers.includes("cpu")) continue;
    for (let folder = path; folder.startsWith("/sys/fs/cgroup"); folder = dirname(folder)) {
      least = Math.min(least, version === 2 ? quotaOf2(folder) : quotaOf1(folder));
    }
  }
  return least;
}

function quotaOf2(folder: string): number {
  const [limit = "max", period = "100000"] = read(join(folder, "cpu.max")).split(" ");
  return share(Number(limit), Number(period));
}

function quotaOf1(folder: string): number {
  const limit = read(join(folder, "cpu.cfs_quota_us"));
  return share(Number(limit), Number(read(join(folder, "cpu.cfs_period_us"))));
}

/** `max`, -1 and no file at all mean that there is no limit. */
function share(limit: number, period: number): number {
  return limit > 0 && period > 0 ? limit / period : Number.POSITIVE_INFINITY;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    // No such interface on this machine.
    return "";
  }
}
