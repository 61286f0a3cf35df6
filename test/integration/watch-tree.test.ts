import { execFileSync, spawn } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type RawPath, rawPathOfText, systemPath } from "../../src/vault/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { allTold, allWatched, fileAt, listAll, type Watched, watchFolder } from "./watch-bench.ts";

function grow(root: string, fileCount: number): void {
  for (let index = 0; index < fileCount; index += 1) {
    const path = fileAt(root, index);
    mkdirSync(join(path, ".."), { recursive: true });
    writeFileSync(path, `${index}`);
  }
}

/** Begins to watch, lets `change` happen, and asks for everything (see `watch-bench.ts`). */
async function nothingIsLost(root: string, change: () => void): Promise<Watched> {
  const watched = await watchFolder(root);
  await until(() => watched.kinds().includes("reconcile start"));
  const before = listAll(root);
  change();
  await allTold(root, before, watched);
  await allWatched(root, watched);
  return watched;
}

describe("nothing is lost when", () => {
  it("5000 files come in folders made on the way", async () => {
    const root = temporaryFolder("watch");
    await nothingIsLost(root, () => grow(root, 5000));
  });

  it("trees are moved in, out and within", async () => {
    const root = temporaryFolder("watch");
    const outside = temporaryFolder("watch-outside");
    grow(root, 1000);
    grow(outside, 1000);
    const watched = await nothingIsLost(root, () => {
      renameSync(join(outside, "area-3"), join(root, "came"));
      renameSync(join(root, "area-1"), join(outside, "went"));
      renameSync(join(root, "area-2"), join(root, "area-4", "moved"));
      // The two change places.
      renameSync(join(root, "area-5"), join(root, "third"));
      renameSync(join(root, "area-6"), join(root, "area-5"));
      renameSync(join(root, "third"), join(root, "area-6"));
    });
    watched.clear();
    writeFileSync(fileAt(join(outside, "went"), 1).replace("area-1/", ""), "not ours any more");
    writeFileSync(join(root, "area-7", "ours"), "");
    await until(() => watched.told().has(rawPathOfText(join(root, "area-7"))));
    expect([...watched.told()]).toEqual([join(root, "area-7")]);
  });

  it("a folder is moved away and back, and another one takes its name", async () => {
    const root = temporaryFolder("watch");
    grow(root, 400);
    await nothingIsLost(root, () => {
      for (let round = 0; round < 50; round += 1) {
        renameSync(join(root, "area-1"), join(root, "away"));
        if (round % 2 === 0) mkdirSync(join(root, "area-1"));
        if (round % 2 === 0) rmSync(join(root, "area-1"), { recursive: true });
        renameSync(join(root, "away"), join(root, "area-1"));
      }
    });
  });

  it("a tree is removed and made anew, again and again", async () => {
    const root = temporaryFolder("watch");
    grow(root, 400);
    await nothingIsLost(root, () => {
      for (let round = 0; round < 10; round += 1) {
        for (const area of ["area-1", "area-2"]) rmSync(join(root, area), { recursive: true });
        grow(root, 400);
      }
    });
  });

  it("folders hold children of their own name", async () => {
    const root = temporaryFolder("watch");
    mkdirSync(join(root, "same", "same", "same"), { recursive: true });
    await nothingIsLost(root, () => {
      rmSync(join(root, "same"), { recursive: true });
      mkdirSync(join(root, "same", "same", "same"), { recursive: true });
      renameSync(join(root, "same", "same", "same"), join(root, "same", "other"));
      writeFileSync(join(root, "same", "same", "same"), "");
    });
  });

  it("files are replaced by renaming, attributes change, files are appended to", async () => {
    const root = temporaryFolder("watch");
    grow(root, 400);
    await nothingIsLost(root, () => {
      for (let index = 0; index < 100; index += 1) {
        writeFileSync(`${fileAt(root, index)}.new`, "new");
        renameSync(`${fileAt(root, index)}.new`, fileAt(root, index));
        appendFileSync(fileAt(root, index + 100), "more");
        chmodSync(fileAt(root, index + 200), 0o600);
      }
      chmodSync(join(root, "area-3"), 0o700);
    });
  });

  it("git switches to a branch with 2000 other files", async () => {
    const root = temporaryFolder("watch");
    const git = (...words: readonly string[]): void => {
      const who = ["-c", "user.name=A", "-c", "user.email=a@example.org"];
      execFileSync("git", ["-C", root, ...who, ...words], { stdio: "ignore" });
    };
    git("init", "-b", "one");
    grow(root, 2000);
    git("add", ".");
    git("commit", "-m", "one");
    git("checkout", "-b", "two");
    for (let index = 0; index < 2000; index += 1) writeFileSync(fileAt(root, index), "two");
    git("commit", "-am", "two");
    await nothingIsLost(root, () => git("checkout", "one"));
  });

  it("an archive is unpacked, and a tree is copied", async () => {
    const root = temporaryFolder("watch");
    const outside = temporaryFolder("watch-outside");
    grow(outside, 5000);
    execFileSync("tar", ["-C", outside, "-cf", join(outside, "all.tar"), ...readdirSync(outside)]);
    await nothingIsLost(root, () => {
      execFileSync("tar", ["-C", root, "-xf", join(outside, "all.tar")]);
      cpSync(join(outside, "area-1"), join(root, "copy"), { recursive: true });
    });
  });

  it("names are no UTF-8", async () => {
    const root = temporaryFolder("watch");
    const name = "\xff\xfe \xe9" as RawPath;
    await nothingIsLost(root, () => {
      const folder = `${rawPathOfText(root)}/${name}` as RawPath;
      mkdirSync(systemPath(`${folder}/\x80` as RawPath), { recursive: true });
      writeFileSync(systemPath(`${folder}/\x80/\x81` as RawPath), "");
    });
  });
});

it("follows no link, and no loop of links", async () => {
  const root = temporaryFolder("watch");
  const outside = temporaryFolder("watch-outside");
  mkdirSync(join(outside, "deep"));
  mkdirSync(join(root, "inside"));
  symlinkSync("..", join(root, "inside", "loop"));
  symlinkSync(outside, join(root, "link"));
  const watched = await nothingIsLost(root, () => symlinkSync(root, join(root, "inside", "more")));
  expect(await watched.watch.figures()).toEqual({ folderCount: 2, watchCount: 2 });
});

it("enters no excluded folder, and tells nothing of excluded files", async () => {
  const root = temporaryFolder("watch");
  const [modules, vault, kept] = ["a/node_modules", "vault", "kept"].map((name) =>
    join(root, name),
  );
  for (const folder of [modules, vault, kept])
    mkdirSync(join(folder ?? "", "x"), { recursive: true });
  const watched = await watchFolder(root, {
    exclude: ["**/node_modules", "**/*.tmp"],
    without: [rawPathOfText(vault ?? "")],
  });
  expect(await watched.watch.figures()).toEqual({ folderCount: 4, watchCount: 4 });
  writeFileSync(join(kept ?? "", "file.tmp"), "");
  writeFileSync(join(modules ?? "", "file"), "");
  mkdirSync(join(root, "a", "b", "node_modules"), { recursive: true });
  await until(() => watched.told().has(rawPathOfText(join(root, "a", "b"))));
  expect(watched.told()).not.toContain(kept);
  expect(await watched.watch.figures()).toEqual({ folderCount: 5, watchCount: 5 });
});

it("tells of a file that never holds still, and of its neighbours", async () => {
  const root = temporaryFolder("watch");
  mkdirSync(join(root, "restless"));
  mkdirSync(join(root, "calm"));
  const watched = await watchFolder(root);
  const timer = setInterval(() => appendFileSync(join(root, "restless", "log"), "x"), 5);
  afterwards(() => clearInterval(timer));
  const timesTold = (): number =>
    watched.events.filter(
      (event) =>
        event.kind === "changed" && event.folders.includes(rawPathOfText(join(root, "restless"))),
    ).length;
  await until(() => timesTold() >= 2);
  writeFileSync(join(root, "calm", "file"), "");
  await until(() => watched.told().has(rawPathOfText(join(root, "calm"))));
});

describe("a root", () => {
  it("that is renamed away is gone; it is back, compared and watched", async () => {
    const root = join(temporaryFolder("watch"), "root");
    grow(root, 100);
    const watched = await watchFolder(root);
    renameSync(root, `${root}-away`);
    await until(() => watched.kinds().includes("gone"));
    expect(await watched.watch.figures()).toEqual({ folderCount: 0, watchCount: 0 });
    renameSync(`${root}-away`, root);
    await until(() => watched.kinds().includes("reconcile back"));
    // What it heard of its own move may be told as a change.
    const kinds = watched.kinds().filter((kind) => kind !== "changed");
    expect(kinds).toEqual(["reconcile start", "gone", "back", "reconcile back"]);
    await allWatched(root, watched);
  });

  it("may not be there at first", async () => {
    const root = join(temporaryFolder("watch"), "root");
    const watched = await watchFolder(root);
    expect(watched.kinds()).toEqual(["gone"]);
    grow(root, 100);
    await until(() => watched.kinds().includes("reconcile back"));
    await allWatched(root, watched);
  });

  it("is found with its folder above moved, at the next look", async () => {
    const above = join(temporaryFolder("watch"), "above");
    const root = join(above, "root");
    grow(root, 100);
    const watched = await watchFolder(root, { limits: { rootsEveryMs: 50 } });
    renameSync(above, `${above}-away`);
    await until(() => watched.kinds().includes("gone"));
    renameSync(`${above}-away`, above);
    await until(() => watched.kinds().includes("reconcile back"));
    await allWatched(root, watched);
  });
});

describe("beyond the limit of watches", () => {
  it("folders are compared at intervals, and that is said with its remedy", async () => {
    const root = temporaryFolder("watch");
    grow(root, 400);
    const watched = await watchFolder(root, { limits: { watchesMax: 50, scanEveryMs: 100 } });
    expect(await watched.watch.figures()).toEqual({ folderCount: 421, watchCount: 50 });
    expect(watched.events).toContainEqual(
      expect.objectContaining({ kind: "scanning", folderCount: 371 }),
    );
    await allWatched(root, watched);
    const before = listAll(root);
    for (let index = 0; index < 400; index += 1) appendFileSync(fileAt(root, index), "more");
    mkdirSync(join(fileAt(root, 7), "..", "new", "newer"), { recursive: true });
    await allTold(root, before, watched);
  });

  it("they get watches when others are given back", async () => {
    const root = temporaryFolder("watch");
    grow(root, 40);
    const watched = await watchFolder(root, { limits: { watchesMax: 40, scanEveryMs: 100 } });
    rmSync(join(root, "area-1"), { recursive: true });
    for (let area = 2; area < 16; area += 1)
      rmSync(join(root, `area-${area}`), { recursive: true });
    await until(async () => (await watched.watch.figures())?.watchCount === 16);
    const scanned = (): unknown => watched.events.findLast(({ kind }) => kind === "scanning");
    await until(() => (scanned() as { folderCount?: number } | undefined)?.folderCount === 0);
    await allWatched(root, watched);
  });
});

it("more changed folders than are kept apart end in a comparison", async () => {
  const root = temporaryFolder("watch");
  grow(root, 400);
  const watched = await watchFolder(root, { limits: { changedMax: 100 } });
  watched.clear();
  for (let index = 0; index < 400; index += 1) appendFileSync(fileAt(root, index), "more");
  await until(() => watched.kinds().includes("reconcile storm"));
  watched.clear();
  writeFileSync(join(root, "area-1", "later"), "");
  await until(() => watched.told().has(rawPathOfText(join(root, "area-1"))));
});

it("everything is compared by the clock as well", async () => {
  const root = temporaryFolder("watch");
  const watched = await watchFolder(root, { limits: { reconcileEveryMs: 50 } });
  await until(() => watched.kinds().filter((kind) => kind === "reconcile schedule").length > 2);
});

it("a queue that ran over is noticed, and what was missed in it is watched (W3, D1)", async () => {
  const root = temporaryFolder("watch");
  grow(root, 400);
  const script = join(import.meta.dirname, "watch-program.ts");
  const program = spawn(process.execPath, [script, root], { stdio: ["ignore", "pipe", "inherit"] });
  afterwards(() => program.kill("SIGKILL"));
  let said = "";
  program.stdout.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  await until(() => said.includes('"reason":"start"'));
  program.kill("SIGSTOP");
  const queueSize = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "latin1"));
  for (let index = 0; index < queueSize + 4000; index += 1)
    writeFileSync(join(root, "area-1", `${index}`), "");
  mkdirSync(join(root, "area-2", "missed", "below"), { recursive: true });
  program.kill("SIGCONT");
  await until(() => said.includes('"reason":"overflow"'), { seen: () => said.slice(-500) });
  said = "";
  writeFileSync(join(root, "area-2", "missed", "below", "file"), "");
  await until(() => said.includes(join(root, "area-2", "missed", "below")), {
    seen: () => said.slice(-500),
  });
});

it("a thread that dies is told, and another one begins with a comparison (V2)", async () => {
  const root = temporaryFolder("watch");
  for (let index = 0; index < 16_000; index += 1) {
    mkdirSync(join(root, `area-${index % 20}`, `folder-${index}`), { recursive: true });
  }
  const watched = await watchFolder(root, { limits: { heapMaxMb: 16 } });
  expect(watched.events).toEqual([
    { kind: "died", reason: expect.stringContaining("memory") as string, restMs: 1000 },
  ]);
  expect(await watched.watch.figures()).toBeUndefined();
  for (let area = 1; area < 20; area += 1) rmSync(join(root, `area-${area}`), { recursive: true });
  await until(() => watched.kinds().includes("reconcile start"), { seen: () => watched.kinds() });
  await allWatched(root, watched);
});
