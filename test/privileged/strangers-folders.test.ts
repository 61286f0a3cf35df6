/** Folders and links of somebody else, which only root can make. */
import {
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempDisposableSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import {
  expectedSparePath,
  makeSparePath,
  ownSparePath,
  privateDirectory,
  sparePaths,
} from "../../src/system/index.ts";

test("a stranger's link does not lead to a folder of ours", () => {
  using made = mkdtempDisposableSync(join(tmpdir(), "strangers-"));
  const shared = made.path;
  const ours = join(shared, "ours");
  mkdirSync(ours, { mode: 0o755 });
  const link = join(shared, "link");
  symlinkSync(ours, link);
  lchownSync(link, 65_534, 65_534);
  expect(() => privateDirectory(link)).toThrow("it belongs to user 65534");
  expect(statSync(ours).mode & 0o777).toBe(0o755);
});

test("a folder of a stranger in the lasting place is not used: the journal goes to the other", () => {
  using stack = new DisposableStack();
  const [root, other] = [process.getuid ?? (() => 0), 54_321];
  process.getuid = () => other;
  stack.defer(() => void (process.getuid = root));
  const [lasting = "", temporary = ""] = sparePaths("/srv/data", "journal").map(dirname);
  for (const [path, owner] of [[lasting, 65_534] as const, [temporary, other] as const]) {
    mkdirSync(path, { mode: 0o777 });
    stack.defer(() => rmSync(path, { recursive: true }));
    chownSync(path, owner, owner);
  }
  expect(expectedSparePath("/srv/data", "journal")).toBeUndefined();
  expect(makeSparePath("/srv/data", "journal")).toBe(sparePaths("/srv/data", "journal")[1]);
  expect(statSync(temporary).mode & 0o777).toBe(0o700);
  expect(ownSparePath("/srv/data", "journal")).toBe(expectedSparePath("/srv/data", "journal"));
});
