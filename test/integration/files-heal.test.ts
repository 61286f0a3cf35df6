/** What healing adds to node's `fs`: folders, and whole files. */
import { execFileSync } from "node:child_process";
import fs, { linkSync, readdirSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { EngineEventHub } from "../../src/engine/events.ts";
import { type Healing, patchFileSystem } from "../../src/public/files.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";

const healed: Healing[] = [];
let place: string;

let undo: () => void;

beforeEach(() => {
  place = temporaryFolder("files");
  healed.length = 0;
  undo = patchFileSystem({ mode: "heal", onHealed: (each) => healed.push(each) });
  afterwards(undo);
});

const inode = (path: string): number => statSync(path).ino;

test("folders that are missing are made, by every function that makes a file", async () => {
  const source = join(place, "source");
  fs.writeFileSync(source, "x");
  const call = (work: (done: (error: Error | null) => void) => unknown): Promise<void> =>
    new Promise((resolve, reject) => {
      work((error) => (error ? reject(error) : resolve()));
    });
  const makers: Readonly<Record<string, (path: string) => unknown>> = {
    writeFileSync: (path) => fs.writeFileSync(path, "x"),
    appendFileSync: (path) => fs.appendFileSync(path, "x"),
    openSync: (path) => fs.closeSync(fs.openSync(path, "a")),
    copyFileSync: (path) => fs.copyFileSync(source, path),
    mkdirSync: (path) => fs.mkdirSync(path),
    renameSync: (path) => {
      fs.writeFileSync(`${place}/moved`, "x");
      fs.renameSync(`${place}/moved`, path);
    },
    writeFile: (path) => call((done) => fs.writeFile(path, "x", done)),
    appendFile: (path) => call((done) => fs.appendFile(path, "x", done)),
    mkdir: (path) => call((done) => fs.mkdir(path, done)),
    copyFile: (path) => call((done) => fs.copyFile(source, path, done)),
    open: (path) =>
      call((done) =>
        fs.open(path, "w", (error, file) => (error ? done(error) : fs.close(file, done))),
      ),
    createWriteStream: (path) =>
      call((done) => fs.createWriteStream(path).end("x", () => done(null))),
    "promises.writeFile": (path) => fs.promises.writeFile(path, "x"),
    "promises.appendFile": (path) => fs.promises.appendFile(path, "x"),
    "promises.mkdir": (path) => fs.promises.mkdir(path),
    "promises.copyFile": (path) => fs.promises.copyFile(source, path),
    "promises.open": async (path) => (await fs.promises.open(path, "w")).close(),
  };
  for (const [name, make] of Object.entries(makers)) {
    const path = join(place, name, "below", "f");
    await make(path);
  }
  const names = Object.keys(makers);
  expect(names.filter((name) => !fs.existsSync(join(place, name, "below", "f")))).toEqual([]);
  expect(healed).toEqual(
    names.map((name) => ({
      kind: "directory_made",
      path: join(place, name, "below"),
    })),
  );
});

test("nothing is made for who only reads, or copies what is not there", async () => {
  const path = join(place, "none", "f");
  expect(() => fs.readFileSync(path)).toThrow("ENOENT");
  expect(() => fs.openSync(path, "r")).toThrow("ENOENT");
  expect(() => fs.renameSync(`${place}/nothing`, path)).toThrow("ENOENT");
  await expect(fs.promises.copyFile(`${place}/nothing`, path)).rejects.toThrow("ENOENT");
  expect(() => fs.writeFileSync("/proc/none/f", "x")).toThrow("ENOENT");
  expect(readdirSync(place)).toEqual([]);
});

test("an existing folder is still an error for `mkdir`: some lock by it", () => {
  expect(() => fs.mkdirSync(place)).toThrow("EEXIST");
});

describe("whole files", () => {
  test("a file is replaced at once: who has the old one open reads it to its end", async () => {
    const path = join(place, "f");
    fs.writeFileSync(path, "old", { mode: 0o640 });
    const writers = [
      async () => fs.writeFileSync(path, "new"),
      () => fs.promises.writeFile(path, "new", "utf8"),
      () =>
        new Promise((resolve) => {
          fs.writeFile(path, Buffer.from("new"), { mode: 0o600 }, resolve);
        }),
    ];
    for (const write of writers) {
      const open = fs.openSync(path, "r");
      const before = inode(path);
      const old = readFileSync(path, "utf8");
      await write();
      expect(inode(path)).not.toBe(before);
      expect(readFileSync(open, "utf8")).toBe(old);
      expect(readFileSync(path, "utf8")).toBe("new");
      expect(statSync(path).mode & 0o777).toBe(0o640);
      fs.closeSync(open);
    }
    symlinkSync("f", join(place, "link"));
    fs.writeFileSync(join(place, "link"), "through the link");
    expect(readFileSync(path, "utf8")).toBe("through the link");
    expect(readdirSync(place).toSorted()).toEqual(["f", "link"]);
  });

  test("O1: of writes that overlap the last call has the last word", async () => {
    const path = join(place, "f");
    for (let round = 0; round < 20; round += 1) {
      const sizes = [1 << 20, 10, 1 << 16, 100 + round];
      await Promise.all(sizes.map((size) => fs.promises.writeFile(path, "x".repeat(size))));
      expect(statSync(path).size).toBe(100 + round);
    }
    const early = fs.promises.writeFile(path, "x".repeat(1 << 20));
    fs.writeFileSync(path, "last");
    await early;
    expect(readFileSync(path, "utf8")).toBe("last");
    expect(readdirSync(place)).toEqual(["f"]);
  });

  test("L1: what cannot be replaced without a difference is written as ever", () => {
    const path = join(place, "f");
    fs.writeFileSync(path, "one");
    linkSync(path, `${path}-other`);
    const before = inode(path);
    fs.writeFileSync(path, "two");
    expect(inode(path)).toBe(before);
    expect(readFileSync(`${path}-other`, "utf8")).toBe("two");
    fs.rmSync(`${path}-other`);
    fs.writeFileSync(path, "3", { flag: "r+" });
    fs.writeFileSync(path, "!", { flag: "a" });
    expect(inode(path)).toBe(before);
    expect(readFileSync(path, "utf8")).toBe("3wo!");
    expect(() => fs.writeFileSync(path, "x", { flag: "wx" })).toThrow("EEXIST");
    fs.writeFileSync("/dev/null", "x");
    expect(statSync("/dev/null").isCharacterDevice()).toBe(true);
  });

  test("a disk that is full leaves the old content, and the error names the file", () => {
    const program = join(import.meta.dirname, "files-heal-full-disk.ts");
    const said = execFileSync("unshare", ["-rm", process.execPath, program, place], {
      encoding: "utf8",
    });
    const full = "ENOSPC: no space left on device, write";
    expect(JSON.parse(said)).toEqual({
      sync: full,
      promised: full,
      called: full,
      content: "old",
      left: ["ballast", "f"],
    });
  });
});

test("what was made is told as an engine tells it", () => {
  undo();
  const heard: unknown[] = [];
  const events = new EngineEventHub();
  events.on("recovery_success", (event) => heard.push(event));
  afterwards(patchFileSystem({ mode: "heal", events }));
  fs.writeFileSync(join(place, "a", "f"), "x");
  expect(heard).toEqual([{ operation: "fs.writeFileSync", by: "file", attempts: 1 }]);
});
