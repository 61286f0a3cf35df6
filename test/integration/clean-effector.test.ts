/** Deleting files, on real trees, and against those who would have it delete others. */
import { execFileSync, spawn } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonRecord } from "../../src/kernel/index.ts";
import { realClock } from "../../src/system/index.ts";
import { createCleanEffector } from "../../src/targets/files/effectors.ts";
import { calm, commandOf, containing } from "../conformance/effector.ts";

const stack: (() => unknown)[] = [];
afterEach(async () => {
  for (const release of stack.splice(0).toReversed()) await release();
});

function folder(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), "clean-")));
  stack.push(() => rmSync(path, { recursive: true }));
  return path;
}

const hourMs = 3_600_000;

/** Writes a file of 1 KiB that was last changed so many hours ago. */
function write(path: string, hours = 2): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "x".repeat(1024));
  const at = realClock.now().wallMs / 1000 - hours * 3600;
  utimesSync(path, at, at);
}

/** By name, or as `format` says; node's own recursive listing follows links to folders. */
function filesIn(path: string, format = "%P"): readonly string[] {
  const found = execFileSync("find", [path, "-mindepth", "1", "-printf", `${format}\\n`], {
    encoding: "utf8",
  });
  return found.split("\n").filter(Boolean).sort();
}

interface Wish extends JsonRecord {
  readonly root: string;
}

function run(
  phase: "precheck" | "act",
  wish: Wish | readonly Wish[],
  options: { protectedPaths?: readonly string[]; filesMax?: number } = {},
) {
  const effector = createCleanEffector({ clock: realClock, protectedPaths: [], ...options });
  const places = [wish].flat().map((each) => ({ pattern: "**", olderThanMs: hourMs, ...each }));
  const parameters = { places };
  return effector[phase](commandOf(effector, phase, { parameters }), calm());
}

describe("what goes", () => {
  test("old regular files that match, at any depth; folders, links and the young stay (F3)", async () => {
    const root = folder();
    for (const name of ["a.log", "deep/er/b.log", "c.txt", ".hidden.log"]) write(join(root, name));
    write(join(root, "young.log"), 0.5);
    write(join(root, "future.log"), -5);
    symlinkSync(join(root, "c.txt"), join(root, "link.log"));
    execFileSync("mkfifo", [join(root, "pipe.log")]);
    const wish = { root, pattern: "**/*.log" };
    expect(await run("precheck", wish)).toEqual({
      kind: "done",
      detail: `would remove 2 files, 2 KiB in ${root} (**/*.log)`,
    });
    expect(await run("act", wish)).toEqual({
      kind: "done",
      detail: `removed 2 files, 2 KiB in ${root} (**/*.log)`,
    });
    const left = "c.txt deep deep/er future.log .hidden.log link.log pipe.log young.log";
    expect(filesIn(root)).toEqual(left.split(" ").sort());
  });

  test("nothing to clean is refused by the dry run and harmless when done (F4)", async () => {
    const root = folder();
    write(join(root, "young.log"), 0);
    expect(await run("precheck", { root })).toEqual({
      kind: "refused",
      reason: `nothing to clean in ${root} (**)`,
    });
    expect(await run("act", { root })).toEqual({
      kind: "done",
      detail: `nothing to clean in ${root} (**)`,
    });
  });

  test("a run has a limit, and says that there is more", async () => {
    const root = folder();
    for (let n = 0; n < 12; n += 1) write(join(root, `${n}`));
    expect(await run("act", { root }, { filesMax: 10 })).toMatchObject({
      detail: `removed 10 files, 10 KiB in ${root} (**), there is more`,
    });
    expect(filesIn(root)).toHaveLength(2);
  });

  test("names that are no text are found by their bytes", async () => {
    const root = folder();
    const name = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe, 0x41])]);
    writeFileSync(name, "x");
    expect(await run("act", { root, olderThanMs: 0 })).toMatchObject({ kind: "done" });
    expect(filesIn(root)).toEqual([]);
  });

  test("a file with another name elsewhere counts no bytes, and is kept there", async () => {
    const base = folder();
    const root = join(base, "root");
    write(join(root, "a"));
    linkSync(join(root, "a"), join(base, "other"));
    expect(await run("act", { root })).toMatchObject({
      detail: `removed 1 file, 0 B in ${root} (**)`,
    });
    expect(existsSync(join(base, "other"))).toBe(true);
  });

  test("a tree that is deeper than any path may be long is passed, not fallen into (K5)", async () => {
    const root = folder();
    const script = `const name = "d".repeat(200);
      for (let n = 0; n < 80; n += 1) { fs.mkdirSync(name); process.chdir(name); }
      fs.writeFileSync("x", "");`;
    execFileSync(process.execPath, ["-e", script], { cwd: root });
    write(join(root, "a"));
    expect(await run("act", { root })).toMatchObject({
      detail: `removed 1 file, 1 KiB in ${root} (**)`,
    });
  });
});

describe("several places (F5)", () => {
  test("those that hold nothing or are none to clean keep no other from being cleaned", async () => {
    const base = folder();
    for (const name of ["empty", "full", "other", "data"]) mkdirSync(join(base, name));
    const files = ["data/old.log", "full/old.log", "full/old.tmp", "other/old.log"];
    for (const name of files) write(join(base, name));
    symlinkSync(join(base, "full"), join(base, "link"));
    const names = ["empty", "data", "missing", "link", "full", "other"];
    const roots = [...names.map((name) => join(base, name)), "not/absolute"];
    const wishes = roots.map((root) => ({ root, pattern: "*.log" }));
    wishes.push({ root: join(base, "full"), pattern: "../*" });
    const options = { protectedPaths: [join(base, "data")] };
    const told = (verb: string): unknown =>
      containing(
        `${verb} 1 file, 1 KiB in ${base}/full (*.log); ${verb} 1 file, 1 KiB in ${base}/other (*.log)`,
      );
    const dry = await run("precheck", wishes, options);
    expect(dry).toEqual({ kind: "done", detail: told("would remove") });
    const done = await run("act", wishes, options);
    expect(done).toEqual({ kind: "done", detail: told("removed") });
    for (const { detail } of [dry, done] as { readonly detail: string }[]) {
      expect(detail).toContain(`nothing to clean in ${base}/empty (*.log); ${base}/data is not`);
      expect(detail).toContain(`${base}/missing is not cleaned: `);
      expect(detail).toContain(`${base}/link is a link`);
      expect(detail).toContain("not/absolute is no absolute path");
      expect(detail).toContain(`${base}/full is not cleaned: the pattern`);
    }
    expect(filesIn(join(base, "full"))).toEqual(["old.tmp"]);
    expect(filesIn(join(base, "data"))).toEqual(["old.log"]);
  });

  test("are refused when none of them has anything to clean, and each says why", async () => {
    const root = folder();
    const wishes = [{ root }, { root: "/etc" }];
    const reason = containing(`nothing to clean in ${root} (**); /etc is not cleaned: `);
    expect(await run("precheck", wishes)).toEqual({ kind: "refused", reason });
    expect(await run("act", [{ root: "/etc" }, { root: "/usr" }])).toEqual({
      kind: "refused",
      reason: containing("; /usr is not cleaned"),
    });
    expect(await run("act", wishes)).toEqual({ kind: "failed", reason });
  });

  test("share the limit of a run (F3)", async () => {
    const base = folder();
    for (const name of ["a/1", "a/2", "b/1", "b/2", "c/1"]) write(join(base, name));
    const wishes = ["a", "b", "c"].map((name) => ({ root: join(base, name) }));
    expect(await run("act", wishes, { filesMax: 3 })).toMatchObject({
      detail: containing(`removed 0 files, 0 B in ${base}/c (**), there is more`),
    });
    expect(filesIn(base).filter((name) => name.includes("/"))).toHaveLength(2);
  });
});

describe("what is refused (F2)", () => {
  const isRefused = async (root: string, protectedPaths: readonly string[] = []): Promise<void> => {
    for (const phase of ["precheck", "act"] as const) {
      // Nothing has this name, in case that one day it is not refused.
      const wish = { root, pattern: "no-file-is-called-like-this-*" };
      const result = await run(phase, wish, { protectedPaths });
      expect(result).toMatchObject({ kind: "refused" });
      expect(result).not.toHaveProperty("reason", containing("nothing to clean"));
    }
  };

  const system = "/ /etc /usr /usr/share /var /var/lib /home /dev /proc /proc/self /sys /boot /tmp";
  test.each([...system.split(" "), homedir(), dirname(homedir())])("%s", async (path) => {
    await isRefused(path);
  });

  test("roots that are not what they seem", async () => {
    await isRefused("relative/path");
    await isRefused("/no/such/folder");
    await isRefused("/tmp/../etc");
    await isRefused("//etc//");
    const base = folder();
    write(join(base, "file"));
    await isRefused(join(base, "file"));
  });

  test("the data directory, what lies in it and what it lies in", async () => {
    const base = folder();
    const data = join(base, "shop", ".soulmirror");
    mkdirSync(join(data, "logs"), { recursive: true });
    mkdirSync(join(base, "shop", "cache"));
    symlinkSync(data, join(base, "data-link"));
    for (const protectedPath of [data, join(base, "data-link")]) {
      await isRefused(data, [protectedPath]);
      await isRefused(join(data, "logs"), [protectedPath]);
      await isRefused(join(base, "shop"), [protectedPath]);
      await isRefused(base, [protectedPath]);
      write(join(base, "shop", "cache", "old"));
      const wish = { root: join(base, "shop", "cache") };
      expect(await run("act", wish, { protectedPaths: [protectedPath] })).toMatchObject({
        kind: "done",
      });
    }
  });

  test("a pattern that leads out", async () => {
    const base = folder();
    mkdirSync(join(base, "root"));
    write(join(base, "victim"));
    for (const pattern of ["../*", "a/../../*", `${base}/*`]) {
      expect(await run("act", { root: join(base, "root"), pattern })).toMatchObject({
        kind: "refused",
        reason: containing("pattern"),
      });
    }
    expect(existsSync(join(base, "victim"))).toBe(true);
  });
});

describe("links (F1)", () => {
  test("as the root or in its path are refused, in the tree not followed", async () => {
    const base = folder();
    write(join(base, "victim", "sub", "precious"));
    symlinkSync(join(base, "victim"), join(base, "link"));
    for (const root of [join(base, "link"), join(base, "link", "sub"), `${join(base, "link")}/`]) {
      expect(await run("act", { root })).toMatchObject({
        kind: "refused",
        reason: containing(`${join(base, "link")} is a link`),
      });
    }
    const root = join(base, "root");
    write(join(root, "old"));
    symlinkSync(join(base, "victim"), join(root, "link"));
    symlinkSync(join(base, "victim", "sub", "precious"), join(root, "file-link"));
    symlinkSync(".", join(root, "circle"));
    expect(await run("act", { root })).toMatchObject({
      detail: `removed 1 file, 1 KiB in ${root} (**)`,
    });
    expect(filesIn(root)).toEqual(["circle", "file-link", "link"]);
    expect(existsSync(join(base, "victim", "sub", "precious"))).toBe(true);
  });

  // The racer puts a link to the victim in the place of a folder, and takes it away, all the time.
  // The victim has files of the very names that are being deleted.
  test.each([
    ["a folder below the root", "root/sub", "root"],
    ["the root itself", "root", "root"],
    ["a folder above the root", "above", "above/root"],
  ])("swapped in for %s during the run, delete nothing outside", async (_, place, rootPath) => {
    const base = folder();
    const root = join(base, rootPath);
    const victim = join(base, "victim");
    const names = Array.from({ length: 40 }, (_each, n) => `f${n}`);
    const inner = ["", "root", "sub", "root/sub"];
    for (const name of names) for (const each of inner) write(join(victim, each, name));
    mkdirSync(join(root, "sub"), { recursive: true });
    // With inodes: a file that was deleted and written again is another one.
    const before = filesIn(victim, "%P %i");
    const racer = startRacer(base, place, victim);
    await racer.started;
    let removed = 0;
    for (let round = 0; round < 150; round += 1) {
      for (const name of names) {
        // Whether it is moved aside right now or not.
        for (const aside of [place, `${place}.aside`]) {
          const below = root.slice(join(base, place).length);
          tryWrite(join(base, aside, below, place === "root/sub" ? "" : "sub", name));
        }
      }
      const result = await run("act", { root, olderThanMs: 0 });
      const count = result.kind === "done" ? /removed (\d+)/.exec(result.detail)?.[1] : "0";
      removed += Number(count ?? 0);
    }
    await racer.stop();
    expect(filesIn(victim, "%P %i")).toEqual(before);
    // It did clean: the race was on.
    expect(removed).toBeGreaterThan(0);
    expect(racer.swaps()).toBeGreaterThan(100);
  });
});

test("mounts are not crossed, bind mounts of the same device neither (F1)", () => {
  const script = join(import.meta.dirname, "clean-mounts.ts");
  const output = execFileSync("unshare", ["-rm", process.execPath, script, folder()], {
    encoding: "utf8",
  });
  expect(JSON.parse(output)).toEqual({
    result: { kind: "done", detail: containing("removed 1 file, 1 B in ") },
    inTmpfs: true,
    inBind: true,
    boundEtc: "refused",
    mountAsRoot: { kind: "done", detail: containing("removed 1 file, 1 B in ") },
  });
});

test("no descriptor is left open", async () => {
  const root = folder();
  const open = (): number => readdirSync("/proc/self/fd").length;
  const rounds = async (): Promise<void> => {
    for (let n = 0; n < 20; n += 1) {
      write(join(root, "a/b/c/file"));
      await run("precheck", { root });
      await run("act", { root }, { filesMax: 1 });
      await run("act", { root: "/etc" });
      await run("act", { root: join(root, "none") });
    }
  };
  await rounds();
  const before = open();
  await rounds();
  expect(open()).toBeLessThanOrEqual(before + 2);
});

interface Racer {
  readonly started: Promise<unknown>;
  readonly swaps: () => number;
  readonly stop: () => Promise<void>;
}

function startRacer(base: string, place: string, victim: string): Racer {
  const tally = join(base, "swaps");
  const program = `
    const fs = require("fs");
    const [place, victim, tally] = process.argv.slice(1);
    fs.symlinkSync(victim, place + ".link");
    process.stdout.write("on");
    let swaps = 0, over = false;
    process.on("SIGTERM", () => { over = true; });
    (function swap() {
      for (let n = 0; n < 20; n += 1) {
        fs.renameSync(place, place + ".aside");
        fs.renameSync(place + ".link", place);
        fs.renameSync(place, place + ".link");
        fs.renameSync(place + ".aside", place);
        swaps += 1;
      }
      if (over) fs.writeFileSync(tally, String(swaps));
      else setImmediate(swap);
    })();`;
  const child = spawn(process.execPath, ["-e", program, join(base, place), victim, tally], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise<void>((resolve) => child.on("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill("SIGTERM");
    await ended;
  };
  stack.push(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const started = new Promise((resolve) => child.stdout.once("data", resolve));
  return { started, stop, swaps: () => Number(readFileSync(tally, "utf8")) };
}

/** Where the racer's link stands it meets the victim's file of that name, and leaves it alone. */
function tryWrite(path: string): void {
  try {
    writeFileSync(path, "x", { flag: "wx" });
  } catch {
    // Moved away, or there already.
  }
}
