/** The figures of one look, and what changed since the look before, as series. */
import type { Instant } from "../../kernel/index.ts";
import type { Sample, Unit } from "../../model/index.ts";
import type { DiskFigures } from "./disks.ts";
import type { InterfaceCounters, KernelFigures } from "./kernel-figures.ts";
import type { HostParameters } from "./parameters.ts";

export interface Look {
  readonly at: Instant;
  readonly figures: KernelFigures;
}

const interfacesMax = 16;

function sample(series: string, value: number, unit: Unit): Sample {
  return { series, value, unit };
}

function limited(given: Sample, limit: number | undefined): Sample {
  return limit === undefined ? given : { ...given, limit };
}

export function stateSamples(figures: KernelFigures): readonly Sample[] {
  const { memory, swap, load, processors, descriptors, pressure } = figures;
  const samples: Sample[] = [];
  if (memory) {
    const used = 1 - memory.availableBytes / memory.totalBytes;
    samples.push(limited(sample("memory.used", used, "ratio"), 1));
    samples.push(sample("memory.available", memory.availableBytes, "bytes"));
  }
  if (swap) samples.push(sample("swap.used", 1 - swap.freeBytes / swap.totalBytes, "ratio"));
  if (load !== undefined) {
    samples.push(sample("load.1m", load, "count"));
    samples.push(sample("load.processor", load / processors, "ratio"));
  }
  if (descriptors) {
    // Without a limit the kernel says the largest number that it has.
    const limit = Number.isSafeInteger(descriptors.max) ? descriptors.max : undefined;
    samples.push(limited(sample("descriptors.allocated", descriptors.allocated, "count"), limit));
  }
  for (const [what, percent] of Object.entries(pressure)) {
    samples.push(sample(`pressure.${what}`, percent, "percent"));
  }
  return samples;
}

/** Of the fullest file system; of several each has its own series besides. */
export function diskSamples(disks: readonly DiskFigures[]): readonly Sample[] {
  const known = disks.filter((disk) => disk.kind === "disk");
  if (known.length === 0) return [];
  // One that is silent for a while does not give the others another name.
  const isOnly = disks.length < 2;
  const samples: Sample[] = [];
  const add = (series: string, values: readonly (number | undefined)[]): void => {
    const numbers = values.filter((value) => value !== undefined);
    if (numbers.length === 0) return;
    samples.push(limited(sample(series, Math.max(...numbers), "ratio"), 1));
    if (isOnly) return;
    for (const [place, value] of values.entries()) {
      if (value !== undefined) {
        samples.push(limited(sample(`${series}:${known[place]?.path}`, value, "ratio"), 1));
      }
    }
  };
  add(
    "disk.used",
    known.map((disk) => disk.usedRatio),
  );
  add(
    "disk.inodes",
    known.map((disk) => disk.inodesRatio),
  );
  const free = (disk: { readonly path: string }): string =>
    isOnly ? "disk.free" : `disk.free:${disk.path}`;
  for (const disk of known) samples.push(sample(free(disk), disk.freeBytes, "bytes"));
  return samples;
}

export function changeSamples(last: Look, look: Look, given: HostParameters): readonly Sample[] {
  const elapsedMs = look.at.monotonicMs - last.at.monotonicMs;
  if (elapsedMs <= 0) return [];
  const stepMs = look.at.wallMs - last.at.wallMs - elapsedMs;
  return [
    sample("clock.step", stepMs, "ms"),
    ...cpuSamples(last.figures, look.figures),
    ...networkSamples(last.figures, look.figures, { elapsedMs, wanted: given.interfaces }),
  ];
}

function cpuSamples({ cpu: last }: KernelFigures, { cpu }: KernelFigures): readonly Sample[] {
  const ticks = cpu && last ? cpu.total - last.total : 0;
  if (!cpu || !last || ticks <= 0) return [];
  const percent = (now: number, then: number): number =>
    Math.min(100, Math.max(0, (100 * (now - then)) / ticks));
  const idle = percent(cpu.idle + cpu.waiting, last.idle + last.waiting);
  return [
    sample("cpu.percent", 100 - idle, "percent"),
    sample("cpu.waiting", percent(cpu.waiting, last.waiting), "percent"),
    sample("cpu.stolen", percent(cpu.stolen, last.stolen), "percent"),
  ];
}

interface NetworkOptions {
  readonly elapsedMs: number;
  readonly wanted: readonly string[] | undefined;
}

function networkSamples(
  last: KernelFigures,
  { interfaces }: KernelFigures,
  { elapsedMs, wanted }: NetworkOptions,
): readonly Sample[] {
  const isWatched = ({ name }: InterfaceCounters): boolean =>
    wanted ? wanted.includes(name) : name !== "lo" && !name.startsWith("veth");
  return interfaces
    .filter(isWatched)
    .slice(0, interfacesMax)
    .flatMap((now) => {
      const then = last.interfaces.find(({ name }) => name === now.name);
      if (then === undefined) return [];
      // A counter that fell was set back with its interface.
      const grown = (of: (counters: InterfaceCounters) => number): number =>
        of(now) >= of(then) ? of(now) - of(then) : of(now);
      const perSecond = (count: number): number => (count * 1000) / elapsedMs;
      const bytes = perSecond(grown((each) => each.receivedBytes));
      const sent = perSecond(grown((each) => each.sentBytes));
      const errors = perSecond(grown((each) => each.errors));
      const drops = perSecond(grown((each) => each.drops));
      return [
        sample(`network.received:${now.name}`, bytes, "bytes"),
        sample(`network.sent:${now.name}`, sent, "bytes"),
        sample(`network.errors:${now.name}`, errors, "count"),
        sample(`network.drops:${now.name}`, drops, "count"),
      ];
    });
}
