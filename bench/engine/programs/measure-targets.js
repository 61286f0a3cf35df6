/**
 * `node --expose-gc measure-targets.js {"targets":100000,"calls":0}`: bytes that each wrapped
 * target takes, beyond the target itself, after so many calls each; and the timers that are left.
 */
import { createEngine } from "soulmirror";

const { targets, calls, options = {} } = JSON.parse(process.argv[2]);

class Service {
  async work(value) {
    return value;
  }
}

/** Typed arrays lie outside of the heap, so both are counted. */
function usedBytes() {
  // The second collection frees the buffers that the first one found unused.
  globalThis.gc();
  globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

const engine = createEngine({ service: "bench" });
engine.on("service_error", () => {});
const wrap = (name, target) => engine.wrap(name, target, options);

// What is compiled and made once is not part of a target.
const first = wrap("first", new Service());
for (let call = 0; call < 20_000; call += 1) await first.work(call);

const raw = Array.from({ length: targets }, () => new Service());
const names = raw.map((_, index) => `service-${index}`);
const wrapped = raw.map(() => undefined);
const before = usedBytes();
for (let index = 0; index < targets; index += 1) wrapped[index] = wrap(names[index], raw[index]);
if (calls > 0) {
  for (const target of wrapped) {
    for (let call = 0; call < calls; call += 1) await target.work(call);
  }
}
// The tick that looks after what was called has been, and says what it has to.
await new Promise((resolve) => setTimeout(resolve, 1500));
const bytes = (usedBytes() - before) / targets;
const timers = process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
console.log(JSON.stringify({ bytes, timers, alive: wrapped.length }));
process.exit(0);
