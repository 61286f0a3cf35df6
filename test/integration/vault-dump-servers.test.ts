/**
 * Dumps of real servers that are written to meanwhile: from the vault into a new server, and of one
 * moment (D2). What fails is told by name, and the last good dump stays (D1).
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { commandLine, descendantsOf } from "../../src/system/index.ts";
import { vaultStateOfText } from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { found, until } from "../until.ts";
import type { CliBench } from "./cli-bench.ts";
import { initVault, openVaultBench, resticIn, writeVaultFleet } from "./cli-vault-bench.ts";
import {
  type Database,
  type DatabaseKind,
  keepWriting,
  makeSides,
  mariadb,
  postgres,
  sumsOf,
} from "./database-bench.ts";
import type { DatabaseServer } from "./servers/server-process.ts";

interface Scene {
  readonly bench: CliBench;
  readonly server: DatabaseServer;
  readonly database: Database;
  /** Where the dumps lie, before they are part of a snapshot. */
  readonly dumps: string;
  readonly name: string;
}

async function openScene(kind: DatabaseKind, more = ""): Promise<Scene> {
  const bench = await openVaultBench();
  afterwards(() => bench[Symbol.asyncDispose]());
  const server = await kind.start();
  afterwards(() => server[Symbol.asyncDispose]());
  const database = await kind.connect(server);
  afterwards(() => database[Symbol.asyncDispose]());
  await makeSides(database, kind);
  const [key, what] =
    kind.name === "postgres" ? ["pg_dump", "--dbname=postgres"] : ["mariadb_dump", "test"];
  const words = JSON.stringify([...kind.words(server), what]);
  await writeVaultFleet(bench, `    dumps: { sides: { ${key}: ${words}${more} } }\n`);
  await initVault(bench);
  const dumps = bench.path(".soulmirror/vault/treasure/dumps");
  return { bench, server, database, dumps, name: "sides.sql" };
}

/** What the daemon is told of the last run. */
function lastRun(bench: CliBench): unknown {
  const text = readFileSync(bench.path(".soulmirror/vault/treasure/state.json"), "utf8");
  const state = vaultStateOfText(text);
  return state.ok ? state.value.runs.at(-1) : state.error;
}

test.each([postgres, mariadb])(
  "$name: dumped under load, of one moment (D2)",
  async (kind) => {
    const { bench, database, dumps, name } = await openScene(kind);
    {
      await using writing = keepWriting(database);
      await until(() => writing.count > 10);
      expect(await bench.run("vault", "backup")).toMatchObject({ code: 0 });
    }
    await using fresh = await kind.start();
    const target = bench.path("restored");
    await resticIn(bench, "second", "restore", "latest", "--target", target);
    kind.load(fresh, join(target, dumps, name));
    await using loaded = await kind.connect(fresh);
    const { given, sum } = await sumsOf(loaded);
    expect(sum).toBe(0);
    expect(given).toBeGreaterThan(10);
    expect((await sumsOf(database)).given).toBeGreaterThan(given);
  },
  200_000,
);

test("a server that is away, and one that is killed while it is dumped", async () => {
  const { bench, database, dumps, name, server } = await openScene(postgres);
  expect(await bench.run("vault", "backup")).toMatchObject({ code: 0 });
  expect(lastRun(bench)).toMatchObject({ verdict: "good" });
  const good = readFileSync(join(dumps, name));

  // The dump waits for this lock, in the middle of its work.
  await database.query("begin; lock table side_b in access exclusive mode");
  const running = bench.start(["vault", "backup"]);
  const pid = await found(
    () =>
      descendantsOf(running.child.pid ?? 0).find(({ pid: each }) =>
        commandLine(each).includes("--dbname"),
      )?.pid,
  );
  const writing = bench.path(".soulmirror/vault/treasure/dumping");
  await running.until(() => readdirSync(writing).includes(name), "it dumps");
  process.kill(pid, "SIGKILL");
  const killed = await running.ended;
  expect(killed).toMatchObject({ code: 3 });
  expect(killed.out).toMatch(/dump sides failed: pg_dump was ended by SIGKILL/);
  expect(lastRun(bench)).toMatchObject({ verdict: "suspect", reason: "dump sides failed" });

  await server.kill();
  const away = await bench.run("vault", "backup");
  expect(away).toMatchObject({ code: 3 });
  expect(away.out).toMatch(/dump sides failed: pg_dump ended with 1: .*onnection refused/s);
  expect(readdirSync(dumps)).toEqual([name]);
  expect(readFileSync(join(dumps, name)).equals(good)).toBe(true);
}, 200_000);

test("a wrong password is told, and neither it nor the right one is seen anywhere", async () => {
  const { bench, database, dumps, name, server } = await openScene(mariadb);
  await database.query("create user dumper@localhost identified by 'open sesame'");
  await database.query("grant all on *.* to dumper@localhost; flush privileges");
  const words = JSON.stringify([`--host=${server.host}`, `--port=${server.port}`, "--user=dumper"]);
  const fleetWith = (password: string): Promise<void> =>
    writeVaultFleet(
      bench,
      `    dumps: { sides: { mariadb_dump: ${words.replace("]", ', "test"]')}, env: { MYSQL_PWD: "${password}" } } }\n`,
    );
  await fleetWith("open sesame");
  const seen = new Set<string>();
  const running = bench.start(["vault", "backup"]);
  await running.until(() => {
    for (const { pid } of descendantsOf(running.child.pid ?? 0)) seen.add(commandLine(pid));
    return [...seen].some((each) => each.includes("--single-transaction"));
  }, "it dumps");
  expect(await running.ended).toMatchObject({ code: 0 });
  const { size } = statSync(join(dumps, name));
  expect(size).toBeGreaterThan(1_000_000);

  await fleetWith("close sesame");
  const wrong = await bench.run("vault", "backup");
  expect(wrong).toMatchObject({ code: 3 });
  expect(wrong.out).toMatch(/dump sides failed: mariadb-dump ended with 2: .*Access denied/s);
  expect([...seen, wrong.out, wrong.err, running.said].join()).not.toContain("sesame");
  expect(statSync(join(dumps, name)).size).toBe(size);
}, 200_000);

test("a disk that is full", () => {
  const folder = temporaryFolder("dumps");
  mkdirSync(join(folder, "disk"));
  const script = new URL("vault-dumps-full-disk.ts", import.meta.url).pathname;
  const words = ["--user", "--map-root-user", "--mount", process.execPath, script];
  const said = execFileSync("unshare", [...words, join(folder, "disk")], { encoding: "utf8" });
  expect(JSON.parse(said)).toEqual({
    left: ["list"],
    list: "good",
    reason: expect.stringContaining("No space left on device") as string,
  });
});
