/**
 * How near the process is to the limit that would end it: that of its heap (an out-of-memory error
 * of V8) or that of its control group (the kernel's killer), whichever is nearer. Never the size
 * of the heap at the moment: a small heap that is nearly full only means that it will grow.
 *
 * What V8 calls its limit includes the room for young objects (192 MiB as a rule): a process that
 * is given 100 MiB ends at 100 and not at 292. So where somebody has set the limit, that
 * number is taken, and only what has grown old is counted against it.
 */
import { readFileSync } from "node:fs";
import { totalmem } from "node:os";
import { join } from "node:path";
import {
  callbackOption,
  checkOptions,
  formatBytes,
  numberOption,
  optionsOf,
} from "../../kernel/index.ts";
import { controlGroupsOf } from "../../system/index.ts";
import type { HealthAnswer, HealthCheck } from "./check.ts";
import type { ShareLimits } from "./cpu-check.ts";

export interface MemoryReading {
  /** Without what is young. */
  readonly heapUsedBytes: number;
  /** `--max-old-space-size`, the limit of a worker, or what V8 has chosen itself. */
  readonly heapLimitBytes: number;
  /** Of this process alone. */
  readonly residentBytes: number;
  /** Of everything in the control group but what the kernel can drop; undefined: not known. */
  readonly groupUsedBytes?: number;
  /** Undefined where the group has no limit. */
  readonly groupLimitBytes?: number;
  readonly machineBytes: number;
}

export interface MemoryCheckOptions {
  /** Shares of the limit: 0.75 and 0.9. */
  readonly degradedAbove?: number;
  readonly unhealthyAbove?: number;
  readonly read?: () => MemoryReading;
}

const share = numberOption({ min: 0, max: 1 });
const shape = optionsOf({
  degradedAbove: share,
  unhealthyAbove: share,
  read: callbackOption<() => MemoryReading>(),
});

/** Degraded above 75 %, unhealthy above 90 % of the memory that the process may really use. */
export function memoryCheck(given: MemoryCheckOptions = {}): HealthCheck {
  const options = checkOptions("memoryCheck", given, shape);
  const { degradedAbove = 0.75, unhealthyAbove = 0.9, read = readMemory } = options;
  return memoryCheckBy(() => ({ degradedAbove, unhealthyAbove }), read);
}

/** As `memoryCheck`, with limits that are asked for at every look. */
export function memoryCheckBy(
  limits: () => ShareLimits,
  read: () => MemoryReading = readMemory,
): HealthCheck {
  return (): HealthAnswer => {
    const { degradedAbove, unhealthyAbove } = limits();
    const reading = read();
    const { share, of, usedBytes, limitBytes } = nearest(reading);
    const metadata = { usedShare: share, of, usedBytes, limitBytes };
    const message =
      `${Math.round(share * 100)} % of ${of} is used: ` +
      `${formatBytes(usedBytes)} of ${formatBytes(limitBytes)}`;
    if (share > unhealthyAbove) return { status: "unhealthy", message, metadata };
    return { status: share > degradedAbove ? "degraded" : "healthy", message, metadata };
  };
}

interface Nearness {
  readonly share: number;
  readonly of: "the heap" | "the control group" | "the machine";
  readonly usedBytes: number;
  readonly limitBytes: number;
}

function nearest(reading: MemoryReading): Nearness {
  const { heapUsedBytes, heapLimitBytes, residentBytes, machineBytes } = reading;
  const heap = nearness("the heap", heapUsedBytes, heapLimitBytes);
  const { groupLimitBytes, groupUsedBytes = residentBytes } = reading;
  const outer =
    groupLimitBytes === undefined || groupLimitBytes >= machineBytes
      ? nearness("the machine", residentBytes, machineBytes)
      : nearness("the control group", Math.max(residentBytes, groupUsedBytes), groupLimitBytes);
  return heap.share > outer.share ? heap : outer;
}

function nearness(of: Nearness["of"], usedBytes: number, limitBytes: number): Nearness {
  return { of, usedBytes, limitBytes, share: limitBytes > 0 ? usedBytes / limitBytes : 0 };
}

export function readMemory(): MemoryReading {
  const heap = process.getBuiltinModule("node:v8").getHeapStatistics();
  const constrained = process.constrainedMemory();
  const machineBytes = totalmem();
  // Without a limit it is 0, or the largest number that there is.
  const isLimited = constrained > 0 && constrained < machineBytes;
  const groupUsedBytes = isLimited ? readGroupUse() : undefined;
  return {
    heapUsedBytes: heap.used_heap_size - youngBytes(),
    heapLimitBytes: Math.min(heap.heap_size_limit, oldSpaceLimitBytes()),
    residentBytes: process.memoryUsage.rss(),
    machineBytes,
    ...(isLimited ? { groupLimitBytes: constrained } : {}),
    ...(groupUsedBytes === undefined ? {} : { groupUsedBytes }),
  };
}

function youngBytes(): number {
  return process
    .getBuiltinModule("node:v8")
    .getHeapSpaceStatistics()
    .filter((space) => space.space_name.startsWith("new_"))
    .reduce((sum, space) => sum + space.space_used_size, 0);
}

/** Infinite where nobody has set it. The last of several flags holds, and the command line last. */
function oldSpaceLimitBytes(): number {
  const { maxOldGenerationSizeMb } = process.getBuiltinModule("node:worker_threads").resourceLimits;
  const flags = `${process.env["NODE_OPTIONS"] ?? ""} ${process.execArgv.join(" ")}`;
  const set = [...flags.matchAll(/--max[-_]old[-_]space[-_]size[= ](\d+)/g)].at(-1)?.[1];
  const mib = maxOldGenerationSizeMb ?? (set === undefined ? undefined : Number(set));
  return mib !== undefined && mib > 0 ? mib * 2 ** 20 : Number.POSITIVE_INFINITY;
}

/** Without the part of the page cache that the kernel drops before it kills anybody. */
function readGroupUse(): number | undefined {
  for (const { version, controllers, path } of controlGroupsOf("self")) {
    if (version === 1 && !controllers.includes("memory")) continue;
    const used = read(join(path, version === 2 ? "memory.current" : "memory.usage_in_bytes"));
    if (used === "") continue;
    const inactive = /^(?:total_)?inactive_file (\d+)$/m.exec(read(join(path, "memory.stat")));
    return Math.max(0, Number(used) - Number(inactive?.[1] ?? 0));
  }
  return undefined;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch {
    // No such interface on this machine.
    return "";
  }
}
