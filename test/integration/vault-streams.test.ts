/**
 * Streams of real servers: from the vault to a moment before the damage, across a crash of the
 * server; and never across a gap (T1).
 */
import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { readState } from "../../src/custodian/state-file.ts";
import { linesIn } from "../../src/custodian/streams/stream-folder.ts";
import type { Line } from "../../src/custodian/streams/stream-line.ts";
import { Streams } from "../../src/custodian/streams/streams.ts";
import type { VaultStream } from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import type { CliBench, Ended } from "./cli-bench.ts";
import { initVault, openVaultBench, writeVaultFleet } from "./cli-vault-bench.ts";
import { type Database, type DatabaseKind, mariadb, postgres } from "./database-bench.ts";
import { startPostgres } from "./servers/postgres.ts";
import type { DatabaseServer } from "./servers/server-process.ts";

/** Under the limit of the tests, and generous. */
const limitMs = 90_000;

class Scene {
  readonly told: string[] = [];
  readonly #kind: DatabaseKind;
  readonly bench: CliBench;
  readonly server: DatabaseServer;

  constructor(kind: DatabaseKind, bench: CliBench, server: DatabaseServer) {
    [this.#kind, this.bench, this.server] = [kind, bench, server];
  }

  async stream(): Promise<AsyncDisposable> {
    const spec = {
      kind: this.#kind.name,
      words: keeperWords(this.#kind, this.server),
      env: {},
      base: { kind: "every", everyMs: 86_400_000 },
      pauseMs: 200,
      timeoutMs: 120_000,
    } as const;
    const streams = await Streams.start({
      spec: { name: "treasure", streams: { rows: spec } },
      folder: this.bench.path(".soulmirror/vault/treasure"),
      onChange: () => undefined,
      tell: ({ kind, text }) => this.told.push(`${kind}: ${text}`),
    });
    afterwards(() => streams[Symbol.asyncDispose]());
    return streams;
  }

  async lines(): Promise<readonly Line[]> {
    const folder = this.bench.path(".soulmirror/vault/treasure/streams/rows");
    return (await linesIn(folder)).map(({ note }) => note);
  }

  /** Until all that is committed by now is on the shelf, and can be reached from a base. */
  async covered(): Promise<void> {
    const nowMs = Date.now();
    const isCovered = async (): Promise<boolean> => {
      const line = (await this.lines()).findLast(({ ended }) => ended === undefined);
      return (line?.bases.length ?? 0) > 0 && (line?.covered?.atMs ?? 0) > nowMs;
    };
    await until(isCovered, { limitMs, everyMs: 50, what: "it covers now", seen: () => this.told });
  }

  async connect(): Promise<Database> {
    const database = await this.#kind.connect(this.server);
    afterwards(() => database[Symbol.asyncDispose]());
    return database;
  }

  async backUp(): Promise<void> {
    expect(await this.bench.run("vault", "backup")).toMatchObject({ code: 0 });
  }
}

/** Who may do what `docs/vault/streams.md` says is needed, and nothing else. */
const keeper = {
  postgres: "create role keeper login replication",
  mariadb: ["localhost", "127.0.0.1"]
    .map(
      (from) => `create user keeper@'${from}'; grant select, show view, trigger, event, lock tables,
        reload, process, replication slave, binlog monitor on *.* to keeper@'${from}';`,
    )
    .join(""),
} as const;

function keeperWords(kind: DatabaseKind, server: DatabaseServer): readonly string[] {
  return kind.words(server).map((word) => word.replace(/(?<=^--user(?:name)?=).*/, "keeper"));
}

/** Where PostgreSQL keeps the table: in a folder that is not below its data. */
async function makeTablespace(server: DatabaseServer, database: Database): Promise<void> {
  const folder = temporaryFolder("tablespace");
  const { gid, uid } = statSync(server.folder);
  chownSync(folder, uid, gid);
  await database.query(`create tablespace apart location '${folder}'`);
  await database.query("set default_tablespace = apart");
}

async function openScene(kind: DatabaseKind): Promise<Scene> {
  const bench = await openVaultBench();
  afterwards(() => bench[Symbol.asyncDispose]());
  const server = await kind.start();
  afterwards(() => server[Symbol.asyncDispose]());
  await using database = await kind.connect(server);
  await database.query(keeper[kind.name]);
  const words = JSON.stringify(keeperWords(kind, server));
  await writeVaultFleet(bench, `    streams: { rows: { ${kind.name}: ${words}, pause: 500ms } }\n`);
  await initVault(bench);
  return new Scene(kind, bench, server);
}

/** A whole second behind all that was done, before all that will be. */
async function nextSecond(): Promise<string> {
  const atMs = Math.ceil(Date.now() / 1000) * 1000 + 1000;
  await pause(atMs + 1000 - Date.now());
  return new Date(atMs).toISOString().replace(".000", "");
}

/** Starts what was restored. */
async function started(kind: DatabaseKind, target: string): Promise<Database> {
  const fresh =
    kind.name === "postgres"
      ? await startPostgres({ data: join(target, "data"), walSenders: 8 })
      : await kind.start();
  afterwards(() => fresh[Symbol.asyncDispose]());
  if (kind.name === "mariadb") {
    execFileSync("sh", [join(target, "replay.sh"), ...kind.words(fresh)]);
  }
  const database = await kind.connect(fresh);
  afterwards(() => database[Symbol.asyncDispose]());
  if (kind.name === "postgres") {
    const isOver = async (): Promise<boolean> =>
      (await database.query("select pg_is_in_recovery() as it"))[0]?.["it"] === false;
    await until(isOver, { limitMs, what: "it has replayed the log" });
  }
  return database;
}

/** What the stream received last is not kept by its server any more. */
async function loseLog(kind: DatabaseKind, database: Database): Promise<void> {
  if (kind.name === "postgres") {
    await database.query("select pg_drop_replication_slot('soulmirror_treasure_rows')");
    return;
  }
  const logs = async (): Promise<readonly unknown[]> =>
    (await database.query("show binary logs")).map((row) => row["Log_name"]);
  const received = await logs();
  // A log that somebody reads stays, and the server hears only by writing that its reader has gone.
  const isLost = async (): Promise<boolean> => {
    await database.query("flush binary logs");
    await database.query("purge binary logs before now() + interval 1 day");
    const kept = await logs();
    return received.every((log) => !kept.includes(log));
  };
  await until(isLost, { limitMs, everyMs: 100, what: "its log is gone" });
}

test.each([postgres, mariadb])(
  "$name: to the moment before the damage, and across no gap",
  async (kind) => {
    const scene = await openScene(kind);
    const streams = await scene.stream();
    const database = await scene.connect();
    if (kind === postgres) await makeTablespace(scene.server, database);
    await database.query("create table words (word varchar(20) primary key)");
    await database.query("insert into words values ('one')");
    await scene.covered();
    await scene.server.kill();
    await scene.server.start();
    const again = await scene.connect();
    await again.query("insert into words values ('two')");
    const moment = await nextSecond();
    await again.query("insert into words values ('three')");
    await again.query("drop table words");
    await scene.covered();
    expect(scene.told.filter((each) => each.startsWith("gap"))).toEqual([]);
    await scene.backUp();

    const target = join(temporaryFolder("restored"), "rows");
    chmodSync(join(target, ".."), 0o755);
    const words = ["vault", "restore", "--stream", "rows", "--target", target];
    const restored = await scene.bench.run(...words, "--to", moment);
    expect(restored).toMatchObject({ code: 0 });
    const old = await started(kind, target);
    const found = await old.query("select word from words order by word");
    expect(found.map(({ word }) => word)).toEqual(["one", "two"]);
    if (kind === postgres) {
      const places = "select pg_tablespace_location(oid) as it from pg_tablespace";
      const spaces = (await old.query(`${places} where spcname = 'apart'`)).map(({ it }) => it);
      expect(spaces).toEqual([expect.stringContaining(`${target}/tablespaces/`)]);
    }
    expect((await scene.bench.run(...words, "--to", moment)).err).toContain("is not empty");

    await streams[Symbol.asyncDispose]();
    await loseLog(kind, again);
    await again.query("create table others (word varchar(20))");
    const within = await nextSecond();
    const agent = scene.bench.start(["vault", "agent"]);
    const folder = scene.bench.path(".soulmirror/vault/treasure");
    const known = async (): Promise<VaultStream | undefined> =>
      (await readState(folder, 0)).streams?.[0];
    await until(async () => (await known())?.gap?.endedAt !== undefined, { limitMs, seen: known });
    expect(await known()).toMatchObject({ name: "rows", trouble: "", baseTrouble: "" });
    await scene.covered();
    expect(await scene.lines()).toMatchObject([{ ended: {} }, { bases: [{}] }]);
    const other = join(target, "../other");
    const restore = [...words.slice(0, 4), "--target", other, "--to", within];
    // What is received is protected by the agent, with nobody asking for a backup.
    const refusal = /cannot reach that moment.*where it ended: the server has no/s;
    let refused: Ended | undefined;
    const isRefused = async (): Promise<boolean> => {
      refused = await scene.bench.run(...restore);
      return refusal.test(refused.err);
    };
    await until(isRefused, { limitMs, everyMs: 500, seen: () => refused });
    expect(refused).not.toMatchObject({ code: 0 });
    expect(existsSync(join(other, "log"))).toBe(false);
    expect((await scene.bench.run("vault", "status")).out).toMatch(/Stream rows: received; not re/);
    agent.child.kill("SIGTERM");
    expect(await agent.ended).toMatchObject({ code: 0 });
    expect(await readFile(join(folder, "audit.jsonl"), "utf8")).toContain('"stream-gap"');
    expect((await scene.bench.run("vault", "proof")).code).toBe(0);
  },
  600_000,
);
