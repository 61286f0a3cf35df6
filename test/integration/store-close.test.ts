/** The end of the store: what was asked before it is done, however much that is. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { openSqliteStore, openWorkerStore } from "../../src/platform/store/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { notes, sealAll } from "../conformance/entries.ts";

test("closing carries out what is outstanding, also when that is all that may be", async () => {
  await using teardown = new AsyncDisposableStack();
  const folder = temporaryFolder("store-close");
  const path = join(folder, "store.db");
  const store = await openWorkerStore(path, { outstandingMax: 5 });
  const entries = sealAll(notes(5));
  const appended = Promise.allSettled(entries.map((entry) => store.append([entry])));
  await store.close();
  expect((await appended).map(({ status }) => status)).toEqual(entries.map(() => "fulfilled"));
  const again = await openSqliteStore(path);
  teardown.defer(() => again.close());
  expect(await again.read(1, 10)).toEqual(entries);
});
