/** Dumps before a backup: whole or not there, and each failure told. */
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Redis } from "ioredis";
import { expect, test } from "vitest";
import type { DumpSpec } from "../../src/config/index.ts";
import { acceptDumps } from "../../src/custodian/dumps/accept-dumps.ts";
import { doubtsOfDumps, readDumpNotes } from "../../src/custodian/dumps/dump-notes.ts";
import { takeDumps } from "../../src/custodian/dumps/take-dumps.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { startRedis } from "./redis-server.ts";

const { signal } = new AbortController();

function command(words: readonly string[], timeoutMs = 60_000): DumpSpec {
  return { kind: "command", words, env: {}, timeoutMs };
}

test("one that fails leaves the last good one, and those not declared any more go (D1, D3)", async () => {
  const folder = temporaryFolder("dumps");
  const dumps = join(folder, "dumps");
  await takeDumps({ kept: command(["printf", "good"]), gone: command(["echo"]) }, folder, signal);
  expect(readdirSync(dumps).toSorted()).toEqual(["gone", "kept"]);
  const broken = command(["sh", "-c", "printf half; exit 1"]);
  const { notes, outcomes } = await takeDumps({ kept: broken }, folder, signal);
  expect(outcomes).toMatchObject([{ name: "kept", isTaken: false }]);
  expect(notes).toMatchObject([{ name: "kept", sizeBytes: 4, trouble: "sh ended with 1: " }]);
  expect(readdirSync(dumps)).toEqual(["kept"]);
  expect(readFileSync(join(dumps, "kept"), "utf8")).toBe("good");
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
  const { outcomes } = await takeDumps({ dump }, folder, signal);
  const [outcome] = outcomes;
  expect(outcome).toMatchObject({
    isTaken: false,
    reason: expect.stringMatching(reason) as string,
  });
  expect(readdirSync(join(folder, "dumps"))).toEqual([]);
});

test("what is no database is told, and is not copied", async () => {
  const folder = temporaryFolder("dumps");
  const path = join(temporaryFolder("database"), "ledger.db");
  writeFileSync(path, "no database at all, but long enough to be taken for one".repeat(100));
  const dump = { kind: "sqlite", path, env: {}, timeoutMs: 5000 } as const;
  const { outcomes } = await takeDumps({ dump }, folder, signal);
  expect(outcomes).toMatchObject([{ isTaken: false }]);
  expect(readdirSync(join(folder, "dumps"))).toEqual([]);
});

test("who gives up ends the program", async () => {
  const folder = temporaryFolder("dumps");
  const giveUp = new AbortController();
  const taking = takeDumps({ slow: command(["sleep", "100"]) }, folder, giveUp.signal);
  setTimeout(() => giveUp.abort(), 20);
  await expect(taking).rejects.toThrow(/aborted/);
  expect(readdirSync(join(folder, "dumps"))).toEqual([]);
});

/** A database file, its dump, and what a look at the dumps says of them. */
class Ledger {
  readonly vaultFolder = temporaryFolder("dumps");
  readonly path = join(temporaryFolder("database"), "ledger.db");
  readonly dumps: Readonly<Record<string, DumpSpec>> = {
    ledger: { kind: "sqlite", path: this.path, env: {}, timeoutMs: 10_000 },
  };

  run(sql: string): void {
    using database = new DatabaseSync(this.path);
    database.exec(sql);
  }

  async dump(): Promise<string | undefined> {
    const { outcomes } = await takeDumps(this.dumps, this.vaultFolder, signal);
    const [outcome] = outcomes;
    return outcome?.isTaken === true ? outcome.doubt : undefined;
  }

  get files(): readonly string[] {
    return readdirSync(join(this.vaultFolder, "dumps")).toSorted();
  }

  coinsIn(file: string): number {
    using dumped = new DatabaseSync(join(this.vaultFolder, "dumps", file), { readOnly: true });
    return Number(dumped.prepare("select count(*) as count from coins").get()?.["count"]);
  }
}

const filled = "create table coins (value); insert into coins values (1), (2), (3);";

test.each<readonly [string, (ledger: Ledger) => void, RegExp]>([
  ["has no bytes any more", ({ path }) => writeFileSync(path, ""), /no table/],
  ["lost its tables", (ledger) => ledger.run("drop table coins"), /no table/],
  ["lost its rows", (ledger) => ledger.run("delete from coins"), /not a row/],
  [
    "lost nearly all of its size",
    (ledger) => ledger.run("delete from coins where value is not 1; vacuum"),
    /8 KiB, and the last good one/,
  ],
])("a database that %s does not take the place of the good dump (D4)", async (_, lose, doubt) => {
  const ledger = new Ledger();
  ledger.run(filled);
  ledger.run(`insert into coins with recursive n(i) as
    (select 1 union all select i + 1 from n where i < 100) select zeroblob(1000) from n`);
  expect(await ledger.dump()).toBe("");
  lose(ledger);
  expect(await ledger.dump()).toMatch(doubt);
  expect(ledger.files).toEqual(["ledger.db", "ledger.suspect.db"]);
  expect(ledger.coinsIn("ledger.db")).toBe(103);
  expect(doubtsOfDumps(await readDumpNotes(ledger.vaultFolder))).toHaveLength(1);
  // A person wants it so.
  const accepting = { dumps: ledger.dumps, vaultFolder: ledger.vaultFolder };
  await acceptDumps({ ...accepting, isAccepted: () => false });
  expect(ledger.files).toEqual(["ledger.db", "ledger.suspect.db"]);
  await acceptDumps({ ...accepting, isAccepted: () => true });
  expect(ledger.files).toEqual(["ledger.db"]);
  expect(doubtsOfDumps(await readDumpNotes(ledger.vaultFolder))).toEqual([]);
  expect(await ledger.dump()).toBe("");
});

test("a suspect dump goes when the database is well again", async () => {
  const ledger = new Ledger();
  ledger.run(filled);
  await ledger.dump();
  ledger.run("delete from coins");
  expect(await ledger.dump()).toMatch(/not a row/);
  ledger.run("insert into coins values (4)");
  expect(await ledger.dump()).toBe("");
  expect(ledger.files).toEqual(["ledger.db"]);
  expect(ledger.coinsIn("ledger.db")).toBe(1);
});

test("a database without a byte is suspect from the first; one without a table is not", async () => {
  const [none, fresh] = [new Ledger(), new Ledger()];
  writeFileSync(none.path, "");
  expect(await none.dump()).toMatch(/no bytes/);
  expect(none.files).toEqual(["ledger.suspect.db"]);
  fresh.run("create table coins (value); drop table coins");
  expect(await fresh.dump()).toBe("");
});

test("what a program writes is suspect when it is hardly anything of what it was", async () => {
  const folder = temporaryFolder("dumps");
  const writes = async (bytes: number): Promise<unknown> => {
    const list = command(["head", "-c", String(bytes), "/dev/zero"]);
    return (await takeDumps({ list }, folder, signal)).outcomes[0];
  };
  expect(await writes(100_000)).toMatchObject({ doubt: "" });
  expect(await writes(1000)).toMatchObject({ doubt: expect.stringMatching(/1,?000 B/) as string });
  expect(readFileSync(join(folder, "dumps", "list")).length).toBe(100_000);
  expect(await writes(90_000)).toMatchObject({ doubt: "" });
  // Little ones come and go.
  expect(await writes(30_000)).toMatchObject({ doubt: "" });
  expect(readdirSync(join(folder, "dumps"))).toEqual(["list"]);
});

test("a dump that is as the last one changes nothing (D5); it is as its database is (D6)", async () => {
  const ledger = new Ledger();
  ledger.run(filled);
  chmodSync(ledger.path, 0o640);
  await ledger.dump();
  const path = join(ledger.vaultFolder, "dumps", "ledger.db");
  const [file, folder] = [statSync(path), statSync(join(ledger.vaultFolder, "dumps"))];
  expect(file.mode & 0o777).toBe(0o640);
  expect(Math.round(file.mtimeMs)).toBe(Math.round(statSync(ledger.path).mtimeMs));
  await ledger.dump();
  expect(statSync(path)).toMatchObject({ ino: file.ino, ctimeMs: file.ctimeMs });
  expect(statSync(join(ledger.vaultFolder, "dumps")).mtimeMs).toBe(folder.mtimeMs);
  ledger.run("insert into coins values (4)");
  await ledger.dump();
  expect(ledger.coinsIn("ledger.db")).toBe(4);
});

test("Redis is dumped by its own program while it is written to, of one moment, and loaded", async () => {
  // Else it waits for others that may want the same.
  await using server = await startRedis(["--repl-diskless-sync-delay", "0"]);
  const client = new Redis(server.port, server.host);
  afterwards(() => client.disconnect());
  await client.mset("left", 1000, "right", 0);
  const isOver = new AbortController();
  const writing = (async () => {
    for (let count = 1; !isOver.signal.aborted; count += 1) {
      await client.multi().decr("left").set(`coin ${count}`, "gold").incr("right").exec();
    }
  })();
  const folder = temporaryFolder("dumps");
  const { host, port } = server;
  const cache = command(["redis-cli", "-h", host, "-p", String(port), "--rdb", "-"]);
  await until(async () => Number(await client.get("right")) > 10);
  expect((await takeDumps({ cache }, folder, signal)).outcomes).toMatchObject([{ doubt: "" }]);
  const rightThen = Number(await client.get("right"));
  await until(async () => Number(await client.get("right")) > rightThen);
  isOver.abort();
  await writing;
  client.disconnect();
  await using loaded = await startRedis(["--dir", join(folder, "dumps"), "--dbfilename", "cache"]);
  const reader = new Redis(loaded.port, loaded.host);
  afterwards(() => reader.disconnect());
  const [left = "", right = ""] = await reader.mget("left", "right");
  expect(Number(left) + Number(right)).toBe(1000);
  expect(Number(right)).toBeGreaterThan(10);
  expect(Number(right)).toBeLessThanOrEqual(rightThen);
  expect(await reader.dbsize()).toBe(2 + Number(right));
  // One that is away is told, and what was dumped stays.
  await server.stop();
  const { outcomes } = await takeDumps({ cache }, folder, signal);
  expect(outcomes).toMatchObject([{ isTaken: false }]);
  expect(readdirSync(join(folder, "dumps"))).toEqual(["cache"]);
});
