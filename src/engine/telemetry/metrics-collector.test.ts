import { describe, expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { EngineEventHub, type Notice } from "../events.ts";
import type { Metric, StampedMetric } from "./metric.ts";
import { MetricsCollector, type MetricsCollectorOptions } from "./metrics-collector.ts";
import { DeliveryRefused, MemorySink, type MetricSink, SinkAway } from "./sink.ts";

const one: Metric = {
  metricType: "operation",
  metricName: "pay.success_count",
  value: 1,
  unit: "count",
  source: "pay",
};

/** A sink of a user, that is away, refuses or hangs as the test says. */
class Moody implements MetricSink {
  readonly name = "moody";
  readonly asked: (readonly StampedMetric[])[] = [];
  readonly taken: StampedMetric[] = [];
  mood: "well" | "hang" | Error = "well";

  async send(batch: readonly StampedMetric[], signal: AbortSignal): Promise<void> {
    this.asked.push(batch);
    if (this.mood instanceof Error) throw this.mood;
    if (this.mood === "hang") {
      const hung = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => hung.reject(signal.reason as Error));
      await hung.promise;
    }
    this.taken.push(...batch);
  }
}

function set(sink: MetricSink, options: Partial<MetricsCollectorOptions> = {}) {
  const tools = new ManualTools();
  const events = new EngineEventHub();
  const told: Notice[] = [];
  events.on("telemetry_loss", (notice) => told.push(notice));
  const collector = new MetricsCollector({ sinks: [sink], tools, events, ...options });
  const record = (times: number): void => {
    for (let time = 0; time < times; time += 1) collector.record(one);
  };
  return { tools, told, collector, record, figures: () => collector.figures()[sink.name] };
}

describe("batches", () => {
  test("a full one goes at once, what is left over after a second", async () => {
    const sink = new MemorySink();
    const { tools, record } = set(sink);
    record(250);
    await tools.settle();
    expect(sink.batches.map((batch) => batch.length)).toEqual([100, 100]);
    await tools.advance(999);
    expect(sink.batches.length).toBe(2);
    await tools.advance(1);
    expect(sink.batches.map((batch) => batch.length)).toEqual([100, 100, 50]);
  });

  test("carry the seven keys, stamped when they were recorded", async () => {
    const sink = new MemorySink();
    const { tools, collector } = set(sink);
    await tools.advance(7);
    collector.record({ ...one, tags: { status: "success" } });
    await tools.advance(1000);
    const [metric] = sink.items;
    expect(metric).toEqual({
      ...one,
      tags: { status: "success" },
      timestamp: tools.wallMs() - 1000,
    });
  });

  test("nothing is set up while nothing is recorded", () => {
    const { tools } = set(new MemorySink());
    expect(tools.pendingTimers).toBe(0);
  });

  test("stop sends what is left, and what comes later is counted as lost", async () => {
    const sink = new MemorySink();
    const { collector, record, figures, tools } = set(sink);
    record(3);
    await collector.stop();
    record(2);
    expect(sink.items.length).toBe(3);
    expect(figures()).toMatchObject({ added: 5, delivered: 3, lost: 2, waiting: 0 });
    expect(tools.pendingTimers).toBe(0);
  });
});

describe("a sink that is away", () => {
  test("is asked again with the same batch, ever more rarely, and gets everything (L2, L3)", async () => {
    const sink = new Moody();
    sink.mood = new SinkAway("nobody there");
    const { tools, record, figures } = set(sink);
    record(150);
    await tools.advance(10_000);
    // After about 1, 2, 4 and 8 seconds: four or five times, and never ten.
    expect(sink.asked.length).toBeGreaterThanOrEqual(3);
    expect(sink.asked.length).toBeLessThanOrEqual(5);
    expect(new Set(sink.asked).size).toBe(1);
    sink.mood = "well";
    await tools.advance(20_000);
    expect(sink.taken.length).toBe(150);
    expect(figures()).toMatchObject({ delivered: 150, lost: 0, waiting: 0 });
  });

  test.each([0, 1, 999])(
    "is left alone as usual where it asks to be asked again within %d ms (L3)",
    async (askedMs) => {
      const sink = new Moody();
      sink.mood = new SinkAway("busy", askedMs);
      const { tools, record } = set(sink);
      record(100);
      // Of one that asks for ever a test has to see the end, too.
      const send = sink.send.bind(sink);
      sink.send = (batch, signal) => {
        if (sink.asked.length >= 50) sink.mood = "well";
        return send(batch, signal);
      };
      await tools.advance(10_000);
      expect(sink.asked.length).toBeGreaterThanOrEqual(3);
      expect(sink.asked.length).toBeLessThanOrEqual(5);
    },
  );

  test("is left alone for as long as it has asked for", async () => {
    const sink = new Moody();
    sink.mood = new SinkAway("busy", 60_000);
    const { tools, record } = set(sink);
    record(1);
    await tools.advance(60_500);
    expect(sink.asked.length).toBe(1);
    await tools.advance(1000);
    expect(sink.asked.length).toBe(2);
  });

  test("costs bounded memory: the oldest are joined, exactly, and it is told (C1, C2, L5)", async () => {
    const sink = new Moody();
    sink.mood = new SinkAway("nobody there");
    const { tools, record, figures, told } = set(sink, { queueMax: 500 });
    record(100_000);
    await tools.advance(5000);
    expect(figures()).toMatchObject({ added: 100_000, delivered: 0, lost: 0 });
    expect(figures()?.waiting).toBeLessThanOrEqual(601);
    expect(told.at(-1)?.message).toContain("older metrics were joined with others of their series");
    sink.mood = "well";
    await tools.advance(60_000);
    const sum = sink.taken.reduce((total, { value }) => total + value, 0);
    expect(sum).toBe(100_000);
    const { joined = 0, lost = 0, waiting = 0 } = figures() ?? {};
    expect(sink.taken.length + joined + lost + waiting).toBe(100_000);
  });

  test("what was joined is counted once, wherever it ends: sent, refused or left over (C2)", async () => {
    for (const mood of ["well", new DeliveryRefused("no"), new SinkAway("away")] as const) {
      const sink = new Moody();
      sink.mood = new SinkAway("nobody there");
      const { tools, record, figures, collector } = set(sink, { queueMax: 10 });
      record(1000);
      await tools.advance(500);
      expect(figures()?.joined).toBeGreaterThan(800);
      sink.mood = mood;
      const stopped = collector.stop(1000);
      await tools.advance(10_000);
      await stopped;
      const { delivered = 0, joined = 0, lost = 0, waiting } = figures() ?? {};
      expect([delivered + joined + lost, waiting]).toEqual([1000, 0]);
      expect(delivered > 0).toBe(mood === "well");
    }
  });

  test("a batch that is under way at the end is aborted, and counted as lost once", async () => {
    const sink = new Moody();
    sink.mood = "hang";
    const { tools, record, figures, collector } = set(sink);
    record(3);
    const stopped = collector.stop(1000);
    await tools.advance(1000);
    await stopped;
    await tools.settle();
    expect(figures()).toMatchObject({ added: 3, delivered: 0, lost: 3, waiting: 0 });
    expect(tools.pendingTimers).toBe(0);
    const refusing: MetricSink = {
      name: "moody",
      send: async (_batch, signal) => {
        const { promise, resolve } = Promise.withResolvers<void>();
        signal.addEventListener("abort", () => resolve());
        await promise;
        throw new DeliveryRefused("too late");
      },
    };
    const late = set(refusing);
    late.record(3);
    const ended = late.collector.stop(1000);
    await late.tools.advance(1000);
    await ended;
    await late.tools.settle();
    expect(late.figures()).toMatchObject({ added: 3, delivered: 0, lost: 3 });
  });

  test.each<readonly [string, () => Promise<void> | void]>([
    ["is no promise", () => undefined],
    [
      "throws",
      () => {
        throw new Error("closed already");
      },
    ],
    ["rejects", () => Promise.reject(new Error("away"))],
    ["never comes", () => new Promise<void>(() => {})],
  ])("a stop ends when the end of a sink %s", async (_how, close) => {
    const sink: MetricSink = { name: "own", send: () => Promise.resolve(), close };
    const { collector, record, tools, figures } = set(sink);
    record(2);
    const stopped = collector.stop(1000);
    await tools.advance(1000);
    await stopped;
    expect(figures()).toMatchObject({ delivered: 2, lost: 0 });
    expect(tools.pendingTimers).toBe(0);
  });

  test("what has no room in the table either is lost, counted and told", async () => {
    const sink = new Moody();
    sink.mood = new SinkAway("nobody there");
    const { collector, tools, figures, told } = set(sink, { queueMax: 10, joinedMax: 5 });
    for (let place = 0; place < 200; place += 1) {
      collector.record({ ...one, metricName: `m${place}` });
    }
    await tools.advance(3000);
    // 100 went out as the first batch and are held.
    const { lost = 0, waiting = 0 } = figures() ?? {};
    expect([lost + waiting, waiting <= 115, lost > 0]).toEqual([200, true, true]);
    expect(told.map(({ details }) => details?.["lost"])).toContain(lost);
  });

  test("a sink that hangs is given up after its time, and asked again", async () => {
    const sink = new Moody();
    sink.mood = "hang";
    const { tools, record } = set(sink, { sendTimeoutMs: 500 });
    record(1);
    await tools.advance(1400);
    expect(sink.asked.length).toBe(1);
    sink.mood = "well";
    await tools.advance(10_000);
    expect(sink.taken.length).toBe(1);
  });

  test("is asked again until the end of a stop: its client may still be connecting", async () => {
    const sink = new Moody();
    sink.mood = new SinkAway("connecting");
    const { collector, record, tools, figures } = set(sink);
    record(2);
    const stopped = collector.stop(1000);
    await tools.advance(100);
    sink.mood = "well";
    await tools.advance(400);
    await stopped;
    expect(figures()).toMatchObject({ delivered: 2, lost: 0 });
    expect(tools.pendingTimers).toBe(0);
  });

  test("delays no other sink, and no stop beyond its time", async () => {
    const hanging = new Moody();
    hanging.mood = "hang";
    const well = new MemorySink();
    const { tools, collector, record } = set(hanging, { sinks: [hanging, well] });
    record(1);
    await tools.advance(1000);
    expect(well.items.length).toBe(1);
    record(1);
    const stopped = collector.stop(300);
    await tools.advance(300);
    await stopped;
    expect(collector.figures()).toMatchObject({
      memory: { delivered: 2, lost: 0 },
      moody: { delivered: 0, lost: 2, waiting: 0 },
    });
  });
});

describe("a sink that refuses", () => {
  test("is not asked again; all of the batch, or the part that it names, is lost", async () => {
    const sink = new Moody();
    const { tools, record, figures, told } = set(sink);
    sink.mood = new DeliveryRefused("no such place");
    record(4);
    await tools.advance(1000);
    sink.mood = new DeliveryRefused("two were too old", 2);
    record(5);
    await tools.advance(60_000);
    expect(sink.asked.length).toBe(2);
    expect(figures()).toMatchObject({ added: 9, delivered: 3, lost: 6, waiting: 0 });
    expect(told.map(({ message }) => message)).toEqual([
      "4 metrics were lost on the way to moody: no such place",
      "2 metrics were lost on the way to moody: two were too old",
    ]);
  });
});

describe("options", () => {
  test.each([
    [{ batchSize: 0 }, "batchSize: expected a whole number from 1 to 2147483647, found 0"],
    [{ flushIntervalMs: -5 }, "flushIntervalMs: expected"],
    [{ queueMax: Number.NaN }, "queueMax: expected"],
    [{ joinedMax: "many" as unknown as number }, 'found "many"'],
    [{ sinks: [] }, "sinks is empty"],
  ])("%o: an error names the key, the value and the fix", (options, says) => {
    const make = (): unknown => new MetricsCollector({ sinks: [new MemorySink()], ...options });
    expect(make).toThrow(says);
    expect(make).toThrow(expect.objectContaining({ code: "OPTIONS_INVALID" }));
  });

  test("a value that is none is counted, and record never throws (C1)", () => {
    const { collector } = set(new MemorySink());
    collector.record({ ...one, value: Number.NaN });
    collector.record({ ...one, value: undefined as unknown as number });
    expect(collector.withoutValue).toBe(2);
  });
});
