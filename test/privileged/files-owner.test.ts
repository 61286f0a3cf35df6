/** Whose a file is, before and after. */
import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { patchFileSystem, safeWriteFile } from "../../src/public/files.ts";
import { temporaryFolder } from "../afterwards.ts";

let place: string;
let path: string;

beforeEach(() => {
  place = temporaryFolder("owner");
  path = join(place, "f");
});

test("W3: root writes the file of another user, and it stays theirs", async () => {
  writeFileSync(path, "old");
  chownSync(path, 1234, 2345);
  chmodSync(path, 0o6750);
  await safeWriteFile(path, "new");
  const { uid, gid, mode } = statSync(path);
  expect([uid, gid, mode & 0o7777]).toEqual([1234, 2345, 0o6750]);
  expect(readFileSync(path, "utf8")).toBe("new");
});

test("W3: who may not give files away is refused, and nothing is changed", () => {
  chmodSync(place, 0o777);
  writeFileSync(path, "old", { mode: 0o666 });
  chmodSync(path, 0o666);
  const door = new URL("../../src/public/files.ts", import.meta.url).href;
  const program = `
    const { safeWriteFile } = await import(${JSON.stringify(door)});
    await safeWriteFile(${JSON.stringify(path)}, "new").catch((error) => console.log(error.code, error.fix));`;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    uid: 65_534,
    gid: 65_534,
    encoding: "utf8",
  });
  expect(stdout).toContain("EPERM run as that user");
  expect(readFileSync(path, "utf8")).toBe("old");
  expect(statSync(path).uid).toBe(0);
});

test("L1: the patch writes the file of another user in place", () => {
  writeFileSync(path, "old");
  chownSync(path, 1234, 0);
  const { ino } = statSync(path);
  const undo = patchFileSystem({ mode: "heal" });
  try {
    writeFileSync(path, "new");
  } finally {
    undo();
  }
  const after = statSync(path);
  expect([after.ino, after.uid, readFileSync(path, "utf8")]).toEqual([ino, 1234, "new"]);
});
