/**
 * Is there a file, is it fresh, is it not empty? Kind `files`: a file, a folder (its files) or a
 * glob; the newest file counts. Where there are too many to look at each, a good one is good news,
 * and a bad one no news: the newest may be among the others.
 */
import { z } from "zod";
import { type Clock, formatBytes, formatDuration } from "../../kernel/index.ts";
import type { Reading, Sample, Sensor } from "../../model/index.ts";
import { badCheck, goodCheck, type Trouble } from "../check-reading.ts";
import { type Found, findFiles, type SeenFile } from "../find-files.ts";
import { OpenLooks } from "../open-looks.ts";
import { sensorParameters } from "../sensor-parameters.ts";

const schema = z.object({
  path: z.string().min(1),
  maxAgeMs: z.number().nonnegative().optional(),
  minBytes: z.number().nonnegative().optional(),
});

type Parameters = z.infer<typeof schema>;

export interface FilesSensorOptions {
  readonly clock: Clock;
  readonly filesMax?: number;
}

const parametersOf = sensorParameters("files", schema);

export function createFilesSensor({ clock, filesMax = 100_000 }: FilesSensorOptions): Sensor {
  const looks = new OpenLooks();
  return {
    kind: "files",
    async read({ spec }, signal): Promise<readonly Reading[]> {
      const given = parametersOf(spec.parameters);
      const { wallMs, monotonicMs } = clock.now();
      const options = { signal, filesMax, opensFolders: true };
      const found = await looks.run(spec.key, signal, () => findFiles(given.path, options));
      const elapsedMs = clock.now().monotonicMs - monotonicMs;
      if (found === undefined) {
        const reason = `${given.path}: the file system did not answer in time`;
        return [badCheck(elapsedMs, { symptom: "timeout", reason })];
      }
      if (!found.ok) throw new Error(found.error);
      const newest = newestOf(found.value.files);
      if (newest === undefined) return [badCheck(elapsedMs, missing(given, found.value))];
      const ageMs = Math.max(0, wallMs - newest.modifiedMs);
      const trouble = troubleOf(newest, ageMs, given);
      if (found.value.isCut && trouble) return [badCheck(elapsedMs, tooMany(given))];
      const { path, sizeBytes } = newest;
      const shown = `${path} is ${formatDuration(ageMs)} old and has ${formatBytes(sizeBytes)}`;
      const check = trouble ? badCheck(elapsedMs, trouble) : goodCheck(elapsedMs, shown);
      if (found.value.isCut) return [check];
      return [
        check,
        { kind: "samples", samples: samplesOf(found.value, newest, { ...given, ageMs }) },
      ];
    },
  };
}

function newestOf(files: readonly SeenFile[]): SeenFile | undefined {
  let newest: SeenFile | undefined;
  for (const file of files) {
    if (newest === undefined || file.modifiedMs > newest.modifiedMs) newest = file;
  }
  return newest;
}

function tooMany({ path }: Parameters): Trouble {
  return { symptom: "sensor", reason: `${path} names too many entries to look at` };
}

function missing(given: Parameters, { passedOver, isCut }: Found): Trouble {
  const { path } = given;
  if (isCut) return tooMany(given);
  if (passedOver !== undefined) return { symptom: "sensor", reason: `${path}: ${passedOver}` };
  return { symptom: "missing", reason: `there is no file ${path}` };
}

function troubleOf(newest: SeenFile, ageMs: number, given: Parameters): Trouble | undefined {
  const { maxAgeMs, minBytes } = given;
  const { path, sizeBytes } = newest;
  if (maxAgeMs !== undefined && ageMs > maxAgeMs) {
    const reason = `${path} is ${formatDuration(ageMs)} old, more than ${formatDuration(maxAgeMs)}`;
    return { symptom: "stale", reason };
  }
  if (minBytes === undefined || sizeBytes >= minBytes) return undefined;
  const reason = `${path} has ${formatBytes(sizeBytes)}, less than ${formatBytes(minBytes)}`;
  return { symptom: "content", reason };
}

function samplesOf(
  { files }: Found,
  { sizeBytes }: SeenFile,
  { ageMs, maxAgeMs }: Parameters & { readonly ageMs: number },
): readonly Sample[] {
  const limit = maxAgeMs === undefined ? {} : { limit: maxAgeMs };
  return [
    { series: "files.age", value: ageMs, unit: "ms", ...limit },
    { series: "files.bytes", value: sizeBytes, unit: "bytes" },
    { series: "files.count", value: files.length, unit: "count" },
  ];
}
