/** Stores in folders of a test; after it they are closed, and the folders gone. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach } from "vitest";
import type { Store } from "../../src/model/index.ts";

const teardowns: (() => unknown)[] = [];

afterEach(async () => {
  for (const undo of teardowns.splice(0).toReversed()) await undo();
});

export function afterwards(undo: () => unknown): void {
  teardowns.push(undo);
}

export async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), "store-"));
  afterwards(() => rm(path, { recursive: true, force: true }));
  return path;
}

export async function opened<S extends Store>(store: Promise<S>): Promise<S> {
  const there = await store;
  afterwards(() => there.close());
  return there;
}
