/**
 * What the statistics cost: nanoseconds per sample, bytes per series, and how often a healthy
 * series is called a leak. `node --expose-gc bench/statistics.ts [series per shape]`.
 */
import { createRandom, type Random } from "../src/kernel/index.ts";
import { type BaselinesState, createBaselines, learn } from "../src/knowledge/baselines.ts";
import { createRollUp, rollUp } from "../src/knowledge/roll-up.ts";
import type { Observation } from "../src/model/index.ts";
import { cleanShapes, gaussian, samplesPerSecond } from "../src/statistics/clean-shapes.ts";
import { History, LogSketch, timeToLimitMs } from "../src/statistics/index.ts";

const seriesPerShape = Number(process.argv[2] ?? 910);
const everyMs = 1000 / samplesPerSecond;
const fleetSize = 10_000;

function nanosecondsPer(count: number, run: () => void): number {
  const beganNs = process.hrtime.bigint();
  run();
  return Number(process.hrtime.bigint() - beganNs) / count;
}

/** Typed arrays live outside the JavaScript heap, so both are counted. */
function usedBytes(): number {
  // The second collection frees the buffers that the first one found unused.
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function print(what: string, value: number, unit: string): void {
  console.log(`${what.padEnd(58)} ${value.toFixed(value < 100 ? 2 : 0).padStart(9)} ${unit}`);
}

function benchSketch(): void {
  const random = createRandom(1);
  const values = Float64Array.from({ length: 1_000_000 }, () =>
    Math.exp(2 + 0.5 * gaussian(random)),
  );
  const sketch = new LogSketch();
  print(
    "LogSketch.add, log-normal latencies",
    nanosecondsPer(values.length, () => values.forEach((value) => sketch.add(value))),
    "ns per sample",
  );
  print("  bins", sketch.binCount, "");
  print("  encoded", sketch.encode().length, "bytes");
}

function benchTrend(): void {
  let alarms = 0;
  let count = 0;
  const perSample = nanosecondsPer(1, () => {
    for (const shape of Object.values(cleanShapes)) {
      for (let seed = 0; seed < seriesPerShape; seed += 1) {
        if (isCalledLeak(shape(createRandom(seed)))) alarms += 1;
        count += 1;
      }
    }
  });
  const samples = count * 600 * samplesPerSecond;
  print("History.add + timeToLimitMs, clean series", perSample / samples, "ns per sample");
  print(`  false alarms of ${count} clean series of 10 min`, alarms, "");
}

function isCalledLeak(series: { limit: number; next(): number }): boolean {
  const history = new History();
  for (let index = 0; index < 600 * samplesPerSecond; index += 1) {
    const nowMs = index * everyMs;
    history.add(nowMs, series.next());
    if (timeToLimitMs(history, series.limit, { nowMs }) !== undefined) return true;
  }
  return false;
}

/** One check of every resource, with the time it took. */
function looks(nowMs: number, random: Random, count = fleetSize): Observation[] {
  return Array.from({ length: count }, (_, index) => ({
    resource: `service/s${index}` as const,
    sensor: "http",
    at: nowMs,
    begunMs: nowMs,
    reading: {
      kind: "check" as const,
      ok: true,
      elapsedMs: 2 + (index % 10) + random.next() ** 4 * 30,
      reason: "200",
    },
  }));
}

function benchRollUp(): void {
  const random = createRandom(2);
  const batches = Array.from({ length: 5 }, () => looks(0, random));
  const rounds = 60;
  // A window that never ends: what taking a value costs alone.
  const taking = createRollUp({ windowMs: 1e12 });
  const takingNs = nanosecondsPer(rounds * fleetSize, () => {
    for (let round = 0; round < rounds; round += 1) {
      const batch = batches[round % batches.length] as Observation[];
      rollUp(taking, batch, { monotonicMs: round, wallMs: round });
    }
  });
  const state = createRollUp();
  let rows = 0;
  let bytes = 0;
  let spentNs = 0;
  for (let second = 0; second < rounds * 10; second += 1) {
    const batch = batches[second % batches.length] as Observation[];
    const part = batch.slice((second % 10) * 1000, (second % 10) * 1000 + 1000);
    const beganNs = process.hrtime.bigint();
    const rolledUp = rollUp(state, part, { monotonicMs: second * 1000, wallMs: second * 1000 });
    spentNs += Number(process.hrtime.bigint() - beganNs);
    rows += rolledUp.rows.length;
    bytes += JSON.stringify(rolledUp.rows).length;
  }
  print("rollUp, 10,000 checks every 10 s, taking", takingNs, "ns per sample");
  print("  with making rows", spentNs / (rounds * fleetSize), "ns per sample");
  print("  rows", rows / (rounds * 10), "per second");
  print("  rows as JSON", (bytes / rounds / 10) * 0.0036, "MB per hour");
}

interface Week {
  readonly state: BaselinesState;
  readonly samples: number;
  readonly rows: number;
}

const days = 8.5;

/** A look every minute for more than a week, so that all pieces of all windows are filled. */
function learnWeek(batches: readonly (readonly Observation[])[]): Week {
  const state = createBaselines();
  const minutes = days * 24 * 60;
  let samples = 0;
  let rows = 0;
  for (let minute = 0; minute < minutes; minute += 1) {
    const batch = batches[minute % batches.length] ?? [];
    const nowMs = minute * 60_000;
    rows += learn(state, batch, { monotonicMs: nowMs, wallMs: nowMs }).rows.length;
    samples += batch.length;
  }
  return { state, samples, rows };
}

function benchBaselines(): void {
  const random = createRandom(3);
  const batches = Array.from({ length: 61 }, () => looks(0, random, 400));
  // Compiled code takes memory too: a small fleet first, so that it is not counted.
  const small = learnWeek(batches.map((batch) => batch.slice(0, 10)));
  const before = usedBytes();
  const beganNs = process.hrtime.bigint();
  const { state, samples, rows } = learnWeek(batches);
  const spentNs = Number(process.hrtime.bigint() - beganNs);
  const perSeries = (usedBytes() - before) / state.book.count;
  print("learn (baselines), a look a minute, rows included", spentNs / samples, "ns per sample");
  print("  rows of a series", rows / days / state.book.count, "per day");
  print("  memory after 8 days", perSeries, `bytes per series (not the ${small.state.book.count})`);
  print("  so of 10,000 series", (perSeries * fleetSize) / 1e6, "MB");
}

benchBaselines();
benchSketch();
benchRollUp();
benchTrend();
