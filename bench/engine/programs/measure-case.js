/**
 * `node measure-case.js CASE {"rounds":15,"roundMs":100}`: nanoseconds per call of the bare loop
 * and of the measured one, round by round, taking turns. With `--expose-gc` and "bytes": bytes per
 * call, in windows without a collection.
 */
import { PerformanceObserver } from "node:perf_hooks";
import { cases } from "./cases.js";

const [name, given = "{}"] = process.argv.slice(2);
const { rounds = 15, roundMs = 100, bytes = false } = JSON.parse(given);
const { bare, measured, least = 1 } = await cases[name]();
const breath = () => new Promise(setImmediate);

async function nanosecondsPerCall(loop, count) {
  const cpuBefore = process.threadCpuUsage();
  const beganNs = process.hrtime.bigint();
  await loop(count);
  const wall = Number(process.hrtime.bigint() - beganNs) / count;
  const { user, system } = process.threadCpuUsage(cpuBefore);
  return { wall, cpu: ((user + system) * 1000) / count };
}

/** Doubles until a round is long enough; this is the warm-up, too. */
async function callsPerRound(loop) {
  let count = least;
  for (let steady = 0; steady < 3; ) {
    const tookMs = ((await nanosecondsPerCall(loop, count)).wall * count) / 1e6;
    await breath();
    if (tookMs >= roundMs / 2) steady += 1;
    else count *= 2;
  }
  return count;
}

async function times() {
  const [bareCount, count] = [await callsPerRound(bare), await callsPerRound(measured)];
  const found = { bareNs: [], ns: [], bareCpuNs: [], cpuNs: [] };
  const takeBare = async () => {
    const { wall, cpu } = await nanosecondsPerCall(bare, bareCount);
    found.bareNs.push(wall);
    found.bareCpuNs.push(cpu);
    await breath();
  };
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) await takeBare();
    const { wall, cpu } = await nanosecondsPerCall(measured, count);
    found.ns.push(wall);
    found.cpuNs.push(cpu);
    await breath();
    if (round % 2 === 1) await takeBare();
  }
  return found;
}

async function bytesPerCall(loop) {
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length;
  });
  observer.observe({ entryTypes: ["gc"] });
  const count = Math.max(500, least);
  // Long enough that the loop is compiled by the last compiler; some take long for that much.
  const warmUntilNs = process.hrtime.bigint() + 1_000_000_000n;
  for (let warm = 0; warm < 200 && process.hrtime.bigint() < warmUntilNs; warm += 1) {
    await loop(count);
  }
  const windows = [];
  for (let window = 0; window < rounds; window += 1) {
    globalThis.gc();
    // The observer hears of a collection later.
    await new Promise((resolve) => setTimeout(resolve, 5));
    collections = 0;
    const before = process.memoryUsage().heapUsed;
    await loop(count);
    const after = process.memoryUsage().heapUsed;
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (collections === 0) windows.push((after - before) / count);
  }
  observer.disconnect();
  return windows;
}

const found = bytes
  ? { bareBytes: await bytesPerCall(bare), bytes: await bytesPerCall(measured) }
  : await times();
console.log(JSON.stringify(found));
process.exit(0);
