/** Stores on a database that others use as well. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeEach, expect, it } from "vitest";
import { sqliteRecoveryStore, sqliteStateStore } from "../../src/engine/index.ts";
import { temporaryFolder } from "../afterwards.ts";

let folder: string;

beforeEach(() => {
  folder = temporaryFolder("sqlite-stores");
});

const stores = [
  { store: sqliteRecoveryStore, look: (it: Looked) => it.read?.() },
  { store: sqliteStateStore, look: (it: Looked) => it.load?.() },
] as const;

interface Looked {
  read?(): unknown;
  load?(): unknown;
}

it.each(stores)("one that was locked at its first use is used later: $store.name", async (row) => {
  const path = join(folder, "shared.db");
  using other = new DatabaseSync(path);
  using own = new DatabaseSync(path, { timeout: 0 });
  const store = row.store(own);
  other.exec("begin exclusive");
  await expect((async () => row.look(store))()).rejects.toThrow("locked");
  other.exec("rollback");
  await expect((async () => row.look(store))()).resolves.toMatchObject({});
});
