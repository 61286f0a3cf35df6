/**
 * Is this machine short of processor time, right now? Kind `pressure`: the share of the time since
 * the look before in which something waited for a processor, as the kernel counts it. Its own
 * averages lag by ten seconds, which is too late for a judgement that is made within one.
 *
 * Where the kernel does not count (before 4.20, or switched off), the load per processor stands in.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Clock } from "../../kernel/index.ts";
import type { Reading, Sample, Sensor } from "../../model/index.ts";
import { readKernelFile } from "./kernel-figures.ts";

export interface PressureSensorOptions {
  readonly clock: Clock;
  /** Where the kernel shows its figures; default /proc. */
  readonly procRoot?: string;
}

interface Count {
  readonly stalledMs: number;
  readonly atMs: number;
}

export function createPressureSensor({ clock, procRoot = "/proc" }: PressureSensorOptions): Sensor {
  const before = new Map<string, Count>();
  return {
    kind: "pressure",
    async read({ spec }): Promise<readonly Reading[]> {
      const stalledMs = stalledIn(join(procRoot, "pressure/cpu"));
      const atMs = clock.now().monotonicMs;
      if (stalledMs === undefined) return reading(loadSample(procRoot));
      const last = before.get(spec.key);
      before.set(spec.key, { stalledMs, atMs });
      if (last === undefined || atMs <= last.atMs) return [];
      const share = (stalledMs - last.stalledMs) / (atMs - last.atMs);
      const value = Math.min(100, Math.max(0, 100 * share));
      return reading({ series: "pressure.cpu", value, unit: "percent" });
    },
    forget: (key) => void before.delete(key),
  };
}

function reading(sample: Sample | undefined): readonly Reading[] {
  return sample === undefined ? [] : [{ kind: "samples", samples: [sample] }];
}

/** Undefined when this kernel does not count. */
function stalledIn(path: string): number | undefined {
  const text = readKernelFile(path);
  const microseconds = /^some .*total=(\d+)/m.exec(text)?.[1];
  return microseconds === undefined ? undefined : Number(microseconds) / 1000;
}

function loadSample(procRoot: string): Sample | undefined {
  const text = readKernelFile(join(procRoot, "loadavg"));
  const load = Number.parseFloat(text);
  if (Number.isNaN(load)) return undefined;
  return { series: "load.processor", value: load / availableParallelism(), unit: "ratio" };
}
