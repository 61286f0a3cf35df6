import { expect, test } from "vitest";
import type { Fleet } from "../config/index.ts";
import type { Timers } from "../kernel/index.ts";
import { createMemoryStore } from "../knowledge/index.ts";
import type { MetricRow, Store } from "../model/index.ts";
import type { DaemonLog } from "./daemon-log.ts";
import { keepHouse } from "./housekeeping.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** One value of each day, the oldest one first. */
async function filled(store: Store, daysAgo: readonly number[]): Promise<void> {
  const now = Date.now();
  const rows = daysAgo.map((days) => rowAt(now - days * dayMs));
  await store.writeMetrics(rows);
}

function rowAt(timestamp: number): MetricRow {
  return {
    timestamp,
    metricType: "host",
    metricName: "cpu",
    source: "host/local",
    value: 1,
    unit: "percent",
    tags: null,
  };
}

/** Days that are left after each of `cleanings`. */
async function daysLeft(daysAgo: readonly number[], cleanings: number): Promise<number[]> {
  const store = createMemoryStore();
  await filled(store, daysAgo);
  const due: (() => void)[] = [];
  const timers: Timers = {
    after(_delayMs, run) {
      due.push(run);
      return () => {};
    },
  };
  const lines: string[] = [];
  const log = {
    info: () => {},
    complain: (text: string) => lines.push(text),
  } as Partial<DaemonLog>;
  const retention = { metricsMs: 7 * dayMs, failuresMs: 7 * dayMs, journalMs: 7 * dayMs };
  const fleet = () => ({ retention }) as Fleet;
  const stop = keepHouse({ store, timers, log: log as DaemonLog, fleet });
  const left: number[] = [];
  for (let each = 0; each < cleanings; each += 1) {
    due.shift()?.();
    await expect.poll(() => due.length).toBe(1);
    const rows = await store.metrics({ fromAt: 0, toAt: Date.now(), limit: 99 });
    left.push(rows.length);
  }
  stop();
  expect(lines).toEqual([]);
  return left;
}

test("what is older than its retention goes, and nothing else", async () => {
  expect(await daysLeft([7.5, 6.9, 3, 0], 2)).toEqual([3, 3]);
});

test("a clock that is wrong costs the oldest day in an hour, and not the whole history", async () => {
  const jumpedDays = 400;
  const history = [6.2, 5.2, 4.2, 3.2, 2.2].map((days) => days + jumpedDays);
  expect(await daysLeft(history, 3)).toEqual([4, 3, 2]);
});
