/** `soulmirror/files`: real files, real processes, fault by fault. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import {
  createFileOperations,
  FileError,
  type Healing,
  robustFileOps,
  safeJson,
  safeReadFile,
  safeWriteFile,
} from "../../src/public/files.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { hidden, kinds, listening } from "./files-bench.ts";

const modeOf = (path: string): number => statSync(path).mode & 0o7777;

describe("safeWriteFile", () => {
  test("makes the folders that are missing and tells what it has written", async () => {
    const path = join(temporaryFolder("files"), "a", "b", "note.txt");
    const written = await safeWriteFile(path, "äöü");
    expect(written).toMatchObject({ path, isNew: true, sizeBytes: 6 });
    expect(kinds(written.healed)).toEqual(["directory_made"]);
    expect((await safeWriteFile(path, "x")).isNew).toBe(false);
    expect(readFileSync(path, "utf8")).toBe("x");
  });

  test("takes buffers, views, streams, URLs and buffers of paths", async () => {
    const place = temporaryFolder("files");
    const path = join(place, "f");
    await safeWriteFile(pathToFileURL(path), new Uint16Array([0x4141, 0x4242]));
    expect(readFileSync(path, "utf8")).toBe("AABB");
    await safeWriteFile(
      Buffer.from(path),
      (async function* () {
        yield "one ";
        yield Buffer.from("two");
      })(),
    );
    expect(await safeReadFile(path, "utf8")).toBe("one two");
    const broken = (async function* () {
      yield "half";
      throw new Error("the source broke");
    })();
    await expect(safeWriteFile(path, broken)).rejects.toThrow("the source broke");
    await expect(safeWriteFile(path, (async function* () {})())).rejects.toMatchObject({
      code: "FILE_EMPTY",
    });
    expect(readFileSync(path, "utf8")).toBe("one two");
    expect(hidden(place)).toEqual([]);
  });

  test("W3: mode and hard facts of an existing file stay; a new one gets what was asked for", async () => {
    const path = join(temporaryFolder("files"), "secret");
    await safeWriteFile(path, "one", { mode: 0o600 });
    expect(modeOf(path)).toBe(0o600);
    chmodSync(path, 0o4640);
    await safeWriteFile(path, "two", { mode: 0o600 });
    expect(modeOf(path)).toBe(0o4640);
    expect(modeOf(`${path}.bak`) & 0o777).toBe(0o640);
  });

  test("a new script may be run; one whose bits somebody took away stays as it is", async () => {
    const path = join(temporaryFolder("files"), "run.sh");
    const script = "#!/bin/sh\necho ran\n";
    const { healed } = await safeWriteFile(path, script, { mode: 0o640 });
    expect(modeOf(path)).toBe(0o750);
    expect(kinds(healed)).toEqual(["made_executable"]);
    expect(execFileSync(path, { encoding: "utf8" })).toBe("ran\n");
    chmodSync(path, 0o644);
    await safeWriteFile(path, script);
    expect(modeOf(path)).toBe(0o644);
    writeFileSync(path, "no script");
    await safeWriteFile(path, script);
    expect(modeOf(path)).toBe(0o755);
  });

  test("the target of a link is replaced, and the link stays; a new one is made behind it", async () => {
    const place = temporaryFolder("files");
    mkdirSync(join(place, "real"));
    const [real, link] = [join(place, "real", "f"), join(place, "link")];
    symlinkSync("real/f", link);
    expect(await safeWriteFile(link, "one")).toMatchObject({ path: real, isNew: true });
    await safeWriteFile(link, "two");
    expect(readlinkSync(link)).toBe("real/f");
    expect(readFileSync(real, "utf8")).toBe("two");
    expect(readdirSync(place).toSorted()).toEqual(["link", "real"]);
    symlinkSync("circle", join(place, "circle"));
    await expect(safeWriteFile(join(place, "circle"), "x")).rejects.toMatchObject({
      code: "ELOOP",
    });
  });

  test("refuses nothing at all, and JSON that ends in its middle, and what `validate` refuses", async () => {
    const place = temporaryFolder("files");
    const path = join(place, "state.json");
    await safeWriteFile(path, '{"a": 1}');
    const refused = async (content: string, options = {}): Promise<unknown> =>
      safeWriteFile(path, content, options).then(
        () => "written",
        (error: unknown) => (error as FileError).code,
      );
    expect(await refused("")).toBe("FILE_EMPTY");
    expect(await refused('{"a": [1, 2')).toBe("FILE_TRUNCATED");
    expect(await refused("x", { validate: () => "not this" })).toBe("FILE_INVALID");
    expect(readFileSync(path, "utf8")).toBe('{"a": 1}');
    expect(await refused('{"a": 1 /* with a comment */}')).toBe("written");
    expect(await refused("", { allowEmpty: true })).toBe("written");
    expect(await safeReadFile(path, { encoding: "utf8", allowEmpty: true })).toBe("");
    expect(hidden(place)).toEqual([]);
  });

  test("what cannot be written is told with path and fix, and leaves nothing behind", async () => {
    const place = temporaryFolder("files");
    writeFileSync(join(place, "file"), "x");
    execFileSync("mkfifo", [join(place, "pipe")]);
    const told = async (path: string): Promise<string> =>
      safeWriteFile(path, "x").then(
        () => "written",
        (error: unknown) => {
          const { code, message, fix } = error as FileError;
          return `${code} ${message.includes(path)} ${fix !== ""}`;
        },
      );
    expect(await told(place)).toBe("EISDIR true true");
    expect(await told(join(place, "file", "below"))).toBe("ENOTDIR true true");
    expect(await told(join(place, "n".repeat(300)))).toBe("ENAMETOOLONG true true");
    expect(await told(join(place, "pipe"))).toBe("FILE_NOT_REGULAR true true");
    expect(await told("/proc/none/file")).toBe("ENOENT true true");
    expect(await told(join(place, "n".repeat(255)))).toBe("written");
    expect(hidden(place)).toEqual([]);
  });

  test("keeps so many versions and no more, also what somebody else has edited", async () => {
    const place = temporaryFolder("files");
    const path = join(place, "f");
    const versions = (): readonly string[] =>
      readdirSync(place)
        .toSorted()
        .map((name) => `${name}=${readFileSync(join(place, name), "utf8")}`);
    writeFileSync(path, "by hand");
    await safeWriteFile(path, "one");
    expect(versions()).toEqual(["f=one", "f.bak=one", "f.bak.2=by hand"]);
    for (const content of ["two", "three", "four"]) await safeWriteFile(path, content, { keep: 3 });
    expect(versions()).toEqual(["f=four", "f.bak=four", "f.bak.2=three", "f.bak.3=two"]);
    writeFileSync(path, "edited by hand");
    await safeWriteFile(path, "five", { keep: 3 });
    expect(versions()).toEqual(["f=five", "f.bak=five", "f.bak.2=edited by hand", "f.bak.3=four"]);
    expect(await robustFileOps.safeDelete(path)).toBe(true);
    expect(await robustFileOps.safeDelete(path)).toBe(false);
    expect(versions()).toEqual([]);
  });

  test("an abort ends it before anything is put in place", async () => {
    const path = join(temporaryFolder("files"), "f");
    await safeWriteFile(path, "old", { keep: 0 });
    const reason = new Error("never mind");
    await expect(safeWriteFile(path, "new", { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const controller = new AbortController();
    const endless = (async function* () {
      for (let round = 0; ; round += 1) {
        if (round === 3) controller.abort(reason);
        yield "more";
      }
    })();
    const { signal } = controller;
    await expect(safeWriteFile(path, endless, { signal })).rejects.toBe(reason);
    expect(readFileSync(path, "utf8")).toBe("old");
    expect(readdirSync(join(path, ".."))).toEqual(["f"]);
  });

  test("an option that is none is refused with key, value and fix", async () => {
    const path = join(temporaryFolder("files"), "f");
    await expect(safeWriteFile(path, "x", { keep: -1 })).rejects.toMatchObject({
      code: "OPTIONS_INVALID",
      message: "safeWriteFile: keep: expected a whole number from 0 to 100, found -1",
    });
    const typo = { alowEmpty: true } as object;
    await expect(safeWriteFile(path, "x", typo)).rejects.toThrow('there is no option "alowEmpty"');
    expect(() => createFileOperations({ lockTimeoutMs: -5 })).toThrow(
      "lockTimeoutMs: expected a number",
    );
  });
});

describe("safeReadFile", () => {
  test("R1: sees what was asked to be written before, awaited or not", async () => {
    const path = join(temporaryFolder("files"), "f");
    const writes = ["one", "two", "three"].map((content) => safeWriteFile(path, content));
    expect(await safeReadFile(path, "utf8")).toBe("three");
    await Promise.all(writes);
  });

  test.each([
    ["empty", (path: string) => truncateSync(path, 0)],
    ["truncated", (path: string) => truncateSync(path, 5)],
    [
      "zeroed",
      (path: string) => writeFileSync(path, Buffer.concat([Buffer.from("the"), Buffer.alloc(10)])),
    ],
  ])("R3: an %s file is recovered, and the damaged one kept aside", async (damage, harm) => {
    const path = join(temporaryFolder("files"), "f");
    const { files, healed } = listening();
    await files.safeWriteFile(path, "the whole content", { mode: 0o640 });
    harm(path);
    const harmed = readFileSync(path);
    expect(await files.safeReadFile(path, "utf8")).toBe("the whole content");
    expect(readFileSync(path, "utf8")).toBe("the whole content");
    expect(modeOf(path)).toBe(0o640);
    expect(healed).toEqual([
      { kind: "recovered", path, damage, from: `${path}.bak`, isRestored: true },
    ]);
    if (harmed.length > 0) expect(readFileSync(`${path}.damaged`)).toEqual(harmed);
  });

  test("D1: what somebody has edited is nobody's damage", async () => {
    const path = join(temporaryFolder("files"), "f");
    const { files, healed } = listening();
    await files.safeWriteFile(path, "the whole content");
    for (const edited of ["the hole", "the whole content, and more"]) {
      writeFileSync(path, edited);
      expect(await files.safeReadFile(path, "utf8")).toBe(edited);
    }
    expect(healed).toEqual([]);
  });

  test("R2: somebody in the middle of writing is waited for", async () => {
    const path = join(temporaryFolder("files"), "f");
    const healed: Healing[] = [];
    const files = createFileOperations({ settleMs: 20_000, onHealed: (each) => healed.push(each) });
    await files.safeWriteFile(path, "the old content");
    writeFileSync(path, "");
    const reading = files.safeReadFile(path, "utf8");
    const timer = setTimeout(() => writeFileSync(path, "new"), 50);
    afterwards(() => clearTimeout(timer));
    expect(await reading).toBe("new");
    expect(kinds(healed)).toEqual(["race_waited_out"]);
  });

  test("what is not there is ENOENT, with the version that is left", async () => {
    const path = join(temporaryFolder("files"), "f");
    await expect(safeReadFile(path)).rejects.toMatchObject({
      code: "ENOENT",
      fix: "check the path",
    });
    await safeWriteFile(path, "x");
    execFileSync("rm", [path]);
    await expect(safeReadFile(path)).rejects.toThrow(`${path}.bak`);
  });
});

describe("safeAppendFile", () => {
  test("makes the file, adds to it, and keeps no copy that would soon be wrong", async () => {
    const path = join(temporaryFolder("files"), "logs", "log");
    await robustFileOps.safeAppendFile(path, "one\n");
    const { sizeBytes } = await robustFileOps.safeAppendFile(path, Buffer.from("two\n"));
    expect(sizeBytes).toBe(8);
    expect(readFileSync(path, "utf8")).toBe("one\ntwo\n");
    expect(readdirSync(join(path, ".."))).toEqual(["log"]);
  });

  test("A2: the half line of a killed writer is taken away by the next one", async () => {
    const place = temporaryFolder("files");
    const path = join(place, "log");
    const { files, healed } = listening();
    writeFileSync(path, "one\ntw");
    leaveNote(place, "two\n");
    await files.safeAppendFile(path, "three\n");
    expect(readFileSync(path, "utf8")).toBe("one\nthree\n");
    expect(kinds(healed)).toEqual(["append_undone"]);
    expect(hidden(place)).toEqual([]);
  });

  test.each([
    ["one\nhi\n", "the killed writer had added nothing, and somebody else a shorter line"],
    ["one\ntwhi\n", "he had added a part, and somebody else a line after it"],
  ])("A2: %j stays: %s", async (content) => {
    const place = temporaryFolder("files");
    const path = join(place, "log");
    const { files, healed } = listening();
    writeFileSync(path, content);
    leaveNote(place, "two and a half\n");
    await files.safeAppendFile(path, "three\n");
    expect(readFileSync(path, "utf8")).toBe(`${content}three\n`);
    expect(healed).toEqual([]);
    expect(hidden(place)).toEqual([]);
  });

  /** Of a writer that died while it added `text` to a log of four bytes. */
  function leaveNote(place: string, text: string): void {
    const begins = Buffer.from(text).toString("base64");
    const note = { sizeBytes: 4, addedBytes: text.length, begins };
    writeFileSync(join(place, ".log.append"), JSON.stringify(note));
  }
});

describe("safeJson", () => {
  test("reads, writes, and changes as one step", async () => {
    const path = join(temporaryFolder("files"), "count.json");
    await expect(safeJson.update(path, () => 1)).rejects.toMatchObject({ code: "ENOENT" });
    expect(await safeJson.read(path, { fallback: null })).toBe(null);
    const once = async (): Promise<unknown> =>
      safeJson.update<number>(path, async (count) => count + 1, { fallback: 0 });
    await Promise.all(Array.from({ length: 25 }, once));
    expect(await safeJson.read(path)).toBe(25);
    expect(await safeJson.update(path, () => undefined)).toBe(25);
    await expect(safeJson.write(path, undefined)).rejects.toThrow(TypeError);
    await safeJson.write(path, { a: [1] }, { indent: 0 });
    expect(readFileSync(path, "utf8")).toBe('{"a":[1]}\n');
  });

  test("a file that is no JSON any more is recovered; without a version it is told", async () => {
    const path = join(temporaryFolder("files"), "state.json");
    await safeJson.write(path, { a: 1 });
    writeFileSync(path, '{"b": tru');
    expect(await safeJson.read(path, { settleMs: 0 })).toEqual({ a: 1 });
    const other = join(path, "..", "other.json");
    writeFileSync(other, "no json");
    await expect(safeJson.read(other, { settleMs: 0 })).rejects.toMatchObject({
      code: "FILE_INVALID",
    });
    expect(readFileSync(other, "utf8")).toBe("no json");
  });

  test("who takes no lock and writes in between is found, and the change made on what he wrote", async () => {
    const path = join(temporaryFolder("files"), "state.json");
    await safeJson.write(path, { count: 1 });
    let calls = 0;
    await safeJson.update<{ count: number }>(path, ({ count }) => {
      calls += 1;
      if (calls === 1) writeFileSync(path, '{"count": 100}');
      return { count: count + 1 };
    });
    expect(await safeJson.read(path)).toEqual({ count: 101 });
    expect(calls).toBe(2);
    const always = safeJson.update<{ count: number }>(path, ({ count }) => {
      writeFileSync(path, `{"count": ${count + 10}}`);
      return { count: 0 };
    });
    await expect(always).rejects.toMatchObject({ code: "FILE_CONFLICT" });
  });
});

test("other names of a file keep the old content, as documented", async () => {
  const path = join(temporaryFolder("files"), "f");
  writeFileSync(path, "old");
  linkSync(path, `${path}-other`);
  await safeWriteFile(path, "new");
  expect(readFileSync(`${path}-other`, "utf8")).toBe("old");
});
