/** Deleting files, on real trees: what goes, and what is refused. */
import { execFileSync } from "node:child_process";
import { existsSync, linkSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../afterwards.ts";
import { containing } from "../conformance/effector.ts";
import { filesIn, run, write } from "./clean-bench.ts";

describe("what goes", () => {
  test("old regular files that match, at any depth; folders, links and the young stay (F3)", async () => {
    const root = temporaryFolder("clean");
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
    const root = temporaryFolder("clean");
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
    const root = temporaryFolder("clean");
    for (let n = 0; n < 12; n += 1) write(join(root, `${n}`));
    expect(await run("act", { root }, { filesMax: 10 })).toMatchObject({
      detail: `removed 10 files, 10 KiB in ${root} (**), there is more`,
    });
    expect(filesIn(root)).toHaveLength(2);
  });

  test("names that are no text are found by their bytes", async () => {
    const root = temporaryFolder("clean");
    const name = Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe, 0x41])]);
    writeFileSync(name, "x");
    expect(await run("act", { root, olderThanMs: 0 })).toMatchObject({ kind: "done" });
    expect(filesIn(root)).toEqual([]);
  });

  test("a file with another name elsewhere counts no bytes, and is kept there", async () => {
    const base = temporaryFolder("clean");
    const root = join(base, "root");
    write(join(root, "a"));
    linkSync(join(root, "a"), join(base, "other"));
    expect(await run("act", { root })).toMatchObject({
      detail: `removed 1 file, 0 B in ${root} (**)`,
    });
    expect(existsSync(join(base, "other"))).toBe(true);
  });

  test("a tree that is deeper than any path may be long is passed, not fallen into (K5)", async () => {
    const root = temporaryFolder("clean");
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
    const base = temporaryFolder("clean");
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
    const root = temporaryFolder("clean");
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
    const base = temporaryFolder("clean");
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
    const base = temporaryFolder("clean");
    write(join(base, "file"));
    await isRefused(join(base, "file"));
  });

  test("the data directory, what lies in it and what it lies in", async () => {
    const base = temporaryFolder("clean");
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
    const base = temporaryFolder("clean");
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

test("no descriptor is left open", async () => {
  const root = temporaryFolder("clean");
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
