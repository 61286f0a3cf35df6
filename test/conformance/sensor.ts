/** What every sensor promises (the contract is in `src/model/sensing.ts`), as one suite. */
import { readdirSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { JsonRecord } from "../../src/kernel/index.ts";
import type { CheckReading, Reading, ReadRequest, Sensor } from "../../src/model/index.ts";
import { until } from "../until.ts";

/** One look: its parameters, and the port of the instance where it is done at one. */
export interface Look {
  readonly parameters: JsonRecord;
  readonly port?: number;
}

/** A sensor in a small world of its own. */
export interface SensorScene extends AsyncDisposable {
  readonly sensor: Sensor;
  /** Of something that is well. */
  readonly well: Look;
  /** Of things that are not, by what is wrong with them. */
  readonly sick: Readonly<Record<string, Look>>;
  /** Of something that never answers, where there can be such a thing. */
  readonly silent?: Look;
  /** Parameters that mean nothing. */
  readonly nonsense: JsonRecord;
}

let keys = 0;

export function requestOf(kind: string, look: Look, key?: string): ReadRequest {
  keys += 1;
  return {
    spec: {
      key: key ?? `${kind}/shop#${keys}`,
      resource: `${kind}/shop`,
      sensor: kind,
      kind,
      parameters: look.parameters,
      intervalMs: 1000,
      timeoutMs: 5000,
    },
    ...(look.port === undefined ? {} : { port: look.port }),
  };
}

/** A look with all the time in the world: the test's own limit is the deadline. */
export async function read(
  sensor: Sensor,
  look: Look,
  signal: AbortSignal = new AbortController().signal,
): Promise<readonly Reading[]> {
  const request = requestOf(sensor.kind, look);
  try {
    return await sensor.read(request, signal);
  } finally {
    sensor.forget?.(request.spec.key);
  }
}

export function checkOf(readings: readonly Reading[]): CheckReading | undefined {
  return readings.find((reading) => reading.kind === "check");
}

/** The value of a series, if it is among the readings. */
export function valueOf(readings: readonly Reading[], series: string): number | undefined {
  const samples = readings.flatMap((reading) =>
    reading.kind === "samples" ? reading.samples : [],
  );
  return samples.find((sample) => sample.series === series)?.value;
}

function descriptors(): number {
  return readdirSync("/proc/self/fd").length;
}

const sentence = /^[^\n]{8,600}$/;

export function sensorConformance(name: string, open: () => Promise<SensorScene>): void {
  describe(`sensor ${name}`, () => {
    test("what is well is seen as well, with a reason and readings that survive JSON", async () => {
      await using scene = await open();
      const readings = await read(scene.sensor, scene.well);
      expect(readings.length).toBeGreaterThan(0);
      for (const reading of readings) {
        if (reading.kind === "check") {
          expect(reading.ok).toBe(true);
          expect(reading.reason).toMatch(sentence);
          expect(reading.elapsedMs).toBeGreaterThanOrEqual(0);
        }
        if (reading.kind !== "samples") continue;
        for (const { value } of reading.samples) expect(Number.isFinite(value)).toBe(true);
      }
      expect(JSON.parse(JSON.stringify(readings))).toEqual(readings);
    });

    test("what is sick is a reading with a symptom and a sentence, never an error", async () => {
      await using scene = await open();
      for (const [what, look] of Object.entries(scene.sick)) {
        const check = checkOf(await read(scene.sensor, look));
        expect({ what, ok: check?.ok }).toEqual({ what, ok: false });
        expect(check?.symptom).toMatch(/^(?!sensor$)./);
        expect(check?.reason).toMatch(sentence);
      }
    });

    test("a look settles after its abort, and also when that was before", async () => {
      await using scene = await open();
      const looks = [scene.well, ...Object.values(scene.sick)];
      for (const look of looks) await read(scene.sensor, look, AbortSignal.abort());
      if (scene.silent === undefined) return;
      const check = checkOf(await read(scene.sensor, scene.silent, AbortSignal.timeout(50)));
      expect(check).toMatchObject({ ok: false, symptom: "timeout" });
      expect(check?.reason).toMatch(sentence);
    });

    test("looks of different keys run side by side; a silent one holds up no other", async () => {
      await using scene = await open();
      const controller = new AbortController();
      const { silent = scene.well } = scene;
      const hung = Array.from({ length: 10 }, () => read(scene.sensor, silent, controller.signal));
      const well = Array.from({ length: 10 }, () => read(scene.sensor, scene.well));
      for (const readings of await Promise.all(well)) {
        expect(checkOf(readings)?.ok ?? true).toBe(true);
      }
      controller.abort();
      // The test's own time limit is the proof that they settle.
      await Promise.all(hung);
    });

    test("forgetting frees: descriptors are given back, and a look begins anew", async () => {
      await using scene = await open();
      const { sensor, well } = scene;
      sensor.forget?.("never/seen#key");
      await read(sensor, well);
      const before = descriptors();
      for (let round = 0; round < 20; round += 1) {
        const key = `round#${round}`;
        await sensor.read(requestOf(sensor.kind, well, key), new AbortController().signal);
        sensor.forget?.(key);
      }
      await until(() => descriptors() <= before + 1);
      expect(checkOf(await read(sensor, well))?.ok ?? true).toBe(true);
    });

    test("parameters that mean nothing are a failed look, with its reason", async () => {
      await using scene = await open();
      const look = read(scene.sensor, { parameters: scene.nonsense });
      await expect(look).rejects.toThrow(/.{8}/);
    });
  });
}
