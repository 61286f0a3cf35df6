import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openDataDirectory } from "./data-directory.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "data-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const modeOf = (path: string): number => statSync(path).mode & 0o777;

describe("a data directory", () => {
  it("is made with all folders above it, and is private", () => {
    const { root, logs } = openDataDirectory(join(folder, "a/b"));
    expect([modeOf(root), modeOf(logs), modeOf(join(folder, "a"))]).toEqual([0o700, 0o700, 0o700]);
  });

  it.each([
    ["a file system that takes no folders", () => "/proc/soulmirror", "ENOENT"],
    ["a place below a file", () => join(file(), "data"), "ENOTDIR"],
    ["a file", () => file(), "it is no directory"],
  ])("is not to be had in %s", (_, path, reason) => {
    expect(() => openDataDirectory(path())).toThrow(
      expect.objectContaining({
        code: "DATA_DIRECTORY_UNUSABLE",
        message: expect.stringContaining(reason) as unknown,
      }),
    );
  });

  it("closes to others what is empty or a data directory, and nothing else", () => {
    const open = (name: string, ...files: readonly string[]): string => {
      const path = join(folder, name);
      mkdirSync(path);
      for (const each of files) writeFileSync(join(path, each), "");
      chmodSync(path, 0o755);
      return path;
    };
    for (const path of [open("empty"), open("ours", "token", "lost+found", "notes.txt")]) {
      openDataDirectory(path);
      expect(modeOf(path)).toBe(0o700);
    }
    const foreign = open("foreign", "notes.txt");
    expect(() => openDataDirectory(foreign)).toThrow("what lies in it is not ours");
    expect(modeOf(foreign)).toBe(0o755);
  });
});

function file(): string {
  const path = join(folder, "file");
  writeFileSync(path, "");
  return path;
}
