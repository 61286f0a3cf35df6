import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  chooseParts,
  compareSnapshots,
  createProof,
  type Difference,
  jsonOfListed,
  listPaths,
  longLineOf,
  rawPathOfText,
  type StoredSnapshot,
  textOfRawPath,
  verifyRestoreProof,
  withSession,
} from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import {
  backUpFolder,
  initialiseIn,
  type OpenVault,
  openIn,
  packFile,
  passphrase,
  restoreTo,
} from "./restore-bench.ts";
import { pictureOf } from "./tree-picture.ts";

const isLeftover = (name: string): boolean => name.startsWith(".soulmirror-restore-");

function bytes(count: number, seed: number): Buffer {
  const content = Buffer.alloc(count);
  let state = seed * 2_654_435_761 + 1;
  for (let at = 0; at + 4 <= count; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    content.writeUInt32LE((state ^ (state >>> 13)) >>> 0, at);
  }
  return content;
}

/** All that a user can make without being root. */
function makeTree(folder: string): void {
  mkdirSync(join(folder, "deep", "below"), { recursive: true });
  mkdirSync(join(folder, "closed"));
  mkdirSync(join(folder, "bare"));
  for (let number = 0; number < 60; number += 1) {
    writeFileSync(join(folder, "deep", `file-${number}`), bytes(number * 97, number));
  }
  writeFileSync(join(folder, "large"), bytes(5_000_000, 1000));
  writeFileSync(join(folder, "copy-of-large"), bytes(5_000_000, 1000));
  writeFileSync(join(folder, "none"), "");
  writeFileSync(join(folder, "holes"), "begin");
  truncateSync(join(folder, "holes"), 3_000_000);
  writeFileSync(Buffer.from(`${folder}/deep/\xff\xfe`, "latin1"), "not UTF-8");
  linkSync(join(folder, "large"), join(folder, "deep", "same"));
  symlinkSync("deep/file-1", join(folder, "link"));
  symlinkSync("/nowhere/at/all", join(folder, "deep", "broken"));
  execFileSync("mkfifo", ["-m", "640", join(folder, "pipe")]);
  execFileSync("setfattr", ["-n", "user.note", "-v", "words", join(folder, "deep", "file-2")]);
  execFileSync("setfacl", ["-m", "u:1:r", join(folder, "deep", "file-3")]);
  writeFileSync(join(folder, "closed", "inside"), "inside");
  chmodSync(join(folder, "closed", "inside"), 0o400);
  utimesSync(join(folder, "deep", "file-4"), 1_600_000_000.25, -1_000_000.5);
  utimesSync(join(folder, "deep"), 1_500_000_000, 1_500_000_000.75);
  chmodSync(join(folder, "closed"), 0o500);
  afterwards(() => existsSync(join(folder, "closed")) && chmodSync(join(folder, "closed"), 0o700));
}

interface Scene {
  readonly tree: string;
  readonly folders: readonly [string, string];
  readonly opened: OpenVault;
  readonly out: string;
  /** Where the tree is after it was restored. */
  readonly restored: string;
  readonly snapshot: StoredSnapshot;
}

async function scene(make: (folder: string) => void = makeTree): Promise<Scene> {
  const base = temporaryFolder("restore");
  afterwards(() => execFileSync("chmod", ["-R", "u+rwX", base]));
  const folders = [join(base, "a"), join(base, "b")] as const;
  const [tree, out] = [join(base, "tree"), join(base, "out")];
  mkdirSync(tree);
  make(tree);
  await initialiseIn(folders);
  const snapshot = await backUpFolder(await openIn(folders), tree);
  return { tree, folders, opened: await openIn(folders), out, restored: join(out, tree), snapshot };
}

function restic(repository: string, ...words: readonly string[]): string {
  return execFileSync("restic", ["--no-cache", "-r", repository, ...words], {
    env: { ...process.env, RESTIC_PASSWORD: passphrase },
    encoding: "utf8",
  });
}

function packsOf(folder: string): readonly string[] {
  const folders = readdirSync(join(folder, "data"));
  return folders.flatMap((name) => readdirSync(join(folder, "data", name)));
}

/** One byte in the middle of each pack. */
function damageAll(folder: string): void {
  for (const id of packsOf(folder)) damage(packFile(folder, id));
}

function damage(path: string): void {
  const content = readFileSync(path);
  const middle = Math.floor(content.length / 3);
  content[middle] = (content[middle] ?? 0) ^ 1;
  chmodSync(path, 0o600);
  writeFileSync(path, content);
}

describe("a whole restore", () => {
  it("is what was backed up, and what restic restores", async () => {
    const { folders, opened, out, restored, tree } = await scene();
    const report = await restoreTo(opened, out);
    expect(report).toMatchObject({ failures: [], warnings: [], tally: { failed: 0, kept: 0 } });
    const picture = pictureOf(tree);
    expect(pictureOf(restored)).toBe(picture);
    expect(statSync(join(restored, "holes")).blocks).toBeLessThan(100);
    const other = `${out}-restic`;
    restic(folders[1], "restore", "latest", "--target", other);
    expect(pictureOf(join(other, tree))).toBe(picture);
  });

  it("takes a repository that restic made", async () => {
    const { opened, restored, out, tree, folders } = await scene((folder) => {
      writeFileSync(join(folder, "only"), "x");
    });
    makeTree(tree);
    restic(folders[0], "backup", "--compression", "max", tree);
    rmSync(folders[1], { recursive: true });
    const fresh = await openIn([folders[0]]);
    expect(opened.keys).toEqual(fresh.keys);
    expect(await restoreTo(fresh, out)).toMatchObject({ failures: [], tally: { failed: 0 } });
    expect(pictureOf(restored)).toBe(pictureOf(tree));
  });

  it("writes nothing again that is there, and finds by reading what only seems so", async () => {
    const { opened, out, restored, tree } = await scene();
    await restoreTo(opened, out);
    const again = await restoreTo(opened, out, { overwrite: "always" });
    expect(again.tally).toMatchObject({ sizeBytes: 0, failed: 0 });
    expect(again.tally.present).toBeGreaterThan(60);
    const path = join(restored, "deep", "file-50");
    const { atimeNs, mtimeNs } = statSync(path, { bigint: true });
    damage(path);
    execFileSync("touch", [
      "-d",
      `@${Number(mtimeNs / 1_000_000_000n)}.${String(mtimeNs % 1_000_000_000n).padStart(9, "0")}`,
      path,
    ]);
    expect(atimeNs).toBeGreaterThan(0n);
    const unread = await restoreTo(opened, out, { overwrite: "always" });
    expect(unread.tally.sizeBytes).toBe(0);
    const read = await restoreTo(opened, out, { overwrite: "always", reads: true });
    expect(read).toMatchObject({ failures: [], tally: { sizeBytes: 50 * 97 } });
    expect(pictureOf(restored)).toBe(pictureOf(tree));
  });
});

describe("parts", () => {
  it("are chosen by paths and globs; folders around them are made, empty ones not", async () => {
    const { opened, out, restored, tree } = await scene();
    const paths = [rawPathOfText(join(tree, "deep", "file-7"))];
    await restoreTo(opened, out, { paths, globs: ["**/ins*", "none"] });
    const found = readdirSync(restored, { recursive: true, encoding: "utf8" }).toSorted();
    expect(found).toEqual(["closed", "closed/inside", "deep", "deep/file-7", "none"]);
  });
});

describe("what is there already", () => {
  it("stays when it is newer, and goes when told so", async () => {
    const { opened, out, restored, tree } = await scene();
    await restoreTo(opened, out);
    const [newer, older] = [join(restored, "deep/file-9"), join(restored, "deep/file-10")];
    writeFileSync(newer, "newer");
    writeFileSync(older, "older");
    utimesSync(older, 1, 1);
    const careful = await restoreTo(opened, out, { overwrite: "never" });
    expect(careful.tally.sizeBytes).toBe(0);
    expect(readFileSync(older, "utf8")).toBe("older");
    const usual = await restoreTo(opened, out);
    expect(usual.tally).toMatchObject({ kept: 1, sizeBytes: 970 });
    expect(readFileSync(newer, "utf8")).toBe("newer");
    await restoreTo(opened, out, { overwrite: "always" });
    expect(pictureOf(restored)).toBe(pictureOf(tree));
  });

  it("is removed only when told so, and only where it was restored", async () => {
    const { opened, out, restored, tree } = await scene();
    await restoreTo(opened, out);
    writeFileSync(join(restored, "deep", "other"), "");
    writeFileSync(join(out, "beside"), "");
    expect((await restoreTo(opened, out)).tally.removed).toBe(0);
    const paths = [rawPathOfText(join(tree, "closed"))];
    expect((await restoreTo(opened, out, { paths, removes: () => true })).tally.removed).toBe(0);
    const sure = {
      paths: [rawPathOfText(tree)],
      removes: () => true,
      overwrite: "always",
    } as const;
    expect((await restoreTo(opened, out, sure)).tally.removed).toBe(1);
    expect(pictureOf(restored)).toBe(pictureOf(tree));
    // Nothing above what is protected is removed either, when all of it is restored.
    writeFileSync(join(restored, "..", "above"), "");
    chmodSync(join(restored, ".."), 0o711);
    const all = { removes: () => true, overwrite: "always" } as const;
    expect((await restoreTo(opened, out, all)).tally.removed).toBe(0);
    expect(existsSync(join(restored, "..", "above"))).toBe(true);
    expect(statSync(join(restored, "..")).mode & 0o777).toBe(0o711);
    expect(existsSync(join(out, "beside"))).toBe(true);
  });
});

describe("damage", () => {
  it("in one location is told, and restored from the other", async () => {
    const { folders, opened, out, restored, tree } = await scene();
    damageAll(folders[0]);
    const report = await restoreTo(opened, out);
    expect(report).toMatchObject({ failures: [], tally: { failed: 0 } });
    expect(pictureOf(restored)).toBe(pictureOf(tree));
    expect(opened.damage.length).toBeGreaterThan(0);
    expect(new Set(opened.damage.map(({ location }) => location))).toEqual(
      new Set([`file:${folders[0]}`]),
    );
  });

  it("that misses a whole pack, too", async () => {
    const { folders, opened, out, restored, tree } = await scene();
    for (const id of packsOf(folders[0])) rmSync(packFile(folders[0], id));
    expect((await restoreTo(opened, out)).failures).toEqual([]);
    expect(pictureOf(restored)).toBe(pictureOf(tree));
    expect(opened.damage.length).toBeGreaterThan(0);
  });

  it("everywhere is told exactly, and the rest is restored", async () => {
    const { folders, opened, out, restored, snapshot, tree } = await scene();
    const find = async (path: string): Promise<string> => {
      const wanted = await restoreTo(opened, `${out}-probe`, {
        snapshot,
        paths: [rawPathOfText(path)],
      });
      return wanted.files[0]?.node.content[1] ?? "";
    };
    const id = await find(join(tree, "large"));
    const [place] = opened.vault.index.find(Buffer.from(id, "hex"), "data");
    for (const folder of folders) {
      const path = packFile(folder, place?.pack ?? "");
      const content = readFileSync(path);
      const at = (place?.offset ?? 0) + 100;
      content[at] = (content[at] ?? 0) ^ 1;
      chmodSync(path, 0o600);
      writeFileSync(path, content);
    }
    const { failures, tally } = await restoreTo(opened, out);
    const names = failures.map((line) => line.slice(0, line.indexOf(":"))).toSorted();
    expect(names).toEqual(["copy-of-large", "deep/same", "large"].map((name) => join(tree, name)));
    for (const line of failures) expect(line).toContain(id);
    expect(tally.failed).toBe(3);
    const lost = (name: string): boolean => ["copy-of-large", "same", "large"].includes(name);
    expect(pictureOf(restored, { without: lost })).toBe(pictureOf(tree, { without: lost }));
    expect(readdirSync(restored).filter(isLeftover)).toEqual([]);
  });
});

describe("a proof", () => {
  it("has the hash of every file, and shows when a line was changed", async () => {
    const { opened, out, snapshot, tree } = await scene();
    const { files, tally } = await restoreTo(opened, out, { reads: true, windowFiles: 7 });
    const proof = createProof(snapshot);
    const lines = [proof.head(), ...files.map((file) => proof.add(file)), proof.end().line];
    const text = lines.join("").trimEnd().split("\n");
    expect(await verifyRestoreProof(() => text)).toMatchObject({ ok: true });
    expect(files.length).toBe(67);
    expect(tally.failed).toBe(0);
    const { hash } = files.find(({ path }) => path === join(tree, "large")) ?? {};
    const content = readFileSync(join(tree, "large"));
    expect(hash).toBe(createHash("sha256").update(content).digest("hex"));
    const forged = text.map((line) => line.replace(hash ?? "", "0".repeat(64)));
    expect(await verifyRestoreProof(() => forged)).toMatchObject({ ok: false });
    expect(await verifyRestoreProof(() => text.slice(0, -1))).toMatchObject({ ok: false });
  });
});

describe("diff", () => {
  it("tells what was added, removed and changed, and reads only what differs", async () => {
    const { folders, snapshot, tree } = await scene();
    writeFileSync(join(tree, "deep", "file-5"), "other");
    rmSync(join(tree, "link"));
    mkdirSync(join(tree, "fresh"));
    writeFileSync(join(tree, "fresh", "one"), "1");
    chmodSync(join(tree, "none"), 0o600);
    const opened = await openIn(folders);
    const later = await backUpFolder(opened, tree);
    const found: Difference[] = [];
    const { signal } = new AbortController();
    await withSession(opened.vault, { isExclusive: false, signal }, async (session) => {
      const pair = [snapshot, later] as const;
      for await (const each of compareSnapshots(session, pair)) found.push(each);
    });
    const told = found.map(({ kind, path }) => `${kind} ${textOfRawPath(path).slice(tree.length)}`);
    expect(told.filter((line) => line.includes(" /"))).toEqual([
      "content /deep/file-5",
      "added /fresh",
      "added /fresh/one",
      "removed /link",
      "metadata /none",
    ]);
  });
});

describe("ls", () => {
  it("tells the paths that are meant, in their order", async () => {
    const { opened, snapshot, tree } = await scene();
    const parts = chooseParts({ sources: snapshot.paths, globs: ["closed", "link"] });
    if (!parts.ok) throw new Error(parts.error);
    const [lines, long]: [string[], string[]] = [[], []];
    const { signal } = new AbortController();
    await withSession(opened.vault, { isExclusive: false, signal }, async (session) => {
      const options = { tree: snapshot.tree, parts: parts.value };
      for await (const listed of listPaths(session, options)) {
        lines.push(jsonOfListed(listed));
        if (listed.kind === "name") long.push(longLineOf(listed.path, listed.node));
      }
    });
    const names = ["closed", "closed/inside", "link"].map((name) => join(tree, name));
    const told = lines.map((line) => JSON.parse(line) as { readonly path: string });
    expect(told.map(({ path }) => path)).toEqual(names);
    expect(told).toMatchObject([{ mode: "0500" }, { size: 6 }, { target: "deep/file-1" }]);
    expect(long.map((line) => line.slice(0, 10))).toEqual([
      "dr-x------",
      "-r--------",
      "lrwxrwxrwx",
    ]);
  });
});
