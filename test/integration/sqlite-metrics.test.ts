/** Metrics and baselines in an SQLite file, over several processes' lives. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, expect, test } from "vitest";
import { MetricsCollector, SqliteMetricSink } from "../../src/public/telemetry.ts";
import { temporaryFolder } from "../afterwards.ts";

let folder: string;
let path: string;

beforeEach(() => {
  folder = temporaryFolder("sqlite-metrics");
  path = join(folder, "metrics.db");
});

async function recorded(values: readonly number[], rowsMax?: number): Promise<void> {
  const sink = new SqliteMetricSink(path, rowsMax === undefined ? {} : { rowsMax });
  const collector = new MetricsCollector({ sinks: [sink] });
  for (const value of values) {
    collector.record({
      metricType: "queue",
      metricName: "depth",
      value,
      unit: "items",
      source: "mail",
    });
  }
  await collector.stop();
  expect(collector.figures()[sink.name]).toMatchObject({ delivered: values.length, lost: 0 });
}

function read(text: string): readonly Readonly<Record<string, unknown>>[] {
  using database = new DatabaseSync(path);
  return database.prepare(text).all();
}

test("the latest are kept, and no more than so many", async () => {
  await recorded(
    Array.from({ length: 250 }, (_, index) => index),
    120,
  );
  const [kept] = read("select count(*) as n, min(value) as first from system_health_metrics");
  expect(kept).toEqual({ n: 120, first: 130 });
});

test("what an earlier process knew of more values stands until it has expired", async () => {
  const counts = "select sample_count from system_health_baselines where time_window = '1h'";
  await recorded([1, 2, 3, 4]);
  await recorded([9]);
  expect(read(counts)).toEqual([{ sample_count: 4 }]);
  read("update system_health_baselines set valid_until = 1 returning id");
  await recorded([9, 9]);
  expect(read(counts)).toEqual([{ sample_count: 2 }]);
  await recorded([7, 7, 7]);
  expect(read(counts)).toEqual([{ sample_count: 3 }]);
});

test.each([
  ["place", ""],
  ["place", 7],
] as const)("a %s that is none (%j) is told with its key", (key, value) => {
  expect(() => new SqliteMetricSink(value as never)).toThrow(key);
});
