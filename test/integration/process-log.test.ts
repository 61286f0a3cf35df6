/** The log of a service under a writer that never rests. */
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { realTimers } from "../../src/system/index.ts";
import { maskWords, secretWords } from "../../src/targets/index.ts";
import { followLog, lastLines, ServiceLog } from "../../src/targets/process/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { instance, ProcessBench } from "./process-bench.ts";

/** Numbered lines, written one by one as fast as it goes, so that a lost one leaves a hole. */
const writer = `const { writeSync } = require("node:fs");
  console.log("up");
  let number = 0;
  const write = () => {
    for (let n = 0; n < 50; n += 1) writeSync(1, "line " + (number += 1) + " " + "x".repeat(40) + "\\n");
    setImmediate(write);
  };
  write();`;

test("rotation under a steady writer loses no line and keeps the generations it is told to", async () => {
  await using bench = new ProcessBench();
  await bench.start(writer);
  const log = bench.target.logOf(instance);
  const copies: string[] = [];
  for (let round = 0; round < 8; round += 1) {
    await until(() => log.end() - copies.join("").length > 300_000);
    expect(await log.rotate({ maxBytes: 1000, keep: 2 })).toBe(true);
    copies.push(readFileSync(`${log.path}.1`, "utf8"));
  }
  await bench.run("stop");
  const all = copies.join("") + readFileSync(log.path, "utf8");
  const numbers = [...all.matchAll(/^line (\d+) x{40}$/gm)].map((match) => Number(match[1]));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(numbers.length).toBeGreaterThan(30_000);
  const names = readdirSync(bench.directory.logs).toSorted();
  expect(names).toEqual(["shop.1.log", "shop.1.log.1", "shop.1.log.2"]);
});

test("a reader sees lines whole over a rotation, and a follower every one of them", async () => {
  await using bench = new ProcessBench();
  await bench.start(writer);
  const log = bench.target.logOf(instance);
  const over = new AbortController();
  const seen: number[] = [];
  const following = (async () => {
    for await (const line of followLog(log, { timers: realTimers, signal: over.signal, from: 0 })) {
      const number = Number(/^line (\d+) x{40}$/.exec(line)?.[1]);
      if (line !== "up") seen.push(number);
    }
  })();
  for (let round = 0; round < 3; round += 1) {
    const before = log.end();
    await until(() => log.end() > before + 200_000);
    await log.rotate({ maxBytes: 1000, keep: 9 });
    const lines = await lastLines(log, 500);
    expect(lines).toHaveLength(500);
    expect(lines.slice(0, -1).every((line) => /^line \d+ x{40}$/.test(line))).toBe(true);
  }
  await bench.run("stop");
  const last = Number((await lastLines(log, 1))[0]?.split(" ")[1]);
  await until(() => seen.at(-1) === last);
  over.abort();
  await following;
  expect(seen).toEqual(seen.map((_, index) => index + 1));
});

test("a line whose beginning is not read says so", async () => {
  await using bench = new ProcessBench();
  const log = bench.target.logOf(instance);
  writeFileSync(log.path, `${"x".repeat(70_000)}\nlast\n`);
  const [cut = "", ...rest] = await lastLines(log, 9);
  expect(cut).toMatch(/^\.{3}x+$/);
  expect(rest).toEqual(["last"]);
  expect(await lastLines(log, 1)).toEqual(["last"]);
});

test("where the file system cannot cut, the file is copied and emptied", async () => {
  await using bench = new ProcessBench();
  const slow = `console.log("up"); let n = 0; setInterval(() => console.log("line " + (n += 1)), 5);`;
  await bench.start(slow);
  const log = new ServiceLog(join(bench.directory.logs, "shop.1.log"), async () => false);
  await until(() => log.end() > 200);
  await log.rotate({ maxBytes: 100, keep: 1 });
  const end = log.end();
  await until(() => log.end() > end);
  await bench.run("stop");
  const both = readFileSync(`${log.path}.1`, "utf8") + readFileSync(log.path, "utf8");
  const numbers = [...both.matchAll(/^line (\d+)$/gm)].map((match) => Number(match[1]));
  expect(numbers).toEqual(numbers.map((_, index) => index + 1));
  expect(await lastLines(log, 3)).toHaveLength(3);
});

test("the target rotates by itself what its specification limits", async () => {
  await using bench = new ProcessBench();
  await bench.start(writer, { log: { maxBytes: 50_000, keep: 1 } });
  await until(() => readdirSync(bench.directory.logs).includes("shop.1.log.1"));
});

test("what is written faster than anybody looks fills no disk, and is told", async () => {
  await using bench = new ProcessBench();
  const flood = `const { writeSync } = require("node:fs");
    const text = ("x".repeat(39_999) + "\\n").repeat(50);
    setInterval(() => writeSync(1, text), 10);`;
  const specHash = bench.spec(flood, { log: { maxBytes: 50_000, keep: 2 } });
  expect(await bench.run("start", { specHash })).toMatchObject({ kind: "done" });
  const names = ["shop.1.log.1", "shop.1.log.2"].map((name) => join(bench.directory.logs, name));
  const isTold = (): boolean => bench.notes.some((note) => note.startsWith("log-lines-lost"));
  await until(() => names.every((name) => existsSync(name)) && isTold());
  await bench.run("stop");
  for (const name of names) expect(readFileSync(name).length).toBeLessThanOrEqual(100_000);
});

test.each([true, false])(
  "a generation that is bounded holds the end of a burst, and no offset leads to anything else (cut: %s)",
  async (isCut) => {
    const path = join(temporaryFolder("logs"), "shop.log");
    const lines = (from: number): string =>
      Array.from({ length: 10_000 }, (_, index) => `line ${from + index}\n`).join("");
    const log = isCut ? new ServiceLog(path) : new ServiceLog(path, async () => false);
    const rotation = { maxBytes: 10_000, keep: 3, generationMaxBytes: 20_000 };
    writeFileSync(path, lines(0));
    await log.rotate(rotation);
    const [before, lost] = [log.end(), log.takeLost()];
    expect(before).toBe(lines(0).length);
    expect(lost).toBeGreaterThan(60_000);
    expect(log.takeLost()).toBe(0);
    const kept = readFileSync(`${path}.1`, "utf8");
    expect(kept.length).toBeLessThanOrEqual(20_000);
    expect(kept).toMatch(/^\.\.\.\n\.\.\./);
    writeFileSync(path, lines(10_000).slice(0, 9000), { flag: "a" });
    const all = lines(0) + lines(10_000).slice(0, 9000);
    expect(log.end()).toBe(all.length);
    const reached = await log.read(0, all.length);
    expect(reached.bytes.toString()).toBe(all.slice(lost));
    expect(reached.from).toBe(lost);
    expect((await log.read(0, lost)).bytes.length).toBe(0);
    // The next daemon puts the generations one after another, and finds no line nobody wrote.
    writeFileSync(path, `\n${lines(20_000)}`, { flag: "a" });
    await log.rotate(rotation);
    const later = [".2", ".1", ""].map((end) => readFileSync(path + end, "utf8")).join("");
    const whole = later.split("\n").filter((line) => !/^\.\.\.|\.\.\.$/.test(line));
    expect(whole.join("\n")).toMatch(/^(line \d+\n)+$/);
  },
);

test("no generation grows beyond its bound while it is copied where nothing can be cut (L3)", async () => {
  const path = join(temporaryFolder("logs"), "shop.log");
  const append = (text: string): void => writeFileSync(path, text, { flag: "a" });
  const log = new ServiceLog(path, async () => {
    append("late\n".repeat(12_000));
    return false;
  });
  const rotation = { maxBytes: 10_000, keep: 3, generationMaxBytes: 20_000 };
  for (const first of ["early\n".repeat(2000), "early\n".repeat(9000)]) {
    append(first);
    await log.rotate(rotation);
    const kept = readFileSync(`${path}.1`, "utf8");
    expect(kept.length).toBeLessThanOrEqual(20_000);
    expect(kept).toMatch(/^\.\.\.\n\.\.\.\w*\n(late\n)+$/);
    expect(log.takeLost()).toBe(first.length + 60_000 - kept.length + "...\n...".length);
  }
});

test("a log that has filled the disk makes room: older parts go first, then its lines, and it is told (L3)", () => {
  const folder = temporaryFolder("log");
  const script = join(import.meta.dirname, "log-full-disk.ts");
  const words = ["-rm", process.execPath, script, folder];
  const told = JSON.parse(execFileSync("unshare", words, { encoding: "utf8" })) as unknown[];
  expect(told).toEqual([
    { left: ["shop.1.log", "shop.1.log.1"], lostBytes: 0, isSmall: true },
    { left: ["shop.1.log"], lostBytes: expect.any(Number) as number, isSmall: true },
  ]);
  expect((told[1] as { lostBytes: number }).lostBytes).toBeGreaterThan(600 * 1024);
});

test("half a secret is masked wherever a line was cut off (N1)", async () => {
  const secret = "s3cr3t-t0ken-of-the-shop";
  const path = join(temporaryFolder("logs"), "shop.log");
  const isMasked = (lines: readonly string[]): void => {
    expect(maskWords(lines.join("\n"), secretWords([secret]))).not.toMatch(/shop|s3cr/);
  };
  // Across the end of the block that is cut off.
  const log = new ServiceLog(path);
  writeFileSync(path, `${"x".repeat(4085)} ${secret}\nlast\n`);
  await log.rotate({ maxBytes: 10, keep: 0 });
  const lines = await lastLines(log, 9);
  expect(lines).toEqual([`...${secret.slice(10)}`, "last"]);
  isMasked(lines);
  // Across the end of what a follower hands on of a long line.
  const over = new AbortController();
  const from = log.end();
  writeFileSync(path, `${"x".repeat(70_000)} s3cr3t-t0k`, { flag: "a" });
  const parts: string[] = [];
  for await (const part of followLog(log, { timers: realTimers, signal: over.signal, from })) {
    parts.push(part);
    if (parts.length === 1) writeFileSync(path, `${secret.slice(10)}\nnext\n`, { flag: "a" });
    if (part === "next") over.abort();
  }
  expect(parts.slice(1)).toEqual([`...${secret.slice(10)}`, "next"]);
  isMasked(parts);
});

test("a follower is told where lines were lost before it could read them (N1)", async () => {
  const path = join(temporaryFolder("logs"), "shop.log");
  const log = new ServiceLog(path);
  const over = new AbortController();
  writeFileSync(path, "first\nhalf");
  const seen: string[] = [];
  for await (const line of followLog(log, { timers: realTimers, signal: over.signal, from: 0 })) {
    seen.push(line);
    if (line === "end") over.abort();
    if (line !== "first") continue;
    writeFileSync(path, ` a line\n${"later\n".repeat(5000)}end\n`, { flag: "a" });
    await log.rotate({ maxBytes: 10, keep: 0 });
  }
  expect(seen.slice(0, 2)).toEqual(["first", "half..."]);
  expect(seen[2]).toMatch(/^\.{3}[later]*$/);
  expect(new Set(seen.slice(3))).toEqual(new Set(["later", "end"]));
});

test("generations beyond what is to be kept now go, too, and without any nothing is copied", async () => {
  const path = join(temporaryFolder("logs"), "shop.log");
  const log = new ServiceLog(path);
  const fill = (): void => writeFileSync(path, "x".repeat(20_000), { flag: "a" });
  for (let round = 0; round < 6; round += 1) {
    fill();
    await log.rotate({ maxBytes: 10_000, keep: 5 });
  }
  expect(readdirSync(join(path, ".."))).toHaveLength(6);
  fill();
  expect(await log.rotate({ maxBytes: 1_000_000, keep: 2 })).toBe(false);
  expect(await log.rotate({ maxBytes: 10_000, keep: 2 })).toBe(true);
  expect(readdirSync(join(path, "..")).toSorted()).toEqual([
    "shop.log",
    "shop.log.1",
    "shop.log.2",
  ]);
  fill();
  expect(await log.rotate({ maxBytes: 10_000, keep: 0 })).toBe(true);
  const end = log.end();
  expect(readFileSync(path).length).toBeLessThan(20_000);
  expect((await log.read(end - 10, end)).bytes.toString()).toBe("x".repeat(10));
});

test("a link in the place of a log is neither written, cut nor shown", async () => {
  await using bench = new ProcessBench();
  const victim = join(temporaryFolder("logs"), "victim");
  const content = `up\n${"secret\n".repeat(10_000)}`;
  writeFileSync(victim, content);
  const log = bench.target.logOf(instance);
  symlinkSync(victim, log.path);
  // It has no log then, and runs all the same.
  const marker = `${victim}.said`;
  const file = JSON.stringify(marker);
  await bench.start(
    `console.log("written"); require("fs").writeFileSync(${file}, ""); setInterval(() => {}, 1000)`,
  );
  await until(() => existsSync(marker));
  expect(await log.rotate({ maxBytes: 10, keep: 1 })).toBe(false);
  expect(await lastLines(log, 3)).toEqual([]);
  await bench.run("stop");
  expect(readFileSync(victim, "utf8")).toBe(content);
});
