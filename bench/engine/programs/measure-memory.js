/**
 * `node --expose-gc measure-memory.js {"calls":1e7,"samples":40,"idleMs":60000,"isBare":false}`:
 * used bytes after a collection, while it makes its calls, and then while nobody calls. Bare: the
 * same calls without an engine, for what Node itself gathers. The heap as it is before and after
 * the rest goes into two files.
 */
import { resolve } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { writeHeapSnapshot } from "node:v8";

const { calls, samples, idleMs, isBare } = JSON.parse(process.argv[2]);

class Service {
  async work(value) {
    if (value % 1000 === 0) throw new Error(`call ${value} failed`);
    return value;
  }
}

function usedBytes() {
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function heapNow() {
  usedBytes();
  return resolve(writeHeapSnapshot());
}

async function wrapped() {
  const { createEngine } = await import("soulmirror");
  const engine = createEngine({ service: "bench" });
  let heard = 0;
  engine.on("service_error", () => {
    heard += 1;
  });
  const options = { timeout: 10_000, autoRetry: false, bulkhead: { limit: 100 } };
  const service = engine.wrap("service", new Service(), options);
  return { service, counts: () => ({ ...engine.operation("service.work"), heard }) };
}

function bare() {
  return { service: new Service(), counts: () => ({ succeeded: calls, failed: 0, heard: 0 }) };
}

const { service, counts } = isBare ? bare() : await wrapped();

const working = new Float64Array(samples);
const idle = new Float64Array(samples);
let number = 0;
for (let sample = 0; sample < samples; sample += 1) {
  for (let left = calls / samples; left > 0; left -= 1) {
    number += 1;
    await service.work(number).catch(() => {});
  }
  // Timers have their turn, as they have in a service.
  await pause(5);
  working[sample] = usedBytes();
}
// The last tick, and what it has to say.
await pause(2000);
const before = heapNow();
for (let sample = 0; sample < samples; sample += 1) {
  await pause(idleMs / samples);
  idle[sample] = usedBytes();
}
const heaps = [before, heapNow()];
const timers = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
const { succeeded, failed, heard } = counts();
console.log(
  JSON.stringify({
    working: [...working],
    idle: [...idle],
    heaps,
    timers,
    heard,
    succeeded,
    failed,
  }),
);
process.exit(0);
