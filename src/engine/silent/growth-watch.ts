/**
 * Tells what grows until it is exhausted: the heap and the whole memory of the process, open
 * descriptors by kind, and what keeps the event loop busy (timers, requests).
 *
 * 1. A heap is said to grow only where most of what came is still there after a full collection:
 *    the teeth of a collector's sawtooth are no leak, however high they are.
 * 2. Looks are rare and cheap; kinds of descriptors are looked up only where there are many.
 */
import { totalmem } from "node:os";
import type { PerformanceObserver } from "node:perf_hooks";
import { formatBytes, formatDuration } from "../../kernel/index.ts";
import { type Growth, GrowthJudge } from "../../statistics/index.ts";
import { realMonotonicMs } from "../../system/index.ts";
import type { SilentError } from "../events.ts";
import {
  countDescriptors,
  type DescriptorKind,
  descriptorLimit,
  descriptorsByKind,
} from "./descriptors.ts";
import { type Tell, wholeProcess } from "./tell.ts";

const everyMs = 10_000;
/** Fewer are nobody's problem, and their kinds are not looked up. */
const descriptorsMin = 128;
/**
 * Far below what the system allows where it allows a million: a service with so many open files
 * and more every minute does not close them.
 */
const limitsByKind: Readonly<Record<DescriptorKind, number>> = {
  file: 2048,
  pipe: 2048,
  socket: 65_536,
  other: 16_384,
};
const handlesLimit = 100_000;

/** Until the returned function is called. Keeps no process alive. */
export function watchGrowth(tell: Tell, intervalMs: number = everyMs): () => void {
  const watches = [watchMemory(tell), watchDescriptors(tell), watchHandles(tell)];
  const timer = setInterval(() => {
    for (const each of watches) each.look(realMonotonicMs());
  }, intervalMs).unref();
  return () => {
    clearInterval(timer);
    for (const each of watches) each.stop?.();
  };
}

const heapGrowth: Finding = { type: "heap_growth", what: "the heap", details: { of: "heap" } };
const memoryGrowth: Finding = {
  type: "heap_growth",
  what: "the memory of the process",
  details: { of: "memory" },
};

interface Watch {
  readonly look: (atMs: number) => void;
  readonly stop?: () => void;
}

const collectionsMin = 3;
/** V8 counts room for young objects into its limit; old ones never get it. */
const youngBytes = 192 * 1024 * 1024;

function watchMemory(tell: Tell): Watch {
  const { getHeapStatistics } = process.getBuiltinModule("node:v8");
  const heap = new GrowthJudge();
  const whole = new GrowthJudge();
  const floor = new HeapFloor();
  return {
    look(atMs) {
      const { used_heap_size: value, heap_size_limit: all } = getHeapStatistics();
      const limit = all - Math.min(youngBytes, all / 2);
      const grown = heap.add({ atMs, value, limit, isKept: floor.holds(value) });
      if (grown) tell(told(grown, heapGrowth));
      const memory = { atMs, value: process.memoryUsage.rss(), limit: memoryLimit() };
      const fuller = whole.add(memory);
      if (fuller) tell(told(fuller, memoryGrowth));
    },
    stop: () => floor.stop(),
  };
}

/** What full collections have left: the heap without its garbage. */
class HeapFloor {
  #lowest = Number.POSITIVE_INFINITY;
  #newest = 0;
  #collections = 0;
  readonly #observer: PerformanceObserver;

  constructor() {
    const { constants, PerformanceObserver } = process.getBuiltinModule("node:perf_hooks");
    const { getHeapStatistics } = process.getBuiltinModule("node:v8");
    this.#observer = new PerformanceObserver((list) => {
      const isFull = list.getEntries().some((entry) => {
        const { kind } = (entry as { detail?: { kind?: number } }).detail ?? {};
        return kind === constants.NODE_PERFORMANCE_GC_MAJOR;
      });
      if (!isFull) return;
      this.#newest = getHeapStatistics().used_heap_size;
      this.#lowest = Math.min(this.#lowest, this.#newest);
      this.#collections += 1;
    });
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  /** Most of what came above the lowest floor was still there after the last collection. */
  holds(usedBytes: number): boolean {
    if (this.#collections < collectionsMin) return false;
    return this.#newest - this.#lowest > (usedBytes - this.#lowest) / 2;
  }

  stop(): void {
    this.#observer.disconnect();
  }
}

function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

function watchDescriptors(tell: Tell): Watch {
  const judges = new Map<DescriptorKind, GrowthJudge>();
  const systemLimit = descriptorLimit();
  const look = (atMs: number): void => {
    if ((countDescriptors() ?? 0) < descriptorsMin) return;
    const found = descriptorsByKind();
    if (found === undefined) return;
    for (const kind of Object.keys(limitsByKind) as DescriptorKind[]) {
      const judge = judges.get(kind) ?? new GrowthJudge();
      judges.set(kind, judge);
      const limit = Math.min(systemLimit, limitsByKind[kind]);
      const grown = judge.add({ atMs, value: found.counts[kind], limit });
      if (grown === undefined) continue;
      const folder = kind === "file" && found.folder !== undefined ? { folder: found.folder } : {};
      const details = { of: kind, ...found.counts, ...folder };
      const what = `the number of open descriptors (${kind})`;
      tell(told(grown, { type: "descriptor_growth", what, details }));
    }
  };
  return { look };
}

function watchHandles(tell: Tell): Watch {
  const judge = new GrowthJudge();
  const look = (atMs: number): void => {
    const handles = process.getActiveResourcesInfo();
    const grown = judge.add({ atMs, value: handles.length, limit: handlesLimit });
    if (grown === undefined) return;
    const counts: Record<string, number> = {};
    for (const kind of handles) counts[kind] = (counts[kind] ?? 0) + 1;
    const what = "the number of timers, requests and handles";
    tell(told(grown, { type: "handle_growth", what, details: { counts } }));
  };
  return { look };
}

interface Finding {
  readonly type: SilentError["type"];
  readonly what: string;
  readonly details: Readonly<Record<string, unknown>>;
}

function told({ value, limit, leftMs }: Growth, { type, what, details }: Finding): SilentError {
  const show = type === "heap_growth" ? formatBytes : (count: number): string => String(count);
  const end = leftMs === 0 ? "and is there" : `and gets there in ${formatDuration(leftMs)}`;
  return {
    operation: wholeProcess,
    type,
    reason: `${what} grows: ${show(value)} on the way to ${show(limit)}, ${end} at this rate`,
    evidence: { value, limit, leftMs: Math.round(leftMs), ...details },
  };
}
