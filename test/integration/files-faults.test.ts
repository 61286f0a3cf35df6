/** `soulmirror/files`, when something goes wrong in the very middle of a write. */
import fs, { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { open } from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename, join } from "node:path";
import { expect, test } from "vitest";
import { safeWriteFile } from "../../src/public/files.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { hidden } from "./files-bench.ts";

/** A content that does something else after its first part. */
async function* interrupted(work: () => void): AsyncIterable<string> {
  yield "the first part";
  work();
  yield ", the second part";
}

test("W2: a disk that does not give back what it was given is found before the old content is lost", async () => {
  const place = temporaryFolder("files");
  const path = join(place, "f");
  await safeWriteFile(path, "old");
  const spoil = (): void => {
    const fresh = hidden(place).find((name) => name.endsWith(".new")) ?? "";
    appendFileSync(join(place, fresh), "something that nobody has given");
  };
  await expect(safeWriteFile(path, interrupted(spoil))).rejects.toMatchObject({
    code: "FILE_NOT_AS_WRITTEN",
  });
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(readdirSync(place).toSorted()).toEqual(["f", "f.bak"]);
});

test("what fails at its last step leaves the versions as they were", async () => {
  const place = temporaryFolder("files");
  const path = join(place, "f");
  for (const content of ["one", "two"]) await safeWriteFile(path, content);
  const block = (): void => {
    rmSync(path);
    mkdirSync(path);
  };
  await expect(safeWriteFile(path, interrupted(block))).rejects.toMatchObject({ code: "EISDIR" });
  rmSync(path, { recursive: true });
  expect(readdirSync(place).toSorted()).toEqual(["f.bak", "f.bak.2"]);
  expect(readFileSync(`${path}.bak`, "utf8")).toBe("two");
  expect(readFileSync(`${path}.bak.2`, "utf8")).toBe("one");
});

test("W1: the content is on the disk before it has the name, and the name before the promise resolves", async () => {
  const place = temporaryFolder("files");
  const path = join(place, "f");
  await safeWriteFile(path, "old");
  const steps: string[] = [];
  const handle = await open(place);
  const prototype = Object.getPrototypeOf(handle) as { sync: () => Promise<void> };
  const { sync } = prototype;
  const { rename } = fs.promises;
  afterwards(() => {
    Object.assign(prototype, { sync });
    Object.assign(fs.promises, { rename });
    syncBuiltinESMExports();
  });
  await handle.close();
  prototype.sync = async function (this: { fd: number }) {
    const name = fs.readlinkSync(`/proc/self/fd/${this.fd}`);
    steps.push(
      `sync ${name.endsWith(".new") ? "new" : basename(name) === basename(place) ? "folder" : name}`,
    );
    await sync.call(this);
  };
  fs.promises.rename = async (from, to) => {
    steps.push(`rename to ${basename(String(to))}`);
    await rename(from, to);
  };
  syncBuiltinESMExports();
  await safeWriteFile(path, "new");
  expect(steps).toEqual([
    "sync new",
    "sync new",
    "rename to f.bak.3",
    "rename to f.bak.2",
    "rename to f",
    "rename to f.bak",
    "sync folder",
  ]);
  steps.length = 0;
  await safeWriteFile(path, "newer", { durable: false });
  expect(steps.filter((step) => step.startsWith("sync"))).toEqual([]);
});
