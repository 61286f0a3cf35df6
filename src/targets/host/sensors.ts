/**
 * The machine itself. Kind `host`: one look reads everything, without starting a program, in a
 * fraction of a millisecond.
 *
 * H1. Rates (processor, network, clock) need two looks of one key; the first has none of them.
 * H2. A declared threshold that is passed makes the check not ok; without thresholds only a disk
 *     that does not answer does.
 * H3. `disk.used` and `disk.inodes` are of the fullest file system; with several paths each has
 *     its own series besides, `disk.used:/var`.
 * H4. `clock.step` is by how much the wall clock was set, against the monotonic one, between two
 *     looks; milliseconds, with its sign.
 */
import { z } from "zod";
import { type Clock, formatBytes, type Instant } from "../../kernel/index.ts";
import type { Reading, Sample, Sensor, Unit } from "../../model/index.ts";
import { badCheck, goodCheck, type Trouble } from "../check-reading.ts";
import { OpenLooks } from "../open-looks.ts";
import { sensorParameters } from "../sensor-parameters.ts";
import { type DiskFigures, readDisks } from "./disks.ts";
import { type InterfaceCounters, type KernelFigures, readKernelFigures } from "./kernel-figures.ts";

const limitSchema = z.number().nonnegative().optional();

const thresholdsSchema = z.object({
  cpu: limitSchema,
  memory: limitSchema,
  disk: limitSchema,
  inodes: limitSchema,
  /** Per processor. */
  load: limitSchema,
});

const schema = z.object({
  disks: z.array(z.string()).default(["/"]),
  interfaces: z.array(z.string()).optional(),
  /** Shares from 0 to 1. */
  thresholds: thresholdsSchema.prefault({}),
});

type Parameters = z.infer<typeof schema>;
type Thresholds = z.infer<typeof thresholdsSchema>;

interface Look {
  readonly at: Instant;
  readonly figures: KernelFigures;
}

export interface HostSensorOptions {
  readonly clock: Clock;
  /** Where the kernel shows its figures; default /proc. */
  readonly procRoot?: string;
}

const parametersOf = sensorParameters("host", schema);
const interfacesMax = 16;

export function createHostSensor({ clock, procRoot = "/proc" }: HostSensorOptions): Sensor {
  const openLooks = new OpenLooks();
  const before = new Map<string, Look>();
  return {
    kind: "host",
    async read({ spec }, signal): Promise<readonly Reading[]> {
      const given = parametersOf(spec.parameters);
      const at = clock.now();
      const look: Look = { at, figures: readKernelFigures(procRoot) };
      const last = before.get(spec.key);
      before.set(spec.key, look);
      const full = await readDisks(given.disks, openLooks, signal);
      const elapsedMs = clock.now().monotonicMs - at.monotonicMs;
      const samples = [
        ...stateSamples(look.figures, given.thresholds),
        ...diskSamples(full, given.thresholds),
        ...(last ? changeSamples(last, look, given) : []),
      ];
      const trouble = diskTrouble(full) ?? thresholdTrouble(samples, given.thresholds);
      const check = trouble
        ? badCheck(elapsedMs, trouble)
        : goodCheck(elapsedMs, sentence(samples, look.figures, full));
      return [check, { kind: "samples", samples }];
    },
    forget: (key) => void before.delete(key),
  };
}

function sample(series: string, value: number, unit: Unit, limit?: number): Sample {
  return limit === undefined ? { series, value, unit } : { series, value, unit, limit };
}

function stateSamples(figures: KernelFigures, thresholds: Thresholds): readonly Sample[] {
  const { memory, swap, load, processors, descriptors, pressure } = figures;
  const samples: Sample[] = [];
  if (memory) {
    const used = 1 - memory.availableBytes / memory.totalBytes;
    samples.push(sample("memory.used", used, "ratio", thresholds.memory ?? 1));
    samples.push(sample("memory.available", memory.availableBytes, "bytes"));
  }
  if (swap) samples.push(sample("swap.used", 1 - swap.freeBytes / swap.totalBytes, "ratio"));
  if (load !== undefined) {
    samples.push(sample("load.1m", load, "count"));
    samples.push(sample("load.processor", load / processors, "ratio", thresholds.load));
  }
  if (descriptors) {
    // Without a limit the kernel says the largest number that it has.
    const limit = Number.isSafeInteger(descriptors.max) ? descriptors.max : undefined;
    samples.push(sample("descriptors.allocated", descriptors.allocated, "count", limit));
  }
  for (const [what, percent] of Object.entries(pressure)) {
    samples.push(sample(`pressure.${what}`, percent, "percent"));
  }
  return samples;
}

/** Keeps H3. */
function diskSamples(disks: readonly DiskFigures[], thresholds: Thresholds): readonly Sample[] {
  const known = disks.filter((disk) => disk.kind === "disk");
  if (known.length === 0) return [];
  const samples: Sample[] = [];
  const add = (series: string, values: readonly (number | undefined)[], limit: number): void => {
    const numbers = values.filter((value) => value !== undefined);
    if (numbers.length === 0) return;
    samples.push(sample(series, Math.max(...numbers), "ratio", limit));
    if (known.length < 2) return;
    for (const [place, value] of values.entries()) {
      if (value !== undefined) {
        samples.push(sample(`${series}:${known[place]?.path}`, value, "ratio", limit));
      }
    }
  };
  add(
    "disk.used",
    known.map((disk) => disk.usedRatio),
    thresholds.disk ?? 1,
  );
  add(
    "disk.inodes",
    known.map((disk) => disk.inodesRatio),
    thresholds.inodes ?? 1,
  );
  const free = (disk: { readonly path: string }): string =>
    known.length < 2 ? "disk.free" : `disk.free:${disk.path}`;
  for (const disk of known) samples.push(sample(free(disk), disk.freeBytes, "bytes"));
  return samples;
}

function changeSamples(last: Look, look: Look, given: Parameters): readonly Sample[] {
  const elapsedMs = look.at.monotonicMs - last.at.monotonicMs;
  if (elapsedMs <= 0) return [];
  const stepMs = look.at.wallMs - last.at.wallMs - elapsedMs;
  return [
    sample("clock.step", stepMs, "ms"),
    ...cpuSamples(last.figures, look.figures, given.thresholds),
    ...networkSamples(last.figures, look.figures, { elapsedMs, wanted: given.interfaces }),
  ];
}

function cpuSamples(
  { cpu: last }: KernelFigures,
  { cpu }: KernelFigures,
  { cpu: limit }: Thresholds,
): readonly Sample[] {
  const ticks = cpu && last ? cpu.total - last.total : 0;
  if (!cpu || !last || ticks <= 0) return [];
  const percent = (now: number, then: number): number =>
    Math.min(100, Math.max(0, (100 * (now - then)) / ticks));
  const idle = percent(cpu.idle + cpu.waiting, last.idle + last.waiting);
  return [
    sample("cpu.percent", 100 - idle, "percent", limit === undefined ? undefined : limit * 100),
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
      return [
        sample(`network.received:${now.name}`, bytes, "bytes"),
        sample(`network.sent:${now.name}`, sent, "bytes"),
        sample(
          `network.errors:${now.name}`,
          grown((each) => each.errors),
          "count",
        ),
        sample(
          `network.drops:${now.name}`,
          grown((each) => each.drops),
          "count",
        ),
      ];
    });
}

function diskTrouble(disks: readonly DiskFigures[]): Trouble | undefined {
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
function thresholdTrouble(samples: readonly Sample[], thresholds: Thresholds): Trouble | undefined {
  for (const { series, value, unit, limit } of samples) {
    const name = watched[series.split(":", 1)[0] as keyof typeof watched] as
      | (typeof watched)[keyof typeof watched]
      | undefined;
    if (name === undefined || thresholds[name] === undefined || limit === undefined) continue;
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

function sentence(
  samples: readonly Sample[],
  { memory, load }: KernelFigures,
  disks: readonly DiskFigures[],
): string {
  const cpu = samples.find(({ series }) => series === "cpu.percent");
  return [
    ...(cpu ? [`processor ${cpu.value.toFixed(0)} %`] : []),
    ...(memory ? [`${formatBytes(memory.availableBytes)} of memory available`] : []),
    ...disks.flatMap((disk) =>
      disk.kind === "disk" ? [`${disk.path} ${(100 * disk.usedRatio).toFixed(0)} % full`] : [],
    ),
    ...(load === undefined ? [] : [`load ${load}`]),
  ].join(", ");
}
