/** Databases that are in a vault by their dumps, as a person at the command line meets them. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { afterwards } from "../afterwards.ts";
import type { CliBench } from "./cli-bench.ts";
import { initVault, openVaultBench, writeVaultFleet } from "./cli-vault-bench.ts";

async function openLedger(): Promise<CliBench> {
  const bench = await openVaultBench();
  afterwards(() => bench[Symbol.asyncDispose]());
  mkdirSync(bench.path("source/db"));
  fill(bench.path("source/db/ledger.db"));
  await writeVaultFleet(
    bench,
    `    dumps:
      ledger: { sqlite: ./source/db/ledger.db }
      list: { command: [printf, well] }
`,
  );
  await initVault(bench);
  expect(await bench.run("vault", "backup")).toMatchObject({ code: 0 });
  return bench;
}

function fill(path: string): void {
  using database = new DatabaseSync(path);
  database.exec("create table coins (value); insert into coins values (41), (42)");
}

function coinsIn(path: string): number {
  using database = new DatabaseSync(path, { readOnly: true });
  return Number(database.prepare("select count(*) as count from coins").get()?.["count"]);
}

test("a database that was emptied is suspect, and its good dump stays, until that is accepted", async () => {
  const bench = await openLedger();
  writeFileSync(bench.path("source/db/ledger.db"), "");
  const emptied = await bench.run("vault", "backup");
  expect(emptied).toMatchObject({ code: 3 });
  expect(emptied.out).toContain("suspect: dump ledger: it has no table");
  const status = await bench.run("vault", "status");
  expect(status).toMatchObject({ code: 1 });
  expect(status.out).toMatch(/Last backup .* suspect: dump ledger is suspect: it has no table/);
  expect(status.out).toMatch(/Dump ledger: suspect: it has no table.*; the last good one, .* old/);
  expect(status.out).toMatch(/Dump list: 4 B, .* ago/);
  const pruned = await bench.run("vault", "prune");
  expect(pruned).toMatchObject({ code: 3 });
  expect(pruned.out).toContain("the dump ledger is suspect: it has no table");
  expect(await bench.run("vault", "prune", "--accept")).toMatchObject({ code: 0 });
  expect(await bench.run("vault", "backup")).toMatchObject({ code: 0 });
  expect((await bench.run("vault", "status")).out).toMatch(/Dump ledger: 4 KiB, .* ago/);
}, 250_000);

test("a restore puts a database where it was, and says where other dumps lie", async () => {
  const bench = await openLedger();
  const database = bench.path("source/db/ledger.db");
  const target = bench.path("restored");
  const folder = bench.path("source/db");
  const part = await bench.run("vault", "restore", "--target", target, "--path", folder);
  expect(part).toMatchObject({ code: 0 });
  expect(part.out).toContain(`Database ledger: ${target}${database}, as its dump has it.`);
  expect(coinsIn(target + database)).toBe(2);
  rmSync(target, { recursive: true });
  const all = await bench.run("vault", "restore", "--target", target, "--proof");
  expect(all).toMatchObject({ code: 0 });
  expect(coinsIn(target + database)).toBe(2);
  const list = bench.path(".soulmirror/vault/treasure/dumps/list");
  expect(all.out).toContain(`Database list: its dump is ${target}${list}; load it`);
}, 250_000);

test("into place: what is younger stays, and nothing is put beside a log that is there", async () => {
  const bench = await openLedger();
  const database = bench.path("source/db/ledger.db");
  const back = ["vault", "restore", "--target", "/", "--path", database];
  const same = await bench.run(...back);
  expect(same).toMatchObject({ code: 0 });
  expect(same.out).toContain("1 there already");
  using open = new DatabaseSync(database);
  open.exec("delete from coins");
  expect((await bench.run(...back)).out).toContain("is left as it is");
  expect(coinsIn(database)).toBe(0);
  open.close();
  rmSync(database);
  writeFileSync(`${database}-wal`, "what another state of it left");
  const refused = await bench.run(...back);
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.err).toContain(`${database}-wal is there`);
  expect(existsSync(database)).toBe(false);
  rmSync(`${database}-wal`);
  expect(await bench.run(...back)).toMatchObject({ code: 0 });
  expect(coinsIn(database)).toBe(2);
}, 250_000);
