/** Health against the real limits of a process: one that is given little memory, or blocks. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const health = fileURLToPath(new URL("../../src/engine/health/index.ts", import.meta.url));

const prelude = `
    const { cpuCheck, eventLoopCheck, memoryCheck } = await import(${JSON.stringify(health)});
    const kept = [];
    const fill = (mib) => {
      for (let n = 0; n < mib * 128; n += 1) kept.push(new Array(1024).fill(n));
      gc();
    };
    const burn = (ms) => { const until = performance.now() + ms; while (performance.now() < until); };
    `;

async function statusesOf(body: string, flags: readonly string[] = []): Promise<readonly string[]> {
  const code = prelude + body;
  const args = [...flags, "--expose-gc", "--input-type=module", "--eval", code];
  const { stdout } = await run(process.execPath, args);
  return stdout.trim().split("\n");
}

/** Well below the limit: near it V8 may end the process before it is looked at. */
const filling = `
  const check = memoryCheck({ degradedAbove: 0.4, unhealthyAbove: 0.6 });
  console.log(check().status);
  fill(40);
  console.log(check().status, check().message.includes("the heap"));
  fill(25);
  console.log(check().status);`;

test("memory: what --max-old-space-size leaves is the limit, and not the heap of the moment", async () => {
  const told = await statusesOf(filling, ["--max-old-space-size=100"]);
  expect(told).toEqual(["healthy", "degraded true", "unhealthy"]);
});

test("memory: a worker has a limit of its own", async () => {
  const body = `
    const { Worker } = await import("node:worker_threads");
    const code = ${JSON.stringify("void (async () => {")} + inner + ${JSON.stringify("})();")};
    const worker = new Worker(code, { eval: true, resourceLimits: { maxOldGenerationSizeMb: 100 } });
    await new Promise((resolve) => worker.once("exit", resolve));`;
  const inner = `const inner = ${JSON.stringify(prelude + filling)};`;
  expect(await statusesOf(inner + body)).toEqual(["healthy", "degraded true", "unhealthy"]);
});

test("cpu: a process that burns all it may have is told", async () => {
  const body = `
    const check = cpuCheck({ read: () => {
      const { user, system } = process.cpuUsage();
      return { usedMs: (user + system) / 1000, allowed: 0.01 };
    } });
    burn(300);
    console.log(check().status);`;
  expect(await statusesOf(body)).toEqual(["unhealthy"]);
});

test("none of the checks keeps a process alive", async () => {
  const body = `
    const checks = [memoryCheck(), cpuCheck(), eventLoopCheck()];
    console.log(checks.map((check) => check().status).join(" "));`;
  expect(await statusesOf(body)).toEqual(["healthy healthy healthy"]);
});
