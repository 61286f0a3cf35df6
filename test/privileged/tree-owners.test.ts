import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, lchownSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder } from "../afterwards.ts";
import { copyTree } from "../integration/tree-bench.ts";
import { plantTree, seeTree } from "../integration/tree-python.ts";

it("devices, foreign owners, setuid and capabilities come back as they were", async () => {
  const root = temporaryFolder("owners");
  const [from, to] = [join(root, "from"), join(root, "to")];
  mkdirSync(from);
  mkdirSync(to);
  const special = { mode: 0o640, timeNs: 1_234_567_890_123_456_789n, attributes: {} };
  const content = new Uint8Array(3);
  plantTree(from, [
    { ...special, content, path: Buffer.from("character"), kind: "chardev" },
    { ...special, content, path: Buffer.from("block"), kind: "dev" },
    { ...special, content, path: Buffer.from("folder"), kind: "dir" },
    {
      ...special,
      content,
      path: Buffer.from("program"),
      kind: "file",
      attributes: { "trusted.note": "x", "user.note": "y" },
    },
  ]);
  symlinkSync("program", join(from, "link"));
  lchownSync(join(from, "link"), 4321, 1234);
  chownSync(join(from, "program"), 12_345, 54_321);
  chmodSync(join(from, "program"), 0o6755);
  chownSync(join(from, "folder"), 12_345, 54_321);
  chmodSync(join(from, "folder"), 0o3000);
  writeFileSync(join(from, "folder/closed"), "x", { mode: 0 });
  expect(await copyTree(from, to)).toEqual({ warnings: [], problems: [] });
  expect(seeTree(to)).toEqual(seeTree(from));
  expect(seeTree(to)).toHaveLength(6);
});

it("who is not root is warned once, and gets no program that runs as himself", () => {
  const root = temporaryFolder("owners");
  const [from, to] = [join(root, "from"), join(root, "to")];
  mkdirSync(from);
  mkdirSync(to);
  chmodSync(root, 0o755);
  chownSync(to, 65_534, 65_534);
  for (const name of ["a", "b"]) {
    writeFileSync(join(from, name), "x");
    chmodSync(join(from, name), 0o6755);
  }
  const module = JSON.stringify(join(import.meta.dirname, "../integration/tree-bench.ts"));
  const program = `const { copyTree } = await import(${module});
    console.log(JSON.stringify(await copyTree(...process.argv.slice(1))));`;
  const words = ["--input-type=module", "-e", program, from, to];
  const end = spawnSync(process.execPath, words, { uid: 65_534, gid: 65_534 });
  expect(JSON.parse(String(end.stdout) || String(end.stderr))).toEqual({
    problems: [],
    warnings: [expect.stringContaining("takes root") as string],
  });
  const owned = { owner: [65_534, 65_534], mode: "0o100755" };
  expect(seeTree(to)).toMatchObject([owned, owned]);
});
