/** Deleting files, against links and mounts that would have it delete others (F1). */
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { containing } from "../conformance/effector.ts";
import { filesIn, run, write } from "./clean-bench.ts";

test("as the root or in its path are refused, in the tree not followed", async () => {
  const base = temporaryFolder("clean");
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
  const base = temporaryFolder("clean");
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

test("mounts are not crossed, bind mounts of the same device neither (F1)", () => {
  const script = join(import.meta.dirname, "clean-mounts.ts");
  const output = execFileSync(
    "unshare",
    ["-rm", process.execPath, script, temporaryFolder("clean")],
    {
      encoding: "utf8",
    },
  );
  expect(JSON.parse(output)).toEqual({
    result: { kind: "done", detail: containing("removed 1 file, 1 B in ") },
    inTmpfs: true,
    inBind: true,
    boundEtc: "refused",
    mountAsRoot: { kind: "done", detail: containing("removed 1 file, 1 B in ") },
  });
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
  afterwards(async () => {
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
