/** The store on real files: kills, full disks, formats, dying workers. */
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, statSync, writeSync } from "node:fs";
import { copyFile, mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { createIds, createRandom } from "../../src/kernel/index.ts";
import { openResilientJournal, verifyChain } from "../../src/knowledge/index.ts";
import type { Kept, Store } from "../../src/model/index.ts";
import {
  createWorkerStore,
  openEmergencyFile,
  openSqliteStore,
  openWorkerStore,
  sqliteFormat,
} from "../../src/platform/store/index.ts";
import { realClock, realTimers } from "../../src/system/index.ts";
import { failureOf, mac, notes, sealAll } from "../conformance/entries.ts";
import { metricAt } from "../conformance/store.ts";

const teardowns: (() => unknown)[] = [];

afterEach(async () => {
  for (const undo of teardowns.splice(0).toReversed()) await undo();
});

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "store-"));
  teardowns.push(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function opened<S extends Store>(store: Promise<S>): Promise<S> {
  const there = await store;
  teardowns.push(() => there.close());
  return there;
}

describe("the SQLite store", () => {
  test("has everything that was acknowledged after kill -9 in the middle of appends", async () => {
    const path = join(await folder(), "store.db");
    const script = fileURLToPath(new URL("./store-writer.ts", import.meta.url));
    let acknowledged = 0;
    for (const until of [60, 150]) {
      const child = spawn(process.execPath, [script, path], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      teardowns.push(() => child.kill("SIGKILL"));
      const exited = once(child, "exit");
      for await (const line of createInterface({ input: child.stdout })) {
        acknowledged = Number(line);
        if (acknowledged >= until) child.kill("SIGKILL");
      }
      await exited;
      const store = await openSqliteStore(path);
      const entries = await store.read(1, 10_000);
      const failures = await store.failures({ limit: 10_000 });
      await store.close();
      expect(entries.length).toBeGreaterThanOrEqual(acknowledged);
      expect(verifyChain(entries, mac)).toMatchObject({ proven: entries.length });
      // Both entries of a call or neither, and the tables with them.
      expect(entries.length % 2).toBe(0);
      expect(failures.length).toBe(entries.length / 2);
    }
  });

  test("goes down and up again without losing a row", async () => {
    const path = join(await folder(), "store.db");
    const first = await openSqliteStore(path);
    await first.append(
      sealAll([{ kind: "failure_raised", failure: failureOf("flr_1") }, ...notes(9)]),
    );
    await first.writeMetrics([metricAt(1)]);
    await first.close();
    expect(await sqliteFormat(path)).toEqual({ version: 3, latest: 3 });
    expect(await sqliteFormat(path, 1)).toEqual({ version: 1, latest: 3 });
    expect(await sqliteFormat(path, 0)).toEqual({ version: 0, latest: 3 });
    expect(await sqliteFormat(path, 1)).toEqual({ version: 1, latest: 3 });
    const second = await opened(openSqliteStore(path));
    expect(verifyChain(await second.read(1, 100), mac)).toMatchObject({ proven: 10 });
    expect(await second.failures({ limit: 9 })).toHaveLength(1);
    expect(await second.metrics({ fromAt: 0, toAt: 9, limit: 9 })).toEqual([metricAt(1)]);
  });

  test.each([
    ["", undefined],
    ["-wal", 3],
    ["-shm", 3],
  ] as const)(
    "notices that its file%s was removed, and opens what is in its place",
    async (end, position) => {
      const path = join(await folder(), "store.db");
      const store = await opened(openWorkerStore(path));
      const entries = sealAll(notes(3));
      await store.append(entries);
      await rm(`${path}${end}`);
      await expect(store.append(sealAll(notes(4)))).rejects.toThrow(
        `${path}${end} was removed or replaced while it was open`,
      );
      const last = () => store.last().catch(() => ({ position: "away" }));
      await expect.poll(last, { timeout: 10_000 }).not.toEqual({ position: "away" });
      expect((await store.last())?.position).toBe(position);
    },
  );

  test("refuses a newer format and says what to do", async () => {
    const path = join(await folder(), "store.db");
    await (await openSqliteStore(path)).close();
    const database = new DatabaseSync(path);
    database.exec("INSERT INTO schema_version (version, name) VALUES (4, 'tomorrow')");
    database.close();
    const fix: unknown = expect.stringContaining("db down --to 3");
    const refused = { code: "STORE_TOO_NEW", fix };
    await expect(openSqliteStore(path)).rejects.toMatchObject(refused);
    await expect(openWorkerStore(path)).rejects.toMatchObject(refused);
  });

  test("has the seed's tables, columns and indexes", async () => {
    const path = join(await folder(), "store.db");
    await (await openSqliteStore(path)).close();
    const database = new DatabaseSync(path, { readOnly: true });
    teardowns.push(() => database.close());
    const columnsOf = (table: string): string =>
      database
        .prepare(`SELECT name, type, "notnull" AS required FROM pragma_table_info('${table}')`)
        .all()
        .map(
          ({ name, type, required }) =>
            `${String(name)}:${String(type)[0]}${required === 1 ? "!" : ""}`,
        )
        .join(" ");
    for (const [table, columns] of Object.entries(seedColumns)) {
      expect(`${table} ${columnsOf(table)}`).toBe(`${table} ${columns}`);
    }
    const indexes = database
      .prepare(
        "SELECT name FROM sqlite_master WHERE type = 'index' AND name LIKE '%\\_idx' ESCAPE '\\'",
      )
      .all();
    expect(indexes.map(({ name }) => name)).toEqual(expect.arrayContaining(seedIndexes));
    const unique = database
      .prepare("SELECT count(*) AS count FROM sqlite_master WHERE name LIKE 'sqlite_autoindex_%'")
      .get();
    expect(unique?.["count"]).toBeGreaterThanOrEqual(3);
  });

  test("finds an edited row and a cut end", async () => {
    const path = join(await folder(), "store.db");
    const sealed = sealAll(notes(20));
    const store = await openSqliteStore(path);
    await store.append(sealed);
    await store.close();
    const database = new DatabaseSync(path);
    database.exec(`UPDATE journal SET entry = replace(entry, 'ann', 'eve') WHERE position = 7;
      DELETE FROM journal WHERE position > 15`);
    database.close();
    const entries = await (await opened(openSqliteStore(path))).read(1, 100);
    expect(verifyChain(entries, mac).finding).toMatchObject({ kind: "edited", position: 7 });
    const anchor = { position: 18, seal: sealed[17]?.seal ?? "" };
    const rest = entries.slice(8);
    expect(verifyChain(rest, mac, [anchor]).finding).toMatchObject({ kind: "truncated" });
  });

  test("is left out of the way when its disk is full, and filled up again by itself", async () => {
    const disk = await smallDisk();
    const store = await opened(openWorkerStore(disk.path, disk.limits));
    const emergency = await openEmergencyFile(join(await folder(), "emergency"));
    teardowns.push(() => emergency.close());
    const journal = await openResilientJournal({
      store,
      emergency,
      mac,
      clock: realClock,
      timers: realTimers,
      ids: createIds(realClock, createRandom(7)),
      writeDeadlineMs: 10_000,
      probeMs: 20,
      probeMaxMs: 50,
    });
    teardowns.push(() => journal.close());
    const seen = new Set<Kept>();
    const writeSome = async (): Promise<Kept> => {
      const kept = await journal.write(notes(20));
      seen.add(kept);
      return kept;
    };
    expect(await writeSome()).toBe("store");
    await disk.fill(store);
    while ((await writeSome()) === "store");
    expect(journal.kept).toBe("emergency");
    const before = (await store.read(1, 10_000)).length;
    expect(before % 20).toBe(0);
    await writeSome();
    await disk.free(store);
    while (journal.kept !== "store") await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await writeSome()).toBe("store");
    await journal.sync();
    const entries = await store.read(1, 10_000);
    expect(seen).toEqual(new Set(["store", "emergency"]));
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    expect(verifyChain(entries, mac)).toMatchObject({ proven: entries.length, lost: 0 });
    expect(entries.length).toBeGreaterThanOrEqual(before + 60);
    expect(emergency.usedBytes).toBe(0);
  });

  test("after a failed sync writes anew what the disk may not have", async () => {
    const path = join(await folder(), "store.db");
    const store = await opened(openSqliteStore(path));
    const sealed = sealAll(notes(30));
    await store.append(sealed.slice(0, 20));
    // The file that would have to be synced is not to be found.
    await rm(`${path}-wal`);
    await store.sync();
    // Without its WAL, as after a power cut that took it.
    const copy = join(await folder(), "copy.db");
    await copyFile(path, copy);
    const rest = await opened(openSqliteStore(copy));
    expect(await rest.read(1, 100)).toEqual(sealed.slice(0, 20));
    await store.append(sealed.slice(20));
    expect(await store.read(1, 100)).toEqual(sealed);
  });

  test("bounds its WAL", async () => {
    const path = join(await folder(), "store.db");
    const store = await opened(openSqliteStore(path, { walBytes: 2 ** 18 }));
    for (let round = 0; round < 60; round += 1) {
      await store.writeMetrics(Array.from({ length: 500 }, (_, index) => metricAt(index)));
    }
    expect(statSync(`${path}-wal`).size).toBeLessThan(2 ** 20);
    expect(statSync(path).size).toBeGreaterThan(2 ** 20);
  });
});

/** Name, first letter of the type, `!` for not null. Only `covers_ms` is not the seed's. */
const seedColumns = {
  system_health_metrics:
    "id:I timestamp:I! metric_type:T! metric_name:T! value:R! unit:T! tags:T source:T! created_at:I!",
  failure_events:
    "id:I event_id:T! timestamp:I! failure_category:T! failure_type:T! severity:T! " +
    "affected_service:T! error_message:T error_stack:T context:T detection_method:T! user_id:T " +
    "request_id:T resolved:I! resolved_at:I created_at:I!",
  // `failure_event_id` may be null: see docs/decisions/0003.
  recovery_actions:
    "id:I action_id:T! failure_event_id:I timestamp:I! action_type:T! action_strategy:T! " +
    "status:T! automated:I! triggered_by:T parameters:T result:T duration_ms:I completed_at:I " +
    "created_at:I!",
  circuit_breaker_states:
    "id:I circuit_name:T! state:T! failure_count:I! success_count:I! last_failure_at:I " +
    "last_success_at:I opened_at:I next_retry_at:I configuration:T updated_at:I! created_at:I!",
  system_health_baselines:
    "id:I metric_type:T! metric_name:T! source:T! time_window:T! mean:R! median:R! std_dev:R! " +
    "p50:R! p95:R! p99:R! min:R! max:R! sample_count:I! calculated_at:I! valid_until:I! " +
    "created_at:I! covers_ms:I",
};

const seedIndexes = [
  "health_metrics_timestamp_idx",
  "health_metrics_type_idx",
  "health_metrics_source_idx",
  "failure_events_timestamp_idx",
  "failure_events_category_idx",
  "failure_events_severity_idx",
  "failure_events_resolved_idx",
  "failure_events_request_id_idx",
  "recovery_actions_failure_idx",
  "recovery_actions_timestamp_idx",
  "recovery_actions_status_idx",
  "circuit_breaker_state_idx",
  "circuit_breaker_next_retry_idx",
  "baselines_metric_idx",
  "baselines_valid_until_idx",
];

interface SmallDisk {
  readonly path: string;
  readonly limits: { readonly sizeMaxBytes?: number };
  fill(store: Store): Promise<void>;
  free(store: Store): Promise<void>;
}

/** A file system of 2 MiB where we may mount one; else a database that may not grow beyond that. */
async function smallDisk(): Promise<SmallDisk> {
  const root = await folder();
  const mount = join(root, "disk");
  await mkdir(mount);
  try {
    execFileSync("/bin/mount", ["-t", "tmpfs", "-o", "size=2m", "tmpfs", mount], {
      stdio: "ignore",
    });
  } catch {
    // Not root, or not allowed in this container.
    return limitedDatabase(join(root, "store.db"));
  }
  teardowns.push(() => execFileSync("/bin/umount", ["--lazy", mount]));
  const ballast = join(mount, "ballast");
  return {
    path: join(mount, "store.db"),
    limits: {},
    fill: async () => fillDisk(ballast),
    free: () => rm(ballast),
  };
}

function fillDisk(ballast: string): void {
  const file = openSync(ballast, "w");
  try {
    for (;;) writeSync(file, Buffer.alloc(4096));
  } catch (error) {
    expect((error as NodeJS.ErrnoException).code).toBe("ENOSPC");
  } finally {
    closeSync(file);
  }
}

function limitedDatabase(path: string): SmallDisk {
  const rows = Array.from({ length: 50 }, (_, index) => metricAt(index));
  return {
    path,
    limits: { sizeMaxBytes: 2 ** 20 },
    fill: async (store) => {
      const isFull = (): boolean => true;
      while (!(await store.writeMetrics(rows).then(() => false, isFull)));
    },
    free: async (store) => {
      await store.prune({ metricsBefore: 100, failuresBefore: 0, entriesBefore: 0 });
    },
  };
}

describe("the store at its own limit", () => {
  test("rejects and keeps nothing of that call; there is room again after pruning", async () => {
    const disk = limitedDatabase(join(await folder(), "store.db"));
    const store = await opened(openSqliteStore(disk.path, disk.limits));
    await disk.fill(store);
    const sealed = sealAll(notes(3000));
    await expect(store.append(sealed)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await store.last()).toBeUndefined();
    await disk.free(store);
    expect(await store.append(sealed.slice(0, 100))).toBe("store");
  });
});

describe("the store's worker", () => {
  test("is started anew when it dies; what was outstanding rejects", async () => {
    const path = join(await folder(), "store.db");
    const store = await opened(openWorkerStore(path));
    const sealed = sealAll(notes(3));
    await store.append(sealed);
    const calls = Array.from({ length: 20 }, () => store.read(1, 10));
    const outcomes = Promise.allSettled(calls);
    await store.giveUp();
    const rejected = (await outcomes).filter(({ status }) => status === "rejected");
    for (const each of rejected)
      expect(each).toMatchObject({ reason: { code: "STORE_UNAVAILABLE" } });
    for (;;) {
      const last = await store.last().catch(() => undefined);
      if (last === undefined) await new Promise((resolve) => setTimeout(resolve, 50));
      else {
        expect(last).toEqual(sealed[2]);
        break;
      }
    }
  });

  test("answers once the database can be opened, and says why not until then", async () => {
    const root = join(await folder(), "later");
    const store = createWorkerStore(join(root, "store.db"));
    teardowns.push(() => store.close());
    const opening = store.opened();
    const waiting = store.last();
    const away = { code: "STORE_UNAVAILABLE" };
    await expect(opening).rejects.toMatchObject(away);
    await expect(waiting).rejects.toThrow("unable to open");
    await mkdir(root);
    const ask = (): Promise<boolean> =>
      store.last().then(
        () => true,
        () => false,
      );
    while (!(await ask())) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await store.append(sealAll(notes(1)))).toBe("store");
  });

  test("bounds what is outstanding and refuses calls after close", async () => {
    const path = join(await folder(), "store.db");
    const store = await opened(openWorkerStore(path, { outstandingMax: 5 }));
    const outcomes = await Promise.allSettled(Array.from({ length: 9 }, () => store.last()));
    expect(outcomes.map(({ status }) => status)).toEqual([
      ...Array<string>(5).fill("fulfilled"),
      ...Array<string>(4).fill("rejected"),
    ]);
    await store.close();
    await expect(store.last()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  });
});
