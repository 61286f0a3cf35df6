/** What is mounted in a folder that goes away. */
import { execFileSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { removeBelow } from "../../src/platform/tree/remove-below.ts";
import { rawPathOfText } from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";

test("another file system is not entered, and what is beside it goes", () => {
  const folder = temporaryFolder("remove");
  const disk = join(folder, "gone", "disk");
  mkdirSync(disk, { recursive: true });
  writeFileSync(join(folder, "gone", "file"), "");
  execFileSync("mount", ["-t", "tmpfs", "none", disk]);
  afterwards(() => execFileSync("umount", [disk]));
  writeFileSync(join(disk, "treasure"), "");
  const descriptor = openSync(folder, "r");
  afterwards(() => closeSync(descriptor));
  const name = rawPathOfText("gone");
  expect(removeBelow({ folder: descriptor, name, path: name, mayGo: () => true })).toBe(false);
  expect(readdirSync(folder, { recursive: true })).toEqual([
    "gone",
    "gone/disk",
    "gone/disk/treasure",
  ]);
});
