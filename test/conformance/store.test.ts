import { join } from "node:path";
import { createMemoryStore } from "../../src/knowledge/index.ts";
import type { Store } from "../../src/model/index.ts";
import { openSqliteStore, openWorkerStore } from "../../src/platform/store/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { type StoreScene, storeConformance } from "./store.ts";

storeConformance("memory", async () => ({
  store: createMemoryStore(),
  [Symbol.asyncDispose]: async () => undefined,
}));
storeConformance("SQLite in this thread", () => onDisk((path) => openSqliteStore(path)));
storeConformance("SQLite in its worker", () => onDisk((path) => openWorkerStore(path)));

async function onDisk(open: (path: string) => Promise<Store>): Promise<StoreScene> {
  const store = await open(join(temporaryFolder("store"), "store.db"));
  return { store, [Symbol.asyncDispose]: () => store.close() };
}
