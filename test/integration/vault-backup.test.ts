/** Backups of real trees into real folders, judged by stock restic. */
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { createTreeSource } from "../../src/platform/tree/index.ts";
import { clockStepMs } from "../../src/vault/clock-step.ts";
import {
  type ContentThreads,
  onlyChanged,
  rawPathOfText,
  type TreeSource,
} from "../../src/vault/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { VaultBench } from "./vault-bench.ts";

/** Every kind of thing that a backup must keep, and content that is cut into several chunks. */
function plantTree(): string {
  const root = temporaryFolder("source");
  mkdirSync(join(root, ".hidden/production"), { recursive: true });
  mkdirSync(join(root, "empty"));
  mkdirSync(join(root, "d\u{e9}j\u{e0} <vu> & co"));
  writeFileSync(join(root, ".hidden/production/engine.ts"), "export const engine = 1;\n");
  writeFileSync(join(root, "large.bin"), randomBytes(9 << 20));
  writeFileSync(join(root, "nothing"), "");
  writeFileSync(Buffer.concat([Buffer.from(`${root}/bad-`), Buffer.of(0xff, 0x07)]), "x");
  symlinkSync("../nowhere", join(root, "link"));
  linkSync(join(root, "large.bin"), join(root, "same.bin"));
  execFileSync("mkfifo", [join(root, "pipe")]);
  execFileSync("setfattr", ["-n", "user.note", "-v", "kept", join(root, "nothing")]);
  chmodSync(join(root, ".hidden"), 0o2750);
  utimesSync(join(root, "nothing"), 1.5, 2.25);
  return root;
}

/** What `find`, `getfattr` and the bytes say of a tree, times in nanoseconds. */
function portrait(root: string): string {
  const format = "%P|%y|%m|%U|%G|%T@|%s|%l|%n\\n";
  const shown = execFileSync("find", [root, "-mindepth", "1", "-printf", format], {
    encoding: "latin1",
  });
  // The size of a folder is its file system's affair.
  const lines = shown.split("\n").map((line) => line.replace(/^(.*\|d\|.*\|)\d+(\|.*)$/, "$1$2"));
  const sums = execFileSync("sh", ["-c", "find . -type f -print0 | sort -z | xargs -0 sha256sum"], {
    cwd: root,
    encoding: "latin1",
  });
  const names = execFileSync("getfattr", ["-R", "-h", "-d", "-m", "-", "."], { cwd: root });
  return `${lines.toSorted().join("\n")}\n${sums}\n${names.toString("latin1")}`;
}

/** When the folders above one changed last. */
function changesAbove(path: string): string {
  const above = dirname(path);
  const { ctimeNs } = statSync(above, { bigint: true });
  return above === path ? `${ctimeNs}` : `${ctimeNs} ${changesAbove(above)}`;
}

async function expectSound(bench: VaultBench, place = 0): Promise<void> {
  expect(await bench.restic(place, "check", "--read-data")).toContain("no errors were found");
}

test("what is backed up is what restic restores, from each place", async () => {
  const source = plantTree();
  const bench = await new VaultBench(2).init();
  const before = portrait(source);
  const { places, tally } = await bench.backUp(source);
  expect(places.map(({ holds }) => holds)).toEqual([true, true]);
  expect(tally.failures).toEqual([]);
  for (const place of [0, 1]) {
    await expectSound(bench, place);
    const target = temporaryFolder("target");
    await bench.restic(place, "restore", "latest", "--target", target);
    expect(portrait(join(target, source))).toBe(before);
  }
  expect(bench.damage).toEqual([]);
});

test("restic sees nothing new in a tree that we have backed up, and we in its own", async () => {
  const source = plantTree();
  const bench = await new VaultBench().init();
  let ours = "";
  // Others make folders beside it meanwhile, and the folders above it are part of a snapshot.
  await until(async () => {
    const before = changesAbove(source);
    await bench.backUp(source, { parent: undefined });
    ours = await bench.restic(0, "backup", "--json", source);
    return changesAbove(source) === before;
  });
  expect(JSON.parse(ours.trim().split("\n").at(-1) ?? "")).toMatchObject({
    files_new: 0,
    files_changed: 0,
    dirs_new: 0,
    dirs_changed: 0,
    data_blobs: 0,
    tree_blobs: 0,
  });
  const again = await bench.backUp(source);
  expect(again.tally.counts).toMatchObject({ newFiles: 0, changedFiles: 0 });
  expect(again).toMatchObject({ addedBlobs: 0, addedBytes: 0 });
});

test("a repository that restic made is gone on with; after its prune as well", async () => {
  const source = plantTree();
  const bench = new VaultBench();
  await bench.restic(0, "init", "--repository-version", "2");
  await bench.restic(0, "backup", source);
  const first = await bench.backUp(source);
  expect(first.addedBlobs).toBe(0);
  rmSync(join(source, "large.bin"));
  rmSync(join(source, "same.bin"));
  writeFileSync(join(source, "new.bin"), randomBytes(3 << 20));
  await bench.backUp(source);
  await bench.restic(0, "forget", "--keep-last", "1", "--prune");
  writeFileSync(join(source, "later"), "later\n");
  // The same open vault, which knew packs that are gone now.
  await bench.backUp(source, { parent: undefined });
  await expectSound(bench);
  const target = temporaryFolder("target");
  await bench.restic(0, "restore", "latest", "--target", target);
  expect(portrait(join(target, source))).toBe(portrait(source));
});

test("following changes gives the tree that looking at everything gives", async () => {
  const source = plantTree();
  const bench = await new VaultBench().init();
  await bench.backUp(source);
  writeFileSync(join(source, ".hidden/production/engine.ts"), "export const engine = 2;\n");
  mkdirSync(join(source, "empty/now/not"), { recursive: true });
  writeFileSync(join(source, "empty/now/not/here"), "here\n");
  renameSync(join(source, "link"), join(source, "empty/link"));
  const changed = ["", "/empty", "/.hidden/production", "/empty/now", "/empty/now/not"];
  const scope = onlyChanged(changed.map((path) => rawPathOfText(source + path)));
  const followed = await bench.backUp(source, { scope });
  const target = temporaryFolder("target");
  await bench.restic(0, "restore", "latest", "--target", target);
  expect(portrait(join(target, source))).toBe(portrait(source));
  const whole = await bench.backUp(source);
  expect(followed.snapshot.tree).toBe(whole.snapshot.tree);
  expect(followed.tally.counts).toMatchObject({ newFiles: 1, changedFiles: 1 });
  await expectSound(bench);
});

test("what may have changed in one step of the clock behind its reading is read again (N1)", async () => {
  const source = temporaryFolder("racy");
  const [settled, racy] = ["settled", "racy"].map((name) => join(source, name)) as [string, string];
  writeFileSync(settled, "long ago");
  await until(() => Date.now() > statSync(settled).ctimeMs + 2 * clockStepMs);
  writeFileSync(racy, "");
  const bench = await new VaultBench().init();
  const { threads } = await bench.open();
  const writing: ContentThreads = {
    width: threads.width,
    read: (...words) => {
      writeFileSync(racy, "as it was read");
      return threads.read(...words);
    },
  };
  await bench.backUp(source, { threads: writing });
  writeFileSync(racy, "written behind");
  const seeing = createTreeSource({});
  // As a clock that stood still would make it look.
  const blind: TreeSource = {
    look: (path) => seeing.look(path),
    list: (path, known) => {
      const { entries, failures } = seeing.list(path);
      const asBefore = entries.map(
        (entry) => (entry.kind === "file" && known?.get(entry.name)) || entry,
      );
      return { entries: asBefore, failures };
    },
  };
  const { tally } = await bench.backUp(source, { source: blind });
  expect(await bench.restic(0, "dump", "latest", racy)).toBe("written behind");
  expect(tally.counts).toMatchObject({ changedFiles: 1, unchangedFiles: 1, readBytes: 14 });
  await until(() => Date.now() > statSync(racy).ctimeMs + 2 * clockStepMs);
  await bench.backUp(source, { parent: (await bench.backUp(source)).snapshot });
  const third = await bench.backUp(source, { source: blind });
  expect(third.tally.counts).toMatchObject({ unchangedFiles: 2, readBytes: 0 });
});

test("a file that changed by one of its names is restored as it is by that name (N4)", async () => {
  const source = temporaryFolder("names");
  for (const name of ["x", "y"]) mkdirSync(join(source, name));
  writeFileSync(join(source, "x/a"), "as it was");
  linkSync(join(source, "x/a"), join(source, "y/a"));
  const bench = await new VaultBench().init();
  await bench.backUp(source);
  writeFileSync(join(source, "y/a"), "as it is now");
  const scope = onlyChanged([rawPathOfText(join(source, "y"))]);
  await bench.backUp(source, { scope });
  const target = temporaryFolder("target");
  await bench.restic(0, "restore", "latest", "--target", target);
  expect(readFileSync(join(target, source, "y/a"), "utf8")).toBe("as it is now");
  // The next look at everything knows all names again.
  await bench.backUp(source);
  const whole = temporaryFolder("target");
  await bench.restic(0, "restore", "latest", "--target", whole);
  expect(portrait(join(whole, source))).toBe(portrait(source));
});

test("what comes and goes beside the sources makes no new snapshot (V4)", async () => {
  const above = temporaryFolder("above");
  const source = join(above, "source");
  mkdirSync(source);
  writeFileSync(join(source, "a"), "a");
  const bench = await new VaultBench().init();
  const first = await bench.backUp(source);
  writeFileSync(join(above, "beside"), "");
  const second = await bench.backUp(source, { skipsUnchanged: true });
  expect(second).toMatchObject({ isWritten: false, snapshot: { id: first.snapshot.id } });
  chmodSync(above, 0o750);
  expect(await bench.backUp(source, { skipsUnchanged: true })).toMatchObject({ isWritten: true });
});

test("what cannot be read is told, and everything else is kept", async () => {
  const source = temporaryFolder("source");
  writeFileSync(join(source, "a"), "a");
  const bench = await new VaultBench().init();
  const missing = rawPathOfText(join(source, "never"));
  const { tally } = await bench.backUp(source, {
    sources: [rawPathOfText(source), missing].map((path) => path),
  });
  expect(tally.failures).toEqual([]);
  const other = rawPathOfText(`${source}-never`);
  const outcome = await bench.backUp(source, { sources: [rawPathOfText(source), other] });
  expect(outcome.tally.failures).toEqual([{ path: other, code: "ENOENT" }]);
  await expectSound(bench);
});

test("a place that dies is left out with its reason, and the others hold the backup", async () => {
  const source = plantTree();
  const bench = await new VaultBench(2).init();
  await bench.backUp(source);
  writeFileSync(join(source, "more"), randomBytes(100_000));
  const [, second = ""] = bench.folders;
  renameSync(second, `${second}-away`);
  const { places } = await bench.backUp(source);
  expect(places).toMatchObject([{ holds: true, reason: "" }, { holds: false }]);
  expect(places[1]?.reason).toContain(second);
  renameSync(`${second}-away`, second);
  await expectSound(bench, 0);
  await expectSound(bench, 1);
});

test("a place that was away is whole again after a backup that follows changes (B3)", async () => {
  const source = plantTree();
  const bench = await new VaultBench(2).init();
  await bench.backUp(source);
  const [, second = ""] = bench.folders;
  renameSync(second, `${second}-away`);
  writeFileSync(join(source, ".hidden/production/missed"), randomBytes(100_000));
  const missed = [rawPathOfText(`${source}/.hidden/production`)];
  await bench.backUp(source, { scope: onlyChanged(missed) });
  renameSync(`${second}-away`, second);
  writeFileSync(join(source, "empty/later"), "later\n");
  const { places } = await bench.backUp(source, {
    scope: onlyChanged([rawPathOfText(`${source}/empty`)]),
  });
  expect(places.map(({ holds }) => holds)).toEqual([true, true]);
  await expectSound(bench, 0);
  await expectSound(bench, 1);
});

test("a parent that somebody forgot is not gone on with unseen (B3)", async () => {
  const source = plantTree();
  const bench = await new VaultBench().init();
  const first = await bench.backUp(source);
  await bench.restic(0, "forget", first.snapshot.id, "--prune");
  writeFileSync(join(source, "empty/later"), "later\n");
  const scope = onlyChanged([rawPathOfText(`${source}/empty`)]);
  await bench.backUp(source, { scope, parent: first.snapshot });
  await expectSound(bench);
});

test("files that hold the same are stored once, and locks are given back", async () => {
  const source = temporaryFolder("source");
  const content = randomBytes(200_000);
  for (let file = 0; file < 40; file += 1) writeFileSync(join(source, `${file}`), content);
  const bench = await new VaultBench().init();
  const { addedBytes, tally } = await bench.backUp(source);
  expect(tally.counts.newFiles).toBe(40);
  expect(addedBytes).toBeLessThan(400_000);
  expect(readdirSync(join(bench.folders[0] ?? "", "locks"))).toEqual([]);
});

test("a backup beside a lock of somebody else is refused, and says whose it is", async () => {
  const source = temporaryFolder("source");
  writeFileSync(join(source, "a"), "a");
  const bench = await new VaultBench().init();
  await bench.backUp(source);
  const [place = ""] = bench.folders;
  const lock = await foreignLock(bench);
  await expect(bench.backUp(source)).rejects.toMatchObject({ code: "VAULT_LOCKED" });
  await expect(bench.backUp(source)).rejects.toThrow(/exclusively locked by process 4711 of/);
  expect(readdirSync(join(place, "locks"))).toEqual([lock]);
  expect(readFileSync(join(place, "locks", lock)).length).toBeGreaterThan(0);
});

async function foreignLock(bench: VaultBench): Promise<string> {
  const { vault } = await bench.open();
  const time = new Date().toISOString();
  const owner = { hostname: "elsewhere", username: "somebody", pid: 4711 };
  const { bytes, id } = vault.codec.encodeFile(JSON.stringify({ time, exclusive: true, ...owner }));
  await bench.locations[0]?.put({ kind: "lock", id }, [bytes], bench.signal);
  return id;
}
