/**
 * What watching a tree costs: `node bench/vault-watch.ts [--files 50000] [--folders N] [--idle 10]
 * [--storm 100000] [--root FOLDER]`. With `--root` the tree is kept and used again.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type WatchEvent, watchTree } from "../src/platform/watch/index.ts";
import { rawPathOfText } from "../src/vault/index.ts";
import { until } from "../test/until.ts";

const { values } = parseArgs({
  options: {
    files: { type: "string", default: "50000" },
    folders: { type: "string" },
    idle: { type: "string", default: "10" },
    storm: { type: "string", default: "100000" },
    root: { type: "string" },
    /** What the program calls itself with, to make a storm from outside. */
    blow: { type: "boolean", default: false },
  },
});

const fileCount = Number(values.files);
const folderCount = Number(values.folders ?? Math.ceil(fileCount / 24.5));
const stormCount = Number(values.storm);
const root = values.root ?? mkdtempSync(join(tmpdir(), "vault-watch-"));

function folderOf(index: number): string {
  return join(root, `area-${index % 200}`, `folder-${Math.floor(index / 200)}`);
}

function build(): void {
  if (existsSync(folderOf(folderCount - 1))) return;
  let file = 0;
  for (let index = 0; index < folderCount; index += 1) {
    const folder = folderOf(index);
    mkdirSync(folder, { recursive: true });
    const end = Math.floor(((index + 1) * fileCount) / folderCount);
    for (; file < end; file += 1) closeSync(openSync(join(folder, `file-${file}.txt`), "w"));
  }
}

/** A third each of new files, of folders made on the way, and of files written twice. */
function blow(): void {
  const text = `storm-${process.pid}`;
  for (let index = 0; index < stormCount; index += 1) {
    const folder = folderOf((index * 7) % folderCount);
    if (index % 100 === 0)
      mkdirSync(join(folder, `${text}-folder-${index}`, "deep"), { recursive: true });
    writeFileSync(join(folder, `${text}-${index % 3 === 0 ? index : "again"}`), "x");
  }
}

function print(what: string, value: number | string, unit: string): void {
  console.log(`${what.padEnd(52)} ${String(value).padStart(10)} ${unit}`);
}

const told = new Set<string>();
let reconciles: WatchEvent[] = [];

function hear(event: WatchEvent): void {
  if (event.kind === "changed") for (const folder of event.folders) told.add(folder);
  else if (event.kind === "reconcile") reconciles.push(event);
  else console.log(JSON.stringify(event));
}

function memoryMb(): number {
  return Math.round(process.memoryUsage.rss() / 2 ** 20);
}

async function measure(): Promise<void> {
  console.log(`${fileCount} files in ${folderCount} folders`);
  build();
  print("memory before", memoryMb(), "MB");
  const beganMs = performance.now();
  const tree = { roots: [rawPathOfText(root)], exclude: [], without: [] };
  {
    await using watch = await watchTree({ ...tree, hear });
    print("set-up", Math.round(performance.now() - beganMs), "ms");
    const figures = await watch.figures();
    print("folders watched", `${figures?.watchCount} of ${figures?.folderCount}`, "");
    print("memory after set-up", memoryMb(), "MB");
    await measureIdle();
    await measureLatency();
    await measureStorm();
    print("memory after the storm", memoryMb(), "MB");
  }
  if (values.root === undefined) rmSync(root, { recursive: true, force: true });
}

async function measureIdle(): Promise<void> {
  await pause(2000);
  const before = process.cpuUsage();
  await pause(Number(values.idle) * 1000);
  const { user, system } = process.cpuUsage(before);
  const usedMs = (user + system) / 1000;
  print(`processor in ${values.idle} s without changes`, usedMs.toFixed(1), "ms");
}

async function measureLatency(): Promise<void> {
  const latencies: number[] = [];
  for (let index = 0; index < 20; index += 1) {
    const folder = folderOf((index * 97) % folderCount);
    told.clear();
    const closedMs = performance.now();
    writeFileSync(join(folder, "latency.txt"), String(index));
    await until(() => told.has(folder), { everyMs: 1 });
    latencies.push(performance.now() - closedMs);
  }
  latencies.sort((one, other) => one - other);
  print("from close() to told, median (200 ms of quiet in it)", at(latencies, 0.5), "ms");
  print("the slowest of 20", at(latencies, 1), "ms");
}

function at(sorted: readonly number[], share: number): string {
  const index = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
  return (sorted[index] ?? Number.NaN).toFixed(0);
}

async function measureStorm(): Promise<void> {
  told.clear();
  reconciles = [];
  const before = process.cpuUsage();
  const beganMs = performance.now();
  const program = spawn(
    process.execPath,
    [
      import.meta.filename,
      "--blow",
      "--root",
      root,
      "--storm",
      values.storm,
      "--files",
      values.files,
      "--folders",
      String(folderCount),
    ],
    { stdio: "inherit" },
  );
  await once(program, "exit");
  const blownMs = performance.now() - beganMs;
  const duringCount = reconciles.length;
  const expected = new Set<string>();
  for (let index = 0; index < stormCount; index += 1)
    expected.add(folderOf((index * 7) % folderCount));
  const missing = (): number => [...expected].filter((folder) => !told.has(folder)).length;
  const isAnswered = (): boolean => missing() === 0 || reconciles.length > duringCount;
  let lost = 0;
  await until(isAnswered, { limitMs: 60_000, everyMs: 20 }).catch(() => {
    lost = missing();
  });
  const { user, system } = process.cpuUsage(before);
  print(`storm of ${stormCount} changes`, Math.round(blownMs), "ms");
  print("all told after it", Math.round(performance.now() - beganMs - blownMs), "ms");
  print("processor for the storm", Math.round((user + system) / 1000), "ms");
  await pause(6000);
  print(
    "reconciles",
    reconciles.map((event) => "reason" in event && event.reason).join(" ") || 0,
    "",
  );
  print("folders lost", lost, "");
}

if (values.blow) blow();
else await measure();
