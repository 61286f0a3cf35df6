/**
 * Thresholds on the series of a Prometheus text. Kind `prometheus`.
 *
 * S1. Every series that fits the name and has the labels is judged; the worst is the reason.
 * S2. A declared series that is not there is not ok: silence is no proof of health.
 * S3. A rate needs two looks; after a restart of the counter it is counted from zero.
 * S4. At most `matchesMax` matches of one declared series are passed on as samples.
 */
import { z } from "zod";
import type { Clock } from "../../kernel/index.ts";
import type { Reading, Sample, Sensor } from "../../model/index.ts";
import { badCheck, goodCheck, inMs, type Trouble } from "../check-reading.ts";
import { sensorParameters } from "../sensor-parameters.ts";
import type { Series } from "./parse.ts";
import { isTrouble, scrape, scrapeParameters } from "./scrape.ts";
import { fits, readSelector, seriesName } from "./selector.ts";

const declaredSchema = z.object({
  name: z.string(),
  labels: z.record(z.string(), z.string()).default({}),
  above: z.number().optional(),
  below: z.number().optional(),
  rateAbove: z.number().optional(),
});

const schema = z.object({ ...scrapeParameters, series: z.array(declaredSchema).min(1) });

type Declared = z.infer<typeof declaredSchema>;

interface Before {
  readonly value: number;
  readonly atMs: number;
}

type Memory = Map<string, Before>;

const matchesMax = 20;
const parametersOf = sensorParameters("prometheus", schema);

export function createPrometheusSensor({ clock }: { readonly clock: Clock }): Sensor {
  const memories = new Map<string, Memory>();
  return {
    kind: "prometheus",
    async read(request, signal): Promise<readonly Reading[]> {
      const given = parametersOf(request.spec.parameters);
      const declared = given.series.map(withSelector);
      const names = new Set(declared.map(({ name }) => name));
      const { name, elapsedMs, result } = await scrape({ clock, given, names, request }, signal);
      if (isTrouble(result)) return [badCheck(elapsedMs, result)];
      const atMs = clock.now().monotonicMs;
      const before = memories.get(request.spec.key) ?? new Map<string, Before>();
      const after: Memory = new Map();
      const judged = declared.map((each) => {
        const found = result.series.filter((series) => fits(series, each));
        return judgeSeries(each, found.slice(0, matchesMax), { before, after, atMs });
      });
      memories.set(request.spec.key, after);
      const trouble = judged.find((each) => each.trouble)?.trouble;
      const samples = judged.flatMap((each) => each.samples);
      const good = `${name} showed ${samples.length} series in ${inMs(elapsedMs)}, none past its limit`;
      const check = trouble ? badCheck(elapsedMs, trouble) : goodCheck(elapsedMs, good);
      return samples.length === 0 ? [check] : [check, { kind: "samples", samples }];
    },
    forget: (key) => void memories.delete(key),
  };
}

/** The name may hold labels itself: `jobs_total{queue="mail"}`. */
function withSelector(declared: Declared): Declared {
  const { name, labels } = readSelector(declared.name);
  return { ...declared, name, labels: { ...labels, ...declared.labels } };
}

interface Judged {
  readonly samples: readonly Sample[];
  readonly trouble?: Trouble | undefined;
}

interface Rates {
  readonly before: Memory;
  readonly after: Memory;
  readonly atMs: number;
}

function judgeSeries(declared: Declared, found: readonly Series[], rates: Rates): Judged {
  if (found.length === 0) {
    return {
      samples: [],
      trouble: { symptom: "missing", reason: `there is no series ${seriesName(declared)}` },
    };
  }
  const samples: Sample[] = [];
  const troubles: Trouble[] = [];
  for (const series of found) {
    const name = seriesName(series);
    const passed = passedLimit(declared, series.value);
    if (passed !== undefined) troubles.push(threshold(`${name} is ${series.value}, ${passed}`));
    if (Number.isFinite(series.value)) {
      samples.push({
        series: name,
        value: series.value,
        unit: "count",
        ...limitOf(declared.above),
      });
    }
    if (declared.rateAbove === undefined) continue;
    const rate = rateOf(name, series.value, rates);
    if (rate === undefined) continue;
    const limit = limitOf(declared.rateAbove);
    samples.push({ series: `rate(${name})`, value: rate, unit: "count", ...limit });
    if (rate <= declared.rateAbove) continue;
    troubles.push(
      threshold(`${name} grows by ${short(rate)} a second, above ${declared.rateAbove}`),
    );
  }
  return { samples, trouble: troubles[0] };
}

function threshold(reason: string): Trouble {
  return { symptom: "threshold", reason };
}

function passedLimit({ above, below }: Declared, value: number): string | undefined {
  if (above !== undefined && value > above) return `above ${above}`;
  return below !== undefined && value < below ? `below ${below}` : undefined;
}

function limitOf(limit: number | undefined): { readonly limit?: number } {
  return limit === undefined ? {} : { limit };
}

function rateOf(name: string, value: number, { before, after, atMs }: Rates): number | undefined {
  if (!Number.isFinite(value)) return undefined;
  after.set(name, { value, atMs });
  const last = before.get(name);
  if (last === undefined || atMs <= last.atMs) return undefined;
  const grown = value < last.value ? value : value - last.value;
  return (grown * 1000) / (atMs - last.atMs);
}

function short(value: number): string {
  return String(Number(value.toPrecision(4)));
}
