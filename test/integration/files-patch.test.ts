/** The patch of node's `fs`: what it finds, and that nothing else is different. */
import { execFileSync } from "node:child_process";
import { pbkdf2 } from "node:crypto";
import fs, { existsSync, type WriteStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { beforeEach, describe, expect, test } from "vitest";
import type { SilentError } from "../../src/engine/events.ts";
import { type PatchOptions, patchFileSystem } from "../../src/public/files.ts";
import { ManualTools } from "../../src/resilience/manual-tools.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";

const found: SilentError[] = [];
let tools: ManualTools;
let path: string;

beforeEach(() => {
  found.length = 0;
  tools = new ManualTools();
  path = join(temporaryFolder("files"), "f");
});

function patched(options: PatchOptions = {}): () => void {
  const undo = patchFileSystem({ tools, onFinding: (finding) => found.push(finding), ...options });
  afterwards(undo);
  return undo;
}

const told = (): readonly unknown[] =>
  found.map(({ operation, type, evidence }) => [type, operation, evidence["saw"]]);
const written = (target: fs.PathLike, content: string): Promise<void> =>
  new Promise<void>((resolve, reject) => {
    fs.writeFile(target, content, (error) => (error ? reject(error) : resolve()));
  });
/** Until it settles no call of node's works on a file: its threads are taken. */
const busyThreads = (): Promise<unknown> => {
  const derive = promisify(pbkdf2);
  return Promise.all(Array.from({ length: 4 }, () => derive("a", "b", 50_000, 8, "sha1")));
};
const closed = (stream: WriteStream): Promise<unknown> =>
  new Promise((resolve) => stream.on("close", () => resolve(undefined)));

describe("reads of files that are still being written", () => {
  test("J2: a read in the turn of an un-awaited write is told, with both places", async () => {
    fs.writeFileSync(path, "old");
    patched();
    const busy = busyThreads();
    const writing = writeFile(path, "the new content");
    const seen = fs.readFileSync(path, "utf8");
    await Promise.all([busy, writing]);
    expect(seen).toBe("old");
    expect(found).toMatchObject([
      {
        type: "file_race",
        operation: "fs.readFileSync",
        evidence: { path, saw: "old", readBytes: 3, writtenBytes: 15 },
      },
    ]);
    const [{ reason, evidence } = { reason: "", evidence: {} as SilentError["evidence"] }] = found;
    expect(reason).toContain(`${path} was read while fs.promises.writeFile was writing it`);
    for (const place of [evidence["writer"], evidence["reader"]] as string[][]) {
      expect(place[0]).toContain("files-patch.test.ts");
    }
  });

  test.each([
    ["existsSync", () => existsSync(path), "missing"],
    ["statSync", () => fs.statSync(path, { throwIfNoEntry: false }), "missing"],
    [
      "createReadStream",
      () => fs.createReadStream(path).on("error", () => undefined),
      "unfinished",
    ],
  ])("J2: %s sees too little of it as well", async (name, read, saw) => {
    patched();
    const busy = busyThreads();
    const writing = written(pathToFileURL(path), "content");
    read();
    await Promise.all([busy, writing]);
    expect(told()).toEqual([["file_race", `fs.${name}`, saw]]);
  });

  test("J2: what throws because of it throws as before", async () => {
    patched();
    const writing = fs.promises.writeFile(Buffer.from(path), "content");
    expect(() => fs.statSync(`${path}-other`)).toThrow("ENOENT");
    await expect(fs.promises.readFile(`${path}-other`)).rejects.toThrow("ENOENT");
    await writing;
    const busy = busyThreads();
    const next = fs.promises.writeFile(`${path}-other`, "content");
    expect(() => fs.readFileSync(`${path}-other`)).toThrow("ENOENT");
    await Promise.all([busy, next]);
    expect(told()).toEqual([["file_race", "fs.readFileSync", "missing"]]);
  });

  test("J3: a later read is told when it was empty, and not when it got the old or the whole", async () => {
    fs.writeFileSync(path, "old");
    patched();
    const gate = Promise.withResolvers<void>();
    const slowly = (async function* () {
      await gate.promise;
      yield "content";
    })();
    const writing = fs.promises.writeFile(path, slowly);
    await Promise.resolve();
    await fs.promises.stat(path);
    await until(async () => (await fs.promises.readFile(path)).length === 0, { everyMs: 0 });
    gate.resolve();
    await writing;
    expect(await fs.promises.readFile(path, "utf8")).toBe("content");
    expect(told()).toEqual([["file_race", "fs.promises.readFile", "empty"]]);
  });

  test("a stream that was ended and has not finished, not one that goes on", async () => {
    patched();
    const log = fs.createWriteStream(path);
    await new Promise((resolve) => log.write("a line", resolve));
    fs.readFileSync(path);
    expect(told()).toEqual([]);
    fs.truncateSync(path, 0);
    const busy = busyThreads();
    log.end("the end");
    fs.readFileSync(path);
    await Promise.all([busy, closed(log)]);
    fs.readFileSync(path);
    expect(told()).toEqual([["file_race", "fs.readFileSync", "empty"]]);
  });

  test("writes that overlap are told, and equal ones are not", async () => {
    patched();
    await Promise.all([busyThreads(), written(path, "same"), written(path, "same")]);
    expect(told()).toEqual([]);
    await Promise.all([busyThreads(), written(path, "one"), fs.promises.writeFile(path, "two")]);
    expect(told()).toEqual([["file_race", "fs.promises.writeFile", "overlap"]]);
  });

  test("the same places are told once; what is awaited, ignored or read elsewhere is never", async () => {
    const undo = patched();
    for (let round = 0; round < 5; round += 1) {
      const busy = busyThreads();
      const writing = written(path, `round ${"x".repeat(round)}`);
      fs.statSync(path, { throwIfNoEntry: false });
      await Promise.all([busy, writing]);
    }
    const count = told().length;
    expect(count).toBe(1);
    await written(path, "awaited");
    expect(fs.readFileSync(path, "utf8")).toBe("awaited");
    expect(await fs.promises.readFile(path, "utf8")).toBe("awaited");
    const other = written(`${path}-other`, "x");
    fs.readFileSync(path);
    await other;
    expect(told().length).toBe(count);
    undo();
    patched({ ignore: () => true });
    const ignored = written(`${path}-new`, "content");
    existsSync(`${path}-new`);
    await ignored;
    expect(told().length).toBe(count);
  });
});

describe("files that were left empty", () => {
  test("are told when they had a content, or are scripts, and stay empty", async () => {
    for (const name of ["state", "filled", "app.log"])
      fs.writeFileSync(`${path}-${name}`, "content");
    patched();
    fs.writeFileSync(`${path}-state`, "");
    await written(`${path}-run.sh`, "");
    fs.writeFileSync(`${path}-tool`, new Uint8Array(), { mode: 0o755 });
    const stream = fs.createWriteStream(`${path}-stream.js`);
    stream.end();
    await closed(stream);
    // All of these may be.
    fs.writeFileSync(`${path}-filled`, "");
    fs.appendFileSync(`${path}-filled`, "again");
    for (const name of ["f-app.log", "new.txt", "__init__.py"]) {
      fs.writeFileSync(join(path, "..", name), "");
    }
    fs.writeFileSync(`${path}-state`, "", { flag: "a" });
    expect(found).toEqual([]);
    await tools.advance(2000);
    expect(found.map(({ type, evidence }) => `${type} ${String(evidence["path"])}`)).toEqual(
      ["state", "run.sh", "tool", "stream.js"].map((name) => `empty_write ${path}-${name}`),
    );
    expect(found[0]?.evidence).toMatchObject({ beforeBytes: 7 });
  });
});

describe("P1: nothing else is different", () => {
  test("names, lengths, promisify, `fs.promises` and other members stay", () => {
    const shape = (): unknown =>
      Object.entries(Object.getOwnPropertyDescriptors(fs)).map(([name, { value, ...rest }]) => [
        name,
        rest,
        typeof value === "function" ? shapeOf(value as object) : typeof value,
      ]);
    const shapeOf = (value: object): unknown => [
      (value as { name?: string }).name,
      (value as { length?: number }).length,
      Object.getPrototypeOf(value),
      Reflect.ownKeys(value).map((key) => {
        const { enumerable, configurable } = Object.getOwnPropertyDescriptor(value, key) ?? {};
        return [key, enumerable, configurable];
      }),
    ];
    const before = shape();
    const { promises } = fs;
    const inner = Object.entries(promises).map(([name, value]) => [name, shapeOf(value as object)]);
    patched({ mode: "heal" });
    expect(shape()).toEqual(before);
    expect(fs.promises).toBe(promises);
    expect(createRequire(import.meta.url)("node:fs/promises")).toBe(promises);
    expect(
      Object.entries(promises).map(([name, value]) => [name, shapeOf(value as object)]),
    ).toEqual(inner);
  });

  test.each(["report", "heal"] as const)(
    "%s: values, errors and descriptors are as before",
    async (mode) => {
      patched({ mode });
      expect(await promisify(fs.writeFile)(path, "one")).toBe(undefined);
      expect(await promisify(fs.readFile)(path, "utf8")).toBe("one");
      expect(await promisify(fs.exists)(path)).toBe(true);
      expect(() => fs.writeFile(path, "x", undefined as never)).toThrow(TypeError);
      expect(() => fs.writeFileSync(path, "x", { encoding: "none" as never })).toThrow("encoding");
      expect(() => fs.writeFileSync(path, { an: "object" } as never)).toThrow(TypeError);
      expect(() => fs.readFileSync(`${path}-none`)).toThrow(
        `no such file or directory, open '${path}-none'`,
      );
      await expect(fs.promises.writeFile(join(path, ".."), "x")).rejects.toMatchObject({
        code: "EISDIR",
        syscall: "open",
        path: join(path, ".."),
      });
      const handle = await fs.promises.open(path, "r+");
      await fs.promises.writeFile(handle, "by handle");
      await handle.close();
      const file = fs.openSync(path, "a");
      fs.writeFileSync(file, ", by number");
      fs.closeSync(file);
      expect(fs.readFileSync(path, "utf8")).toBe("by handle, by number");
      await fs.promises.writeFile(path, ["a", "b"]);
      await fs.promises.appendFile(path, "c");
      expect(fs.readFileSync(path, "utf8")).toBe("abc");
      const signal = AbortSignal.abort(new Error("no more"));
      await expect(fs.promises.writeFile(path, "x", { signal })).rejects.toMatchObject({
        name: "AbortError",
      });
      expect(fs.readFileSync(path, "utf8")).toBe("abc");
      expect(found).toEqual([]);
    },
  );

  test("a write that nobody awaits and that fails is still an unhandled rejection", () => {
    const program = `
      const { patchFileSystem } = await import(${JSON.stringify(
        new URL("../../src/public/files.ts", import.meta.url).href,
      )});
      const { default: fs, promises, writeFile } = await import("node:fs");
      patchFileSystem();
      process.on("unhandledRejection", (error) => console.log("unhandled", error.code));
      void promises.writeFile("/none/such/file", "x");
      process.on("uncaughtException", (error) => console.log("uncaught", error.message));
      writeFile("/none/such/file", "x", (error) => { throw new Error("mine"); });`;
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", program], {
      encoding: "utf8",
    });
    expect(said.trim().split("\n").toSorted()).toEqual(["uncaught mine", "unhandled ENOENT"]);
  });

  test("P2: undoing puts back the very functions, for import and require", async () => {
    const all = (): unknown => [{ ...fs }, { ...fs.promises }, writeFile, existsSync];
    const before = all();
    const undo = patched({ mode: "heal" });
    expect(writeFile).toBe(fs.promises.writeFile);
    expect((await import("node:fs")).existsSync).toBe(fs.existsSync);
    expect(all()).not.toEqual(before);
    expect(() => patchFileSystem()).toThrow("fs is patched already");
    undo();
    undo();
    expect(all()).toEqual(before);
    expect(fs.promises.writeFile).toBe(writeFile);
  });

  test("S2: what somebody else has put on top stays, and works, after undoing", () => {
    const before = fs.readFileSync;
    afterwards(() => {
      fs.readFileSync = before;
    });
    const undo = patched();
    const ours = fs.readFileSync;
    const theirs = ((...given: Parameters<typeof ours>) => ours(...given)) as typeof ours;
    fs.readFileSync = theirs;
    undo();
    expect(fs.readFileSync).toBe(theirs);
    fs.writeFileSync(path, "x");
    expect(fs.readFileSync(path, "utf8")).toBe("x");
  });

  test("U2: no more than so many writes are known, and what has ended is forgotten", async () => {
    patched();
    const many = Array.from({ length: 1500 }, (_, index) =>
      fs.promises.writeFile(`${path}-${index % 50}`, "same"),
    );
    await Promise.all(many);
    expect(tools.pendingTimers).toBe(1);
    await tools.advance(1000);
    expect(tools.pendingTimers).toBe(0);
  });
});
