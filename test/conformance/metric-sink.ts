/** What every sink of metrics must do, by its contract in `src/engine/telemetry/sink.ts`. */
import { afterEach, describe, expect, test } from "vitest";
import { type StampedMetric, stamp } from "../../src/engine/telemetry/metric.ts";
import { DeliveryRefused, type MetricSink } from "../../src/engine/telemetry/sink.ts";

export interface SinkStage extends AsyncDisposable {
  readonly sink: MetricSink;
  /** Nobody is there, until `comeBack`. */
  readonly goAway: () => Promise<void>;
  /** Connections stay open and nothing is answered, until `comeBack`. */
  readonly hang: () => Promise<void>;
  readonly comeBack: () => Promise<void>;
  /** Name and value of what has arrived, in order. */
  readonly arrived: () => Promise<readonly (readonly [string, number])[]>;
}

export interface SinkTraits {
  /** It can be away; the memory cannot. */
  readonly isRemote: boolean;
}

function batchOf(names: readonly string[]): readonly StampedMetric[] {
  return names.map((metricName, place) => {
    const value = place + 0.5;
    const metric = { metricType: "t", metricName, value, unit: "percent", source: "s" };
    return Object.freeze(stamp(metric, 1_700_000_000_000 + place) as StampedMetric);
  });
}

function within(ms: number): AbortSignal {
  return AbortSignal.timeout(ms);
}

export function metricSinkConformance(
  name: string,
  open: () => Promise<SinkStage>,
  { isRemote }: SinkTraits,
): void {
  let stage: SinkStage | undefined;
  const begin = async (): Promise<SinkStage> => (stage = await open());
  afterEach(async () => {
    await stage?.[Symbol.asyncDispose]();
    stage = undefined;
  });

  describe(`metric sink: ${name}`, () => {
    test("what it has taken is there, whole and in order, and unchanged (S1, S4)", async () => {
      const { sink, arrived } = await begin();
      await sink.send(Object.freeze(batchOf(["a", "b", "c"])), within(5000));
      await sink.send(batchOf(["d"]), within(5000));
      expect(await arrived()).toEqual([
        ["a", 0.5],
        ["b", 1.5],
        ["c", 2.5],
        ["d", 0.5],
      ]);
    });

    test("an empty batch is nothing to do", async () => {
      const { sink, arrived } = await begin();
      await sink.send([], within(5000));
      expect(await arrived()).toEqual([]);
    });

    test("it does nothing once its time is over", async () => {
      const { sink, arrived } = await begin();
      await expect(sink.send(batchOf(["a"]), AbortSignal.abort())).rejects.toThrow("aborted");
      expect(await arrived()).toEqual([]);
    });

    if (!isRemote) return;

    test("away: it says so, refuses nothing, and takes the same batch later (S2)", async () => {
      const { sink, goAway, comeBack, arrived } = await begin();
      const batch = batchOf(["a", "b"]);
      await goAway();
      const error: unknown = await sink
        .send(batch, within(5000))
        .catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toBeInstanceOf(DeliveryRefused);
      await comeBack();
      await sink.send(batch, within(5000));
      expect(await arrived()).toEqual([
        ["a", 0.5],
        ["b", 1.5],
      ]);
    });

    test("hanging: it gives up with its signal, and goes on when that is over (S3)", async () => {
      const { sink, hang, comeBack, arrived } = await begin();
      const batch = batchOf(["a"]);
      await hang();
      const error: unknown = await sink.send(batch, within(100)).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(Error);
      expect(error).not.toBeInstanceOf(DeliveryRefused);
      await comeBack();
      await sink.send(batch, within(5000));
      // It may have arrived twice, when its first answer was lost (S1).
      expect(new Set((await arrived()).map(([each]) => each))).toEqual(new Set(["a"]));
    });
  });
}
