import { Buffer } from "node:buffer";
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  renameSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createAttributeReader, createTreeSource } from "../../src/platform/tree/index.ts";
import { joinRaw, type RawPath, rawPathOfText, type TreeNode } from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";

const raw = rawPathOfText;

describe("what a snapshot knows of a folder", () => {
  const changes: Readonly<Record<string, (path: string) => void>> = {
    "nothing but a look": (path) => void readFileSync(path),
    "its content": (path) => writeFileSync(path, "xx"),
    "its mode": (path) => chmodSync(path, 0o600),
    "its mtime, by a microsecond": (path) => utimesSync(path, 0, 1.000001),
    "its kind": (path) => {
      unlinkSync(path);
      mkdirSync(path);
    },
    "its inode": (path) => {
      const times = lstatSync(path);
      writeFileSync(`${path}-other`, "x");
      utimesSync(`${path}-other`, 0, times.mtime);
      renameSync(`${path}-other`, path);
    },
  };

  it.each(Object.keys(changes))("is given itself unless it changed: %s", (what) => {
    const root = temporaryFolder("source");
    const path = join(root, "a");
    writeFileSync(path, "x");
    utimesSync(path, 0, 1);
    const source = createTreeSource();
    const nodes = source
      .list(raw(root))
      .entries.map((entry): TreeNode => ({ ...entry, content: [] }) as TreeNode);
    changes[what]?.(path);
    const known = new Map(nodes.map((node) => [node.name, node]));
    const [found] = source.list(raw(root), known).entries;
    expect(found === nodes[0]).toBe(what === "nothing but a look");
    // Who only looks may leave another time of the last access.
    expect({ ...found, atimeNs: 0n }).toMatchObject({ ...source.look(raw(path)), atimeNs: 0n });
  });

  it("is exact in what it says of times", () => {
    const root = temporaryFolder("source");
    writeFileSync(join(root, "a"), "x");
    const source = createTreeSource();
    const [entry] = source.list(raw(root)).entries;
    const near = { ...entry, ctimeNs: (entry?.ctimeNs ?? 0n) + 1000n, content: [] } as TreeNode;
    expect(source.list(raw(root), new Map([[near.name, near]])).entries).toEqual([entry]);
  });
});

describe("a folder", () => {
  it("is listed in the order of bytes, without sockets, names being bytes (2)", async () => {
    const root = temporaryFolder("source");
    writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0x01])]), "x");
    writeFileSync(join(root, "é"), "x");
    writeFileSync(join(root, "\u{1f600}"), "x");
    writeFileSync(join(root, "a"), "four");
    linkSync(join(root, "a"), join(root, "B"));
    symlinkSync("nowhere/é", join(root, "c"));
    execFileSync("mkfifo", [join(root, "d")]);
    const server = createServer().listen(join(root, "socket"));
    afterwards(() => server.close());
    await new Promise((resolve) => server.once("listening", resolve));
    const { entries, failures } = createTreeSource().list(raw(root));
    expect(failures).toEqual([]);
    expect(entries.map(({ name }) => name)).toEqual([
      "B",
      "a",
      "c",
      "d",
      raw("é"),
      raw("\u{1f600}"),
      "\xff\x01",
    ]);
    const stats = lstatSync(join(root, "a"), { bigint: true });
    expect(entries[1]).toMatchObject({
      kind: "file",
      links: 2,
      sizeBytes: 4,
      inode: stats.ino,
      deviceId: stats.dev,
      mtimeNs: stats.mtimeNs,
      ctimeNs: stats.ctimeNs,
      atimeNs: stats.atimeNs,
      permissions: Number(stats.mode & 0o7777n),
    });
    expect(entries[2]).toMatchObject({ kind: "symlink", target: raw("nowhere/é") });
    expect(entries[3]).toMatchObject({ kind: "fifo", links: 0 });
  });

  it("that is not there, or no folder, is a failure (1)", () => {
    const root = temporaryFolder("source");
    writeFileSync(join(root, "file"), "x");
    const source = createTreeSource();
    const [gone, file] = [raw(join(root, "gone")), raw(join(root, "file"))];
    expect(source.list(gone)).toEqual({ entries: [], failures: [{ path: gone, code: "ENOENT" }] });
    expect(source.list(file)).toEqual({ entries: [], failures: [{ path: file, code: "ENOTDIR" }] });
    expect(source.look(gone)).toBeUndefined();
    expect(source.look(joinRaw(file, raw("x")))).toBeUndefined();
    expect(source.look(file)).toMatchObject({ name: "file", kind: "file", sizeBytes: 1 });
  });

  it("that is deeper than a path may be is a failure (1)", () => {
    const root = temporaryFolder("source");
    const [inner, outer] = ["i".repeat(200), "o".repeat(200)];
    let path = join(root, "deep");
    mkdirSync(path);
    while (path.length < 3800) {
      path = join(path, inner);
      mkdirSync(path);
    }
    // From two sides, for no single path leads there.
    let second = join(root, "more");
    mkdirSync(second);
    for (let depth = 0; depth < 5; depth += 1) {
      second = join(second, outer);
      mkdirSync(second);
    }
    renameSync(join(root, "more"), join(path, "more"));
    const source = createTreeSource();
    const codes: string[] = [];
    const waiting = [raw(join(path, "more"))];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const { entries, failures } = source.list(next);
      codes.push(...failures.map(({ code }) => code));
      for (const { name } of entries) waiting.push(joinRaw(next, name));
    }
    expect(codes).toEqual(["ENAMETOOLONG"]);
  });
});

it("accounts have the names of their files, also after a change", () => {
  const root = temporaryFolder("source");
  const [passwdFile, groupFile] = [join(root, "passwd"), join(root, "group")];
  const source = createTreeSource({ passwdFile, groupFile });
  const { uid, gid } = lstatSync(root);
  const names = (): unknown =>
    source.list(raw(root)).entries.map(({ user, group }) => [user, group])[0];
  writeFileSync(join(root, "a"), "x");
  expect(names()).toEqual(["", ""]);
  writeFileSync(passwdFile, `ann:x:${uid}:1::/:\nother:x:${uid}:1::/:\n`);
  writeFileSync(groupFile, `crew:x:${gid}:\n`);
  expect(names()).toEqual(["ann", "crew"]);
  writeFileSync(passwdFile, `beatrice:x:${uid}:1::/:\n`);
  expect(names()).toEqual(["beatrice", "crew"]);
});

describe("extended attributes", () => {
  const odd = "\xff=a\\b\nc d" as RawPath;

  it("are read of all paths in batches, what is gone being a failure", async () => {
    const root = temporaryFolder("source");
    const paths = [odd, raw("plain"), raw("none")].map((name) => joinRaw(raw(root), name));
    for (const path of paths) writeFileSync(Buffer.from(path, "latin1"), "x");
    const text =
      "import os,sys; p=bytes.fromhex(sys.argv[1]); " +
      "[os.setxattr(p, n.encode(), b'\\0v') for n in ['user.b=\\n', 'user.a\\\\']]";
    for (const path of paths.slice(0, 2)) {
      execFileSync("python3", ["-c", text, Buffer.from(path, "latin1").toString("hex")]);
    }
    const read = createAttributeReader({ warn: () => undefined, pathsPerBatchMax: 2 });
    const gone = joinRaw(raw(root), raw("gone:\n x"));
    const { attributes, failures } = await read([...paths, gone]);
    expect(failures).toEqual([{ path: gone, code: "ENOENT" }]);
    expect([...attributes.keys()]).toEqual(paths.slice(0, 2));
    for (const found of attributes.values()) {
      expect(found).toEqual([
        { name: "user.a\\", value: Buffer.from("\0v") },
        { name: "user.b=\n", value: Buffer.from("\0v") },
      ]);
    }
  });

  it("that nothing can read are told of once", async () => {
    const warnings: string[] = [];
    const warn = (message: string): unknown => warnings.push(message);
    const read = createAttributeReader({ warn, program: "no-such-program", pathsPerBatchMax: 1 });
    const paths = [raw("/"), raw("/tmp")];
    expect(await read(paths)).toEqual({ attributes: new Map(), failures: [] });
    expect(await read(paths)).toEqual({ attributes: new Map(), failures: [] });
    expect(warnings).toHaveLength(1);
  });
});
