/** Watched log files: what happens to real ones. */
import {
  appendFileSync,
  copyFileSync,
  readdirSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { JsonRecord } from "../../src/kernel/index.ts";
import type { OccurrenceReading } from "../../src/model/index.ts";
import { realClock } from "../../src/system/index.ts";
import { createLogSensor } from "../../src/targets/log/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { checkOf, requestOf } from "../conformance/sensor.ts";

function watch(parameters: JsonRecord = {}) {
  const folder = temporaryFolder("log-sensor");
  const sensor = createLogSensor({ clock: realClock });
  const at = (name: string): string => join(folder, name);
  const look = { parameters: { file: at("app.log"), pattern: "ERROR", ...parameters } };
  const request = requestOf("log", look);
  afterwards(() => sensor.forget?.(request.spec.key));
  return {
    at,
    readings: () => sensor.read(request, new AbortController().signal),
    async count(): Promise<number> {
      const readings = await this.readings();
      expect(checkOf(readings)).toMatchObject({ ok: true });
      return found(readings).count;
    },
  };
}

function found(readings: readonly unknown[]): OccurrenceReading {
  return (readings as readonly OccurrenceReading[]).find(
    ({ kind }) => kind === "occurrence",
  ) as OccurrenceReading;
}

test("only what is new counts, once, and the last line is the reason", async () => {
  const log = watch();
  writeFileSync(log.at("app.log"), "ERROR old\n");
  expect(await log.count()).toBe(0);
  appendFileSync(log.at("app.log"), "ERROR one\nfine\nERROR \u001b[31mtwo\u001b[0m\nERROR half");
  const readings = await log.readings();
  expect(found(readings)).toMatchObject({ name: "ERROR", count: 2 });
  expect(found(readings).reason).toMatch(/app\.log: \u2068ERROR .*two.*\u2069$/);
  appendFileSync(log.at("app.log"), " a line\n");
  expect(await log.count()).toBe(1);
  expect(await log.count()).toBe(0);
});

test("a file that is not there yet is waited for and read from its start", async () => {
  const log = watch();
  expect(await log.count()).toBe(0);
  writeFileSync(log.at("app.log"), "ERROR first\n");
  expect(await log.count()).toBe(1);
});

test("rotation by renaming loses nothing, neither in the old file nor in the new one", async () => {
  const log = watch();
  writeFileSync(log.at("app.log"), "");
  await log.count();
  appendFileSync(log.at("app.log"), "ERROR before\n");
  renameSync(log.at("app.log"), log.at("app.log.1"));
  appendFileSync(log.at("app.log.1"), "ERROR late\n");
  writeFileSync(log.at("app.log"), "ERROR after\n");
  expect(await log.count()).toBe(3);
  expect(await log.count()).toBe(0);
});

test("rotation by copying and cutting is followed, and the copy does not count again", async () => {
  const log = watch();
  const glob = watch({ file: log.at("app.log*") });
  writeFileSync(log.at("app.log"), "ERROR 1\nERROR 2\n");
  for (const each of [log, glob]) expect(await each.count()).toBe(0);
  copyFileSync(log.at("app.log"), log.at("app.log.1"));
  truncateSync(log.at("app.log"));
  appendFileSync(log.at("app.log"), "ERROR 3\n");
  for (const each of [log, glob]) expect(await each.count()).toBe(1);
});

test("a file that was cut and has grown beyond our place is known by its bytes", async () => {
  const log = watch();
  writeFileSync(log.at("app.log"), "ERROR a\n");
  await log.count();
  truncateSync(log.at("app.log"));
  appendFileSync(log.at("app.log"), "ERROR b\nERROR c\nERROR d\n");
  expect(await log.count()).toBe(3);
});

test("a deleted file is read to its end and let go", async () => {
  const log = watch();
  writeFileSync(log.at("app.log"), "");
  await log.count();
  appendFileSync(log.at("app.log"), "ERROR last words\n");
  unlinkSync(log.at("app.log"));
  expect(await log.count()).toBe(1);
  expect(await log.count()).toBe(0);
});

test("several files and patterns: a line counts once", async () => {
  const log = watch({ pattern: ["ERROR", "/fatal|ERROR x/i"] });
  const many = watch({ file: `${log.at("*")}.log`, pattern: ["ERROR", "/fatal|ERROR x/i"] });
  writeFileSync(log.at("a.log"), "");
  writeFileSync(log.at("b.log"), "");
  await many.count();
  appendFileSync(log.at("a.log"), "ERROR x\nfine\n");
  appendFileSync(log.at("b.log"), "Fatal\n");
  expect(await many.count()).toBe(2);
});

test("bytes that are no text and lines without an end do no harm", async () => {
  const log = watch();
  writeFileSync(log.at("app.log"), "");
  await log.count();
  const noise = Buffer.from(Array.from({ length: 300_000 }, (_, index) => (index * 7919) % 256));
  appendFileSync(log.at("app.log"), Buffer.concat([noise, Buffer.from("\nERROR ok\n")]));
  appendFileSync(log.at("app.log"), `${"x".repeat(1_000_000)} ERROR too far\nERROR near\n`);
  expect(await log.count()).toBe(2);
});

test("a slow expression is told, and the lines after it are read in the next look", async () => {
  const log = watch({ pattern: "/^(x+x+)+y/" });
  writeFileSync(log.at("app.log"), "");
  await log.count();
  appendFileSync(log.at("app.log"), `${"x".repeat(5000)}\n`);
  const check = checkOf(await log.readings());
  expect(check).toMatchObject({ ok: false, symptom: "sensor" });
  expect(check?.reason).toContain("simplify it");
  appendFileSync(log.at("app.log"), "xxy\n");
  expect(await log.count()).toBe(1);
});

test("a link to a log is the log; /proc is no place for logs", async () => {
  const log = watch();
  writeFileSync(log.at("real"), "");
  symlinkSync(log.at("real"), log.at("app.log"));
  await log.count();
  appendFileSync(log.at("real"), "ERROR\n");
  expect(await log.count()).toBe(1);
  const proc = watch({ file: "/proc/self/status" });
  expect(checkOf(await proc.readings())).toMatchObject({ ok: false, symptom: "sensor" });
});

test("where something cannot be looked at, files that are gone are let go all the same", async () => {
  const log = watch({ file: "*" });
  const many = watch({ file: log.at("*.log") });
  // A link to itself: as long as it is there, nobody knows whether all files were found.
  symlinkSync(log.at("loop.log"), log.at("loop.log"));
  writeFileSync(log.at("app.log"), "");
  await many.readings();
  const before = readdirSync("/proc/self/fd").length;
  for (let round = 0; round < 20; round += 1) {
    unlinkSync(log.at("app.log"));
    writeFileSync(log.at("app.log"), "");
    await many.readings();
  }
  for (let round = 0; round < 200; round += 1) {
    renameSync(log.at("app.log"), log.at(`${round}.old`));
    writeFileSync(log.at("app.log"), "");
    await many.readings();
  }
  expect(readdirSync("/proc/self/fd").length - before).toBeLessThanOrEqual(130);
});
