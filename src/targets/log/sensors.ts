/**
 * How many new lines of the watched log files match? Kind `log`.
 *
 * The number of the look and its last line are an occurrence; how many are too many within which
 * time is for a detector. A file that is not there (yet) is no failure: logs come with what they
 * tell about.
 */
import { z } from "zod";
import { type Clock, quote } from "../../kernel/index.ts";
import type { Reading, Sensor } from "../../model/index.ts";
import { badCheck, excerpt, goodCheck } from "../check-reading.ts";
import { findFiles } from "../find-files.ts";
import { OpenLooks } from "../open-looks.ts";
import { sensorParameters } from "../sensor-parameters.ts";
import { textPattern } from "../text-pattern.ts";
import { type Matches, Watch } from "./watch.ts";

const patternText = z.string().min(1);

const schema = z.object({
  /** Path or glob. */
  file: z.string().min(1),
  pattern: z
    .union([patternText.transform((one) => [one]), z.array(patternText).min(1)])
    .transform((sources) => ({ sources, patterns: sources.map(textPattern) })),
});

type Parameters = z.infer<typeof schema>;

interface Watched {
  readonly given: Parameters;
  readonly watch: Watch;
}

const filesMax = 10_000;
const parametersOf = sensorParameters("log", schema);

export function createLogSensor({ clock }: { readonly clock: Clock }): Sensor {
  const watches = new Map<string, Watched>();
  const looks = new OpenLooks();
  const watchOf = (key: string, given: Parameters): Watch => {
    const known = watches.get(key);
    if (known?.given === given) return known.watch;
    void known?.watch.close();
    const watch = new Watch(given.pattern.patterns);
    watches.set(key, { given, watch });
    return watch;
  };
  return {
    kind: "log",
    async read({ spec }, signal): Promise<readonly Reading[]> {
      const given = parametersOf(spec.parameters);
      const watch = watchOf(spec.key, given);
      const begunMs = clock.now().monotonicMs;
      const result = await looks.run(spec.key, signal, async () => {
        const found = await findFiles(given.file, { signal, filesMax, opensFolders: false });
        if (!found.ok) throw new Error(found.error);
        const { files, isCut, passedOver } = found.value;
        const isWhole = !isCut && passedOver === undefined;
        return { files, passedOver, matches: await watch.look(files, { isWhole }) };
      });
      const elapsedMs = clock.now().monotonicMs - begunMs;
      if (result === undefined) {
        const reason = `${given.file}: the file system did not answer in time`;
        return [badCheck(elapsedMs, { symptom: "timeout", reason })];
      }
      const { files, matches, passedOver } = result;
      const trouble = matches.trouble ?? (files.length === 0 ? passedOver : undefined);
      const count = files.length === 0 ? "no file yet" : `${files.length} watched`;
      const check =
        trouble === undefined
          ? goodCheck(elapsedMs, `${given.file}: ${count}`)
          : badCheck(elapsedMs, { symptom: "sensor", reason: `${given.file}: ${trouble}` });
      return [check, occurrence(matches, given)];
    },
    forget(key) {
      void watches.get(key)?.watch.close();
      watches.delete(key);
    },
  };
}

function occurrence({ count, line }: Matches, { file, pattern }: Parameters): Reading {
  const name = pattern.sources.map((source) => excerpt(source, 60)).join(" or ");
  const reason =
    count === 0
      ? `no new line of ${file} has ${name}`
      : `last in ${file}: ${quote(excerpt(line, 200))}`;
  return { kind: "occurrence", name, count, reason };
}
