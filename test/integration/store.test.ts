/** The store on real files: kills, lost files, edits, dying workers. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { copyFile, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { verifyChain } from "../../src/knowledge/index.ts";
import {
  createWorkerStore,
  openSqliteStore,
  openWorkerStore,
} from "../../src/platform/store/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { mac, notes, sealAll } from "../conformance/entries.ts";
import { metricAt } from "../conformance/store.ts";
import { found, until } from "../until.ts";
import { opened } from "./store-bench.ts";

describe("the SQLite store", () => {
  test("has everything that was acknowledged after kill -9 in the middle of appends", async () => {
    const path = join(temporaryFolder("store"), "store.db");
    const script = fileURLToPath(new URL("./store-writer.ts", import.meta.url));
    let acknowledged = 0;
    for (const until of [60, 150]) {
      const child = spawn(process.execPath, [script, path], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      afterwards(() => child.kill("SIGKILL"));
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

  test.each([
    ["", undefined],
    ["-wal", 3],
    ["-shm", 3],
  ] as const)(
    "notices that its file%s was removed, and opens what is in its place",
    async (end, position) => {
      const path = join(temporaryFolder("store"), "store.db");
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

  test("finds an edited row and a cut end", async () => {
    const path = join(temporaryFolder("store"), "store.db");
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

  test("after a failed sync writes anew what the disk may not have", async () => {
    const path = join(temporaryFolder("store"), "store.db");
    const store = await opened(openSqliteStore(path));
    const sealed = sealAll(notes(30));
    await store.append(sealed.slice(0, 20));
    // The file that would have to be synced is not to be found.
    await rm(`${path}-wal`);
    await store.sync();
    // Without its WAL, as after a power cut that took it.
    const copy = join(temporaryFolder("store"), "copy.db");
    await copyFile(path, copy);
    const rest = await opened(openSqliteStore(copy));
    expect(await rest.read(1, 100)).toEqual(sealed.slice(0, 20));
    await store.append(sealed.slice(20));
    expect(await store.read(1, 100)).toEqual(sealed);
  });

  test("bounds its WAL", async () => {
    const path = join(temporaryFolder("store"), "store.db");
    const store = await opened(openSqliteStore(path, { walBytes: 2 ** 18 }));
    for (let round = 0; round < 60; round += 1) {
      await store.writeMetrics(Array.from({ length: 500 }, (_, index) => metricAt(index)));
    }
    expect(statSync(`${path}-wal`).size).toBeLessThan(2 ** 20);
    expect(statSync(path).size).toBeGreaterThan(2 ** 20);
  });
});

describe("the store's worker", () => {
  test("is started anew when it dies; what was outstanding rejects", async () => {
    const path = join(temporaryFolder("store"), "store.db");
    const store = await opened(openWorkerStore(path));
    const sealed = sealAll(notes(3));
    await store.append(sealed);
    const calls = Array.from({ length: 20 }, () => store.read(1, 10));
    const outcomes = Promise.allSettled(calls);
    await store.giveUp();
    const rejected = (await outcomes).filter(({ status }) => status === "rejected");
    for (const each of rejected)
      expect(each).toMatchObject({ reason: { code: "STORE_UNAVAILABLE" } });
    expect(await found(() => store.last().catch(() => undefined))).toEqual(sealed[2]);
  });

  test("answers once the database can be opened, and says why not until then", async () => {
    const root = join(temporaryFolder("store"), "later");
    const store = createWorkerStore(join(root, "store.db"));
    afterwards(() => store.close());
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
    await until(ask);
    expect(await store.append(sealAll(notes(1)))).toBe("store");
  });

  test("bounds what is outstanding and refuses calls after close", async () => {
    const path = join(temporaryFolder("store"), "store.db");
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
