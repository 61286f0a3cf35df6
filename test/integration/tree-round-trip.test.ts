import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { temporaryFolder } from "../afterwards.ts";
import { copyTree } from "./tree-bench.ts";
import { type Planted, plantTree, seeTree } from "./tree-python.ts";

interface Drawn extends Omit<Planted, "path"> {
  readonly name: Uint8Array;
  readonly children: readonly Drawn[];
}

const name = fc
  .uint8Array({ min: 1, minLength: 1, maxLength: 12 })
  .filter((bytes) => !bytes.includes(0x2f) && !/^\.\.?$/.test(Buffer.from(bytes).toString()));

const attributeName = fc.string({ minLength: 1, maxLength: 9, unit: "grapheme" });

function nodeOf(depth: number): fc.Arbitrary<Drawn> {
  return fc.record({
    name,
    kind: fc.constantFrom("file", "file", "dir", "dir", "dir", "symlink", "fifo", "hard"),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    timeNs: fc.bigInt({ min: -2_000_000_000_000_000_000n, max: 4_000_000_000_000_000_000n }),
    content: fc.oneof(
      fc.uint8Array({ maxLength: 100 }),
      fc.nat(20_000).map((size) => new Uint8Array(size)),
    ),
    attributes: fc.dictionary(
      attributeName.filter((text) => !text.includes("\0")).map((text) => `user.${text}`),
      fc.string({ maxLength: 20 }),
      { maxKeys: 2 },
    ),
    children: depth === 0 ? fc.constant([]) : fc.array(nodeOf(depth - 1), { maxLength: 4 }),
  });
}

function flat(drawn: readonly Drawn[], folder = Buffer.alloc(0)): readonly Planted[] {
  return drawn.flatMap(({ name: own, children, ...rest }) => {
    const path = Buffer.concat([folder, own]);
    const below =
      rest.kind === "dir" ? flat(children, Buffer.concat([path, Buffer.from("/")])) : [];
    return [
      {
        ...rest,
        path,
        content: rest.kind === "symlink" ? rest.content.slice(0, 50) : rest.content,
      },
      ...below,
    ];
  });
}

function twoFolders(base: string): { from: string; to: string; end: () => void } {
  const both = mkdtempSync(join(base, "x-"));
  const [from, to] = [join(both, "from"), join(both, "to")];
  mkdirSync(from);
  mkdirSync(to);
  return { from, to, end: () => rmSync(both, { recursive: true }) };
}

it("gives back any tree as it was", async () => {
  const base = temporaryFolder("tree");
  await fc.assert(
    fc.asyncProperty(fc.array(nodeOf(4), { minLength: 1, maxLength: 6 }), async (drawn) => {
      const { from, to, end } = twoFolders(base);
      plantTree(from, flat(drawn));
      expect(await copyTree(from, to)).toEqual({ warnings: [], problems: [] });
      expect(seeTree(to)).toEqual(seeTree(from));
      // It cannot compare pipes, and says so of each.
      const { stdout } = spawnSync("diff", ["-r", "--no-dereference", from, to]);
      expect(String(stdout)).not.toMatch(
        /^Only in|^(?:Files|Binary files|Symbolic links) .*differ$/m,
      );
      end();
    }),
    { numRuns: 15 },
  );
});

it("gives back ACLs, of files and the ones that folders hand down", async () => {
  const { from, to } = twoFolders(temporaryFolder("tree"));
  mkdirSync(join(from, "folder"));
  writeFileSync(join(from, "folder/file"), "x");
  for (const words of [
    ["-m", "u:12345:rwx,g::-,m::rwx", join(from, "folder/file")],
    ["-d", "-m", "g:54321:r-x", join(from, "folder")],
  ]) {
    expect(spawnSync("setfacl", words)).toMatchObject({ status: 0 });
  }
  expect(await copyTree(from, to)).toEqual({ warnings: [], problems: [] });
  expect(seeTree(to)).toEqual(seeTree(from));
  expect(JSON.stringify(seeTree(to))).toMatch(/posix_acl_default.*posix_acl_access/);
});

it("leaves holes where a file has only zeros", async () => {
  const { from, to } = twoFolders(temporaryFolder("tree"));
  const path = join(from, "sparse");
  writeFileSync(path, "begin");
  truncateSync(path, 8 * 1024 * 1024);
  writeFileSync(path, "end", { flag: "a" });
  expect(await copyTree(from, to)).toEqual({ warnings: [], problems: [] });
  expect(seeTree(to)).toEqual(seeTree(from));
  expect(statSync(join(to, "sparse")).blocks).toBeLessThan(64);
});
