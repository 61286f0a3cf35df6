/**
 * The benches of the engine work: every case runs on the packed package, and a figure that is
 * missed is told as missed. Nothing is said about time here; what loading the package brings is
 * held to its limits.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { loadedModules } from "../../bench/engine/load.ts";
import { furnish, type PackedProject } from "../../bench/engine/packed-project.ts";
import { type CaseResult, judge } from "../../bench/engine/run-cases.ts";
import { processorCosts } from "../../bench/engine/servers.ts";
import { growthOf } from "../../bench/rig/growth.ts";
import { installPackage } from "../../bench/rig/packed-package.ts";
import { ratioInterval } from "../../bench/rig/ratio-interval.ts";
import { spreadOf } from "../../bench/rig/spread.ts";
import { packedOnce } from "./packed-once.ts";

let folder: string;
let project: PackedProject;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "soulmirror-bench-test-"));
  project = await furnish(await installPackage(folder, await packedOnce()));
}, 180_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

test('`import "soulmirror"` loads no package, and at most 90 modules', async () => {
  const { own, ofNode, foreign } = await loadedModules(project);
  expect(foreign).toEqual([]);
  expect(own.length).toBeGreaterThan(1);
  expect(own.length).toBeLessThanOrEqual(90);
  // What `import` of `node:util` brings along, unless it is taken as it is needed.
  expect(ofNode).not.toContain("worker_threads");
});

test("every case makes its calls, bare and measured", async () => {
  const names = await project.ask<readonly string[]>("list-cases");
  expect(names).toContain("full, 1/1");
  expect(names).toContain("cockatiel wrap");
  for (const name of names) {
    const words = [name, '{"rounds":1,"roundMs":0.01}'];
    const found = await project.ask<Record<string, number[]>>("measure-case", words);
    const counted = Object.values(found).map((each) => each.length);
    expect({ name, counted }).toEqual({ name, counted: [1, 1, 1, 1] });
  }
}, 180_000);

test("bytes are counted in windows without a collection", async () => {
  const words = ["breaker, 1/1", '{"rounds":3,"bytes":true}'];
  const flags = ["--expose-gc", "--min-semi-space-size=64", "--max-semi-space-size=64"];
  const found = await project.ask<Record<string, number[]>>("measure-case", words, flags);
  expect(spreadOf(found["bareBytes"] ?? []).median).toBeGreaterThan(0);
  expect(spreadOf(found["bytes"] ?? []).median).toBeGreaterThan(0);
});

test("targets and memory are counted, with all calls", async () => {
  const asked = '{"targets":50,"calls":3}';
  const flags = ["--expose-gc"];
  const found = await project.ask<Record<string, number>>("measure-targets", [asked], flags);
  expect(Object.keys(found)).toEqual(["bytes", "timers", "alive"]);
  expect(found["alive"]).toBe(50);
  const stretch = '{"calls":4000,"samples":4,"idleMs":8}';
  const memory = await project.ask("measure-memory", [stretch], flags);
  expect(memory).toMatchObject({ succeeded: 3996, failed: 4, heard: 4 });
});

test("a server of each framework answers on every way that is compared", async () => {
  await using teardown = new AsyncDisposableStack();
  const bench = { quick: true, folder, teardown, progress: () => {} };
  // Side by side: the figures only have to be there, and each round waits for its client.
  const measure = async (framework: "fastify" | "trpc"): Promise<void> => {
    const effort = { framework, processes: 1, turns: 2, requests: 20 };
    const costs = await processorCosts(bench, project, effort);
    expect(Object.keys(costs)).toEqual(["raw", "again", "shadow", "full", "middleware"]);
    for (const each of Object.values(costs)) expect(Math.min(...each)).toBeGreaterThan(0);
  };
  await Promise.all([measure("fastify"), measure("trpc")]);
});

test("a row is reached when its median and all its ratios are", () => {
  const results = new Map([
    ["ours", resultOf([100, 120, 90])],
    ["peer", resultOf([200, 200, 200])],
  ]);
  const reached = (mostNs: number, times: number): boolean | undefined =>
    judge({ name: "ours", mostNs, times: [["peer", times]] }, results).reached;
  expect(reached(100, 0.5)).toBe(true);
  expect(reached(99, 0.5)).toBe(false);
  expect(reached(100, 0.49)).toBe(false);
  const row = judge({ name: "ours", times: [["peer", 0.5]] }, results);
  expect(row.measured).toContain("100 ns extra (n=3, 90–120)");
  expect(row.measured).toContain("0.5x peer (0.45–0.6)");
  expect(judge({ name: "peer" }, results)).not.toHaveProperty("reached");
});

test("an interval holds the median, and is wider where pairs lie apart", () => {
  const near = ratioInterval(Array.from({ length: 21 }, (_, pair) => 1 + pair / 10_000));
  const far = ratioInterval(Array.from({ length: 21 }, (_, pair) => 1 + pair / 100));
  expect(near.median).toBeCloseTo(1.001, 6);
  expect(near.low).toBeLessThan(near.median);
  expect(near.high).toBeGreaterThan(near.median);
  expect(far.high - far.low).toBeGreaterThan((near.high - near.low) * 50);
});

test("growth is what a line says, not what the last value happens to be", () => {
  expect(growthOf([0, 10, 20, 30])).toBeCloseTo(30, 9);
  expect(growthOf([5, 5, 5, 5])).toBe(0);
  expect(growthOf([0, 9, 0, 9, 0, 9, 0])).toBeCloseTo(0, 9);
});

function resultOf(extra: readonly number[]): CaseResult {
  const extraNs = spreadOf(extra);
  const zero = spreadOf([0]);
  return { extraNs, typicalNs: extraNs, extraCpuNs: extraNs, bareNs: zero, bytes: 0, bareBytes: 0 };
}
