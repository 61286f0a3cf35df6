/**
 * The machine itself. Kind `host`: one look reads everything, without starting a program, in a
 * fraction of a millisecond.
 *
 * H1. Rates (processor, network, clock) need two looks of one key; the first has none of them.
 * H2. A declared threshold that is passed makes the check not ok, and one on stalls where the
 *     kernel tells of none; without thresholds only a disk that does not answer does.
 * H3. `disk.used` and `disk.inodes` are of the fullest file system; with several paths each has
 *     its own series besides, `disk.used:/var`.
 *     The limit of a series is what the machine has, whatever threshold is declared: a threshold
 *     is for people, and nothing runs out at it.
 * H4. `clock.step` is by how much the wall clock was set, against the monotonic one, between two
 *     looks; milliseconds, with its sign.
 */
import { type Clock, formatBytes } from "../../kernel/index.ts";
import type { Reading, Sample, Sensor } from "../../model/index.ts";
import { badCheck, goodCheck } from "../check-reading.ts";
import { OpenLooks } from "../open-looks.ts";
import { sensorParameters } from "../sensor-parameters.ts";
import { type DiskFigures, readDisks } from "./disks.ts";
import { type KernelFigures, readKernelFigures } from "./kernel-figures.ts";
import { hostParameters } from "./parameters.ts";
import { changeSamples, diskSamples, type Look, stateSamples } from "./samples.ts";
import { diskTrouble, pressureTrouble, thresholdTrouble } from "./troubles.ts";

export interface HostSensorOptions {
  readonly clock: Clock;
  /** Where the kernel shows its figures; default /proc. */
  readonly procRoot?: string;
}

const parametersOf = sensorParameters("host", hostParameters);

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
        ...stateSamples(look.figures),
        ...diskSamples(full),
        ...(last ? changeSamples(last, look, given) : []),
      ];
      const trouble =
        diskTrouble(full) ??
        thresholdTrouble(samples, given.thresholds) ??
        pressureTrouble(samples, given.thresholds);
      const check = trouble
        ? badCheck(elapsedMs, trouble)
        : goodCheck(elapsedMs, sentence(samples, look.figures, full));
      return [check, { kind: "samples", samples }];
    },
    forget: (key) => void before.delete(key),
  };
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
