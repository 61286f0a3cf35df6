/** The store on a disk that is full, and at a limit of its own. */
import { execFileSync } from "node:child_process";
import { closeSync, openSync, writeSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createIds, createRandom } from "../../src/kernel/index.ts";
import { openResilientJournal, verifyChain } from "../../src/knowledge/index.ts";
import type { Kept, Store } from "../../src/model/index.ts";
import {
  openEmergencyFile,
  openSqliteStore,
  openWorkerStore,
} from "../../src/platform/store/index.ts";
import { realClock, realTimers } from "../../src/system/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { mac, notes, sealAll } from "../conformance/entries.ts";
import { metricAt } from "../conformance/store.ts";
import { until } from "../until.ts";
import { opened } from "./store-bench.ts";

test("is left out of the way when its disk is full, and filled up again by itself", async () => {
  const disk = await smallDisk();
  const store = await opened(openWorkerStore(disk.path, disk.limits));
  const emergency = await openEmergencyFile(join(temporaryFolder("store"), "emergency"));
  afterwards(() => emergency.close());
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
  afterwards(() => journal.close());
  const seen = new Set<Kept>();
  const writeSome = async (): Promise<Kept> => {
    const kept = await journal.write(notes(20));
    seen.add(kept);
    return kept;
  };
  expect(await writeSome()).toBe("store");
  await disk.fill(store);
  await until(async () => (await writeSome()) !== "store", { everyMs: 0 });
  expect(journal.kept).toBe("emergency");
  const before = (await store.read(1, 10_000)).length;
  expect(before % 20).toBe(0);
  await writeSome();
  await disk.free(store);
  await until(() => journal.kept === "store", { seen: () => journal.kept });
  expect(await writeSome()).toBe("store");
  await journal.sync();
  const entries = await store.read(1, 10_000);
  expect(seen).toEqual(new Set(["store", "emergency"]));
  expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  expect(verifyChain(entries, mac)).toMatchObject({ proven: entries.length, lost: 0 });
  expect(entries.length).toBeGreaterThanOrEqual(before + 60);
  expect(emergency.usedBytes).toBe(0);
});

test("rejects and keeps nothing of that call; there is room again after pruning", async () => {
  const disk = limitedDatabase(join(temporaryFolder("store"), "store.db"));
  const store = await opened(openSqliteStore(disk.path, disk.limits));
  await disk.fill(store);
  const sealed = sealAll(notes(3000));
  await expect(store.append(sealed)).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect(await store.last()).toBeUndefined();
  await disk.free(store);
  expect(await store.append(sealed.slice(0, 100))).toBe("store");
});

interface SmallDisk {
  readonly path: string;
  readonly limits: { readonly sizeMaxBytes?: number };
  fill(store: Store): Promise<void>;
  free(store: Store): Promise<void>;
}

/** A file system of 2 MiB where we may mount one; else a database that may not grow beyond that. */
async function smallDisk(): Promise<SmallDisk> {
  const root = temporaryFolder("store");
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
  afterwards(() => execFileSync("/bin/umount", ["--lazy", mount]));
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
      await until(() => store.writeMetrics(rows).then(() => false, isFull), { everyMs: 0 });
    },
    free: async (store) => {
      await store.prune({ metricsBefore: 100, failuresBefore: 0, entriesBefore: 0 });
    },
  };
}
