/** What the patch of `fs` remembers of writes, and that it is silent where all is well. */
import fs from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { expect, test } from "vitest";
import { type Write, WritesUnderWay } from "../../src/engine/files/patch/writes-under-way.ts";
import { patchFileSystem } from "../../src/public/files.ts";
import { ManualTools } from "../../src/resilience/manual-tools.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";

const writesMax = 1000;
const write = (promise: Promise<unknown>): Write => ({
  kind: "write",
  operation: "fs.promises.writeFile",
  data: "x",
  encoding: "utf8",
  stack: {},
  isSameTurn: true,
  isOver: false,
  promise,
});

test("U2: no more than so many are known; what has ended is found out, and forgotten", async () => {
  const tools = new ManualTools();
  const writes = new WritesUnderWay(tools);
  const gate = Promise.withResolvers<void>();
  const failed = Promise.reject(new Error("handled here"));
  failed.catch(() => undefined);
  for (let index = 0; index < 2 * writesMax; index += 1) {
    writes.add(`f${index % 900}`, write(gate.promise));
  }
  expect(writes.count).toBe(writesMax);
  for (let index = 0; index < 20; index += 1) writes.add("f3", write(gate.promise));
  expect(writes.count).toBe(writesMax);
  expect(writes.at("f3").length).toBe(2);
  expect(writes.at("f3").every(({ isSameTurn }) => isSameTurn)).toBe(true);
  await tools.advance(1000);
  expect(writes.count).toBe(writesMax);
  expect(writes.at("f3").some(({ isSameTurn }) => isSameTurn)).toBe(false);
  gate.resolve();
  await tools.settle();
  expect(writes.at("f3")).toEqual([]);
  writes.add("f3", write(failed));
  expect(writes.count).toBe(writesMax - 1);
  await tools.advance(1000);
  expect(writes.isEmpty).toBe(true);
  expect(tools.pendingTimers).toBe(0);
});

test("U2: of one file the newest are known", () => {
  const writes = new WritesUnderWay(new ManualTools());
  const never = new Promise<void>(() => undefined);
  for (let index = 0; index < 100; index += 1) writes.add("f", write(never));
  expect(writes.count).toBe(8);
  expect(writes.at("f").length).toBe(8);
});

test("clean traffic of four kinds has no finding: one after the other, side by side, a log, whole files", async () => {
  const place = temporaryFolder("files");
  const found: unknown[] = [];
  const tools = new ManualTools();
  afterwards(patchFileSystem({ tools, onFinding: (finding) => found.push(finding) }));
  const { promises } = fs;
  const turn = async (name: string): Promise<void> => {
    const path = join(place, name);
    for (let round = 0; round < 60; round += 1) {
      const content = "x".repeat(round * 100);
      // An empty file, too, now and then; it is filled soon.
      await promises.writeFile(path, content);
      expect((await promises.readFile(path, "utf8")).length).toBe(content.length);
      expect((await promises.stat(path)).size).toBe(content.length);
      fs.writeFileSync(path, "more");
      expect(fs.readFileSync(path, "utf8")).toBe("more");
      await pipeline([Buffer.alloc(round * 1000)], fs.createWriteStream(path));
      expect(fs.statSync(path).size).toBe(round * 1000);
      await promises.writeFile(path, "filled");
    }
  };
  const log = fs.createWriteStream(join(place, "app.log"));
  const whole = join(place, "whole");
  fs.writeFileSync(whole, "0".repeat(1000));
  const logged = async (): Promise<void> => {
    for (let round = 0; round < 200; round += 1) {
      log.write(`${round}\n`);
      await promises.appendFile(join(place, "lines"), `${round}\n`);
      fs.readFileSync(join(place, "app.log"));
      await promises.readFile(join(place, "lines"));
    }
  };
  const replaced = async (): Promise<void> => {
    for (let round = 0; round < 200; round += 1) {
      await promises.writeFile(`${whole}.new`, String(round % 10).repeat(1000));
      await Promise.all([promises.rename(`${whole}.new`, whole), promises.readFile(whole)]);
    }
  };
  await Promise.all([turn("a"), turn("b"), turn("c"), logged(), replaced()]);
  log.end();
  await tools.advance(5000);
  expect(found).toEqual([]);
});
