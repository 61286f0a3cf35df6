/**
 * How much work is done, and how much waits: two series of a Prometheus text, each summed over its
 * labels. Kind `work`.
 */
import { z } from "zod";
import type { Clock } from "../../kernel/index.ts";
import type { Reading, Sensor } from "../../model/index.ts";
import { badCheck } from "../check-reading.ts";
import { sensorParameters } from "../sensor-parameters.ts";
import type { Series } from "./parse.ts";
import { isTrouble, scrape, scrapeParameters } from "./scrape.ts";
import { fits, type Named, readSelector, seriesName } from "./selector.ts";

const schema = z.object({ ...scrapeParameters, counter: z.string(), waiting: z.string() });

const parametersOf = sensorParameters("work", schema);

export function createWorkSensor({ clock }: { readonly clock: Clock }): Sensor {
  return {
    kind: "work",
    async read(request, signal): Promise<readonly Reading[]> {
      const given = parametersOf(request.spec.parameters);
      const counter = readSelector(given.counter);
      const queue = readSelector(given.waiting);
      const names = new Set([counter.name, queue.name]);
      const { name, elapsedMs, result } = await scrape({ clock, given, names, request }, signal);
      if (isTrouble(result)) return [badCheck(elapsedMs, result)];
      const done = sumOf(result.series, counter);
      const waiting = sumOf(result.series, queue);
      if (done !== undefined && waiting !== undefined) {
        return [{ kind: "work", counter: given.counter, done, waiting }];
      }
      const missing = seriesName(done === undefined ? counter : queue);
      const reason = `${name} has no series ${missing}`;
      return [badCheck(elapsedMs, { symptom: "missing", reason })];
    },
  };
}

/** Undefined when there is no such series with a value. */
function sumOf(all: readonly Series[], wanted: Named): number | undefined {
  const values = all
    .filter((series) => fits(series, wanted) && Number.isFinite(series.value))
    .map(({ value }) => value);
  return values.length === 0 ? undefined : values.reduce((sum, value) => sum + value, 0);
}
