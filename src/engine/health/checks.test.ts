import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { getHeapStatistics } from "node:v8";
import { describe, expect, onTestFinished, test } from "vitest";
import { realTools } from "../real-tools.ts";
import type { HealthAnswer, HealthCheck, HealthStatus } from "./check.ts";
import { cpuCheck, readCpu } from "./cpu-check.ts";
import { diskCheck } from "./disk-check.ts";
import { eventLoopCheck } from "./event-loop-check.ts";
import { databaseCheck, redisCheck } from "./latency-check.ts";
import { type MemoryReading, memoryCheck, readMemory } from "./memory-check.ts";

async function ask(check: HealthCheck): Promise<HealthAnswer> {
  return (await check(new AbortController().signal)) as HealthAnswer;
}

/** A clock that stands where the work puts it. */
function workOf(tookMs: number) {
  let nowMs = 0;
  const tools = { ...realTools, monotonicMs: () => nowMs };
  const work = async () => {
    nowMs += tookMs;
    return "PONG";
  };
  return { tools, work };
}

describe("latency", () => {
  test.each([
    [99, "healthy"],
    [100, "degraded"],
    [5000, "degraded"],
  ])("a database that answers within %d ms is %s", async (tookMs, status) => {
    const { tools, work } = workOf(tookMs);
    expect(await ask(databaseCheck(work, { tools }))).toMatchObject({ status });
  });

  test.each([
    [49, "healthy"],
    [50, "degraded"],
  ])("Redis that answers within %d ms is %s", async (tookMs, status) => {
    const { tools, work } = workOf(tookMs);
    expect(await ask(redisCheck({ ping: work }, { tools }))).toMatchObject({ status });
  });

  test("what fails throws its own error", async () => {
    const check = databaseCheck({ query: () => Promise.reject(new Error("ECONNREFUSED")) });
    await expect(ask(check)).rejects.toThrow("ECONNREFUSED");
  });

  test("a real node:sqlite database, open and closed", async () => {
    const database = new DatabaseSync(":memory:");
    const check = databaseCheck(database, { degradedMs: 5000 });
    expect(await ask(check)).toMatchObject({ status: "healthy" });
    database.close();
    await expect(ask(check)).rejects.toThrow("not open");
  });

  test.each(["reconnecting", "end", "close"])("a client of Redis that is %s", async (status) => {
    const hanging = { status, ping: () => new Promise(() => undefined) };
    await expect(ask(redisCheck(hanging))).rejects.toThrow(`no connection (${status})`);
  });

  test("a PING that is not answered by PONG, and a client that is not ready", async () => {
    await expect(ask(redisCheck({ ping: async () => "HELLO" }))).rejects.toThrow("PONG");
    const waiting = { isReady: false, ping: () => new Promise(() => undefined) };
    await expect(ask(redisCheck(waiting))).rejects.toThrow("no connection");
  });

  test.each([undefined, null, 3, "postgres://", {}])("%j is no database and no Redis", (target) => {
    expect(() => databaseCheck(target)).toThrow(/databaseCheck: target: /);
    expect(() => redisCheck(target)).toThrow(/redisCheck: target: /);
  });
});

describe("memory", () => {
  const mib = 1024 ** 2;
  const calm: MemoryReading = {
    heapUsedBytes: 10 * mib,
    heapLimitBytes: 1000 * mib,
    residentBytes: 100 * mib,
    machineBytes: 10_000 * mib,
  };

  test.each<readonly [string, Partial<MemoryReading>, `${HealthStatus} ${string}`]>([
    ["nothing is near", {}, "healthy .* of the (?:heap|machine)"],
    ["75 % of the heap", { heapUsedBytes: 750 * mib }, "healthy .* of the heap"],
    ["76 % of the heap", { heapUsedBytes: 760 * mib }, "degraded .* of the heap"],
    ["91 % of the heap", { heapUsedBytes: 910 * mib }, "unhealthy .* of the heap"],
    [
      "the group's limit is stricter",
      { groupLimitBytes: 110 * mib },
      "unhealthy .* of the control",
    ],
    [
      "others in the group have used it up",
      { groupLimitBytes: 500 * mib, groupUsedBytes: 400 * mib },
      "degraded .* of the control group",
    ],
    [
      "a limit above the machine is none",
      { groupLimitBytes: 2 ** 60 },
      "healthy .* of the machine",
    ],
  ])("%s", async (_what, change, wanted) => {
    const answer = await ask(memoryCheck({ read: () => ({ ...calm, ...change }) }));
    expect(`${answer.status} ${String(answer.message)}`).toMatch(new RegExp(`^${wanted}`));
  });

  test("a small heap that is nearly full is healthy: it may grow to its limit", async () => {
    const reading = readMemory();
    expect(reading.heapLimitBytes).toBeLessThanOrEqual(getHeapStatistics().heap_size_limit);
    expect(reading.heapLimitBytes).toBeGreaterThan(process.memoryUsage().heapTotal);
    expect(reading.heapUsedBytes).toBeGreaterThan(mib);
    expect(reading.residentBytes).toBeGreaterThan(reading.heapUsedBytes / 2);
    const small = { ...reading, heapUsedBytes: process.memoryUsage().heapTotal };
    expect(await ask(memoryCheck({ read: () => small }))).toMatchObject({ status: "healthy" });
  });
});

describe("cpu", () => {
  function scripted(allowed: number) {
    let nowMs = 0;
    let usedMs = 500;
    const tools = { ...realTools, monotonicMs: () => nowMs };
    const check = cpuCheck({ tools, read: () => ({ usedMs, allowed }) });
    return async (overMs: number, moreMs: number) => {
      nowMs += overMs;
      usedMs += moreMs;
      return (await ask(check)).status;
    };
  }

  test("is measured per interval, not since the start", async () => {
    const after = scripted(1);
    expect(await after(1000, 960)).toBe("unhealthy");
    expect(await after(1000, 810)).toBe("degraded");
    expect(await after(1000, 800)).toBe("healthy");
    expect(await after(1000, 0)).toBe("healthy");
  });

  test("is a share of what is allowed: half a processor, or four", async () => {
    expect(await scripted(0.5)(1000, 490)).toBe("unhealthy");
    expect(await scripted(4)(1000, 1000)).toBe("healthy");
  });

  test("a burst of looks repeats the answer", async () => {
    const after = scripted(1);
    expect(await after(1000, 960)).toBe("unhealthy");
    expect(await after(10, 0)).toBe("unhealthy");
    expect(await after(240, 0)).toBe("healthy");
  });

  test("what is really used grows with work, and something is allowed", () => {
    const before = readCpu();
    expect(before.allowed).toBeGreaterThan(0);
    let sum = 0;
    while (readCpu().usedMs < before.usedMs + 20) sum += 1;
    expect(sum).toBeGreaterThan(0);
  });
});

describe("event loop", () => {
  test("is healthy when nothing holds it up, and told when something did", async () => {
    const check = eventLoopCheck({ degradedMs: 200, unhealthyMs: 400 });
    await pause(100);
    block(600);
    await pause(100);
    const answer = await ask(check);
    expect(answer).toMatchObject({ status: "unhealthy" });
    expect(answer.metadata?.["maxMs"]).toBeGreaterThan(300);
  });

  test("who asks takes nothing away from who asks within the next ten seconds", async () => {
    let nowMs = 0;
    const tools = { ...realTools, monotonicMs: () => nowMs };
    const check = eventLoopCheck({ degradedMs: 200, unhealthyMs: 400, tools });
    await pause(100);
    block(600);
    await pause(100);
    const seen = [];
    for (const atMs of [100, 200, 5000, 10_099, 10_100, 10_200]) {
      nowMs = atMs;
      const { status } = await ask(check);
      seen.push(status);
    }
    const ill = "unhealthy";
    expect(seen).toEqual([ill, ill, ill, ill, "healthy", "healthy"]);
  });

  test("looks that are far apart tell each stall once", async () => {
    let nowMs = 0;
    const tools = { ...realTools, monotonicMs: () => nowMs };
    const check = eventLoopCheck({ degradedMs: 200, unhealthyMs: 400, tools });
    await pause(100);
    block(600);
    await pause(100);
    nowMs = 30_000;
    expect(await ask(check)).toMatchObject({ status: "unhealthy" });
    await pause(100);
    nowMs = 60_000;
    expect(await ask(check)).toMatchObject({ status: "healthy" });
  });

  const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

  function block(ms: number): void {
    const until = performance.now() + ms;
    while (performance.now() < until);
  }
});

describe("disk", () => {
  test("a real folder, with limits below and above what is used", async () => {
    const folder = mkdtempSync(join(tmpdir(), "soulmirror-disk-"));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const all = { degradedAbove: 1, unhealthyAbove: 1 };
    expect(await ask(diskCheck(folder, all))).toMatchObject({ status: "healthy" });
    const some = { degradedAbove: 0, unhealthyAbove: 1 };
    expect(await ask(diskCheck(folder, some))).toMatchObject({ status: "degraded" });
    const none = { degradedAbove: 0, unhealthyAbove: 0 };
    expect(await ask(diskCheck(folder, none))).toMatchObject({ status: "unhealthy" });
    await expect(ask(diskCheck(join(folder, "gone")))).rejects.toThrow("ENOENT");
  });
});
