/** Dumps before a backup: whole or not there, and each failure told. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { DumpSpec } from "../../src/config/index.ts";
import { takeDumps } from "../../src/custodian/dumps/take-dumps.ts";
import { temporaryFolder } from "../afterwards.ts";

const { signal } = new AbortController();

function command(words: readonly string[], timeoutMs = 60_000): DumpSpec {
  return { kind: "command", words, env: {}, timeoutMs };
}

test("one that fails leaves the last good one, and those not declared any more go (D1, D3)", async () => {
  const folder = temporaryFolder("dumps");
  await takeDumps({ kept: command(["printf", "good"]), gone: command(["echo"]) }, folder, signal);
  expect(readdirSync(folder).toSorted()).toEqual(["gone", "kept"]);
  const broken = command(["sh", "-c", "printf half; exit 1"]);
  const outcomes = await takeDumps({ kept: broken }, folder, signal);
  expect(outcomes).toMatchObject([{ name: "kept", isTaken: false }]);
  expect(readdirSync(folder)).toEqual(["kept"]);
  expect(readFileSync(join(folder, "kept"), "utf8")).toBe("good");
});

test.each<readonly [string, DumpSpec, RegExp]>([
  ["a program that is not there", command(["/no/such/program"]), /ENOENT/],
  ["a program that says nothing", command(["true"]), /wrote nothing/],
  ["a program that takes too long", command(["sleep", "100"], 50), /ended by SIGKILL.*50 ms/],
  [
    "a database that is not there",
    { kind: "sqlite", path: "/no/such.db", env: {}, timeoutMs: 1000 },
    /no database \/no\/such\.db/,
  ],
])("%s is told", async (_, dump, reason) => {
  const folder = temporaryFolder("dumps");
  const [outcome] = await takeDumps({ dump }, folder, signal);
  expect(outcome).toMatchObject({
    isTaken: false,
    reason: expect.stringMatching(reason) as string,
  });
  expect(readdirSync(folder)).toEqual([]);
});

test("what is no database is told, and is not copied", async () => {
  const folder = temporaryFolder("dumps");
  const path = join(temporaryFolder("database"), "ledger.db");
  writeFileSync(path, "no database at all, but long enough to be taken for one".repeat(100));
  const dump = { kind: "sqlite", path, env: {}, timeoutMs: 5000 } as const;
  expect(await takeDumps({ dump }, folder, signal)).toMatchObject([{ isTaken: false }]);
  expect(readdirSync(folder)).toEqual([]);
});

test("who gives up ends the program", async () => {
  const folder = temporaryFolder("dumps");
  const giveUp = new AbortController();
  const taking = takeDumps({ slow: command(["sleep", "100"]) }, folder, giveUp.signal);
  setTimeout(() => giveUp.abort(), 20);
  await expect(taking).rejects.toThrow(/aborted/);
  expect(readdirSync(folder)).toEqual([]);
});
