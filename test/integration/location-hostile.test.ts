/** What somebody who can write into a location puts where files of a repository should be. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openFileLocation } from "../../src/platform/locations/index.ts";
import { temporaryFolder } from "../afterwards.ts";

const { signal } = new AbortController();
const id = "a".repeat(64);

function location() {
  const folder = temporaryFolder("hostile");
  for (const name of ["snapshots", "keys", "index", "locks"]) mkdirSync(join(folder, name));
  mkdirSync(join(folder, "data", "aa"), { recursive: true });
  writeFileSync(join(folder, "config"), "config");
  return { folder, opened: openFileLocation({ folder }) };
}

test("a pipe in the place of a file is refused, and nobody waits for its writer", async () => {
  const { folder, opened } = location();
  rmSync(join(folder, "config"));
  for (const path of ["config", `data/aa/${id}`]) execFileSync("mkfifo", [join(folder, path)]);
  const files = [
    { kind: "config", id: "" },
    { kind: "pack", id },
  ] as const;
  for (const file of files) {
    await expect(opened.get(file, signal)).rejects.toThrow("no regular file");
    await expect(opened.get(file, signal, { offset: 0, length: 1 })).rejects.toThrow(
      "no regular file",
    );
  }
});

test.each([
  ["keys", "key", 1 << 16],
  ["locks", "lock", 1 << 16],
  ["snapshots", "snapshot", 1 << 26],
] as const)(
  "of a huge file in %s no more is read than one may have (F5)",
  async (name, kind, most) => {
    const { folder, opened } = location();
    const path = join(folder, name, id);
    writeFileSync(path, "");
    truncateSync(path, 2 ** 41);
    expect((await opened.get({ kind, id }, signal)).length).toBe(most);
  },
);
