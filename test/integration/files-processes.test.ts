/** `soulmirror/files` among processes, and on a disk that takes nothing more. */
import { execFileSync } from "node:child_process";
import {
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { EngineEventHub } from "../../src/engine/events.ts";
import { createFileOperations } from "../../src/public/files.ts";
import { processIdentity } from "../../src/system/index.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { hidden, kinds, listening, started } from "./files-bench.ts";

describe("locks", () => {
  const dead = { pid: 1, startTicks: 1, bootId: "earlier" };

  test("that of a dead process is taken over, and what it left is swept", async () => {
    const place = temporaryFolder("files");
    const path = join(place, "f");
    const { files, healed } = listening();
    const self = processIdentity(process.pid);
    const namespace = /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0];
    writeFileSync(join(place, ".f.lock"), JSON.stringify(dead));
    const ours = `.f.${namespace}-${process.pid}-${self?.startTicks}-0-999.new`;
    const elsewhere = `.f.${Number(namespace) + 1}-1-1-0-1.new`;
    for (const name of [
      `.other.${namespace}-${process.pid}-1-0-1.new`,
      ours,
      elsewhere,
      ".f.new",
    ]) {
      writeFileSync(join(place, name), "half");
    }
    writeFileSync(join(place, ".f.lock.0123456789ab"), JSON.stringify(dead));
    await files.safeWriteFile(path, "x", { keep: 0 });
    expect(kinds(healed)).toEqual(["lock_broken", "leftover_removed", "leftover_removed"]);
    expect(readdirSync(place).toSorted()).toEqual([ours, elsewhere, ".f.new", "f"].toSorted());
  });

  test("that of a living one, however old, is waited for until the deadline or an abort", async () => {
    const path = join(temporaryFolder("files"), "f");
    const { files, healed } = listening({ lockTimeoutMs: 60 });
    const lock = join(path, "..", ".f.lock");
    writeFileSync(lock, JSON.stringify(processIdentity(process.ppid)));
    await expect(files.safeWriteFile(path, "x")).rejects.toMatchObject({
      code: "FILE_LOCKED",
      message: expect.stringContaining(`process ${process.ppid} holds ${lock}`) as string,
    });
    const controller = new AbortController();
    const { signal } = controller;
    const waiting = files.safeWriteFile(path, "x", { signal, lockTimeoutMs: 60_000 });
    controller.abort(new Error("no longer"));
    await expect(waiting).rejects.toThrow("no longer");
    expect(existsSync(path)).toBe(false);
    const patient = files.safeWriteFile(path, "y", { lockTimeoutMs: 60_000 });
    const timer = setTimeout(() => execFileSync("rm", [lock]), 30);
    afterwards(() => clearTimeout(timer));
    await patient;
    expect(kinds(healed)).toEqual(["writer_waited_for"]);
  });

  test("T2: who gives up waiting for his turn keeps nobody waiting, and a file that updates itself is told", async () => {
    const path = join(temporaryFolder("files"), "f");
    const { files } = listening();
    const update = files.safeUpdateFile(path, async () => {
      await files.safeWriteFile(path, "inner", { lockTimeoutMs: 20 });
      return "outer";
    });
    const next = files.safeWriteFile(path, "next");
    await expect(update).rejects.toMatchObject({
      code: "FILE_LOCKED",
      fix: expect.stringContaining("does an update write the file") as string,
    });
    await next;
    expect(readFileSync(path, "utf8")).toBe("next");
  });
});

test("engine events tell what was put right, in their shape", async () => {
  const path = join(temporaryFolder("files"), "a", "f");
  const events = new EngineEventHub();
  const heard: unknown[] = [];
  events.on("recovery_success", ({ operation, by }) => heard.push([operation, by]));
  events.on("silent_error", ({ type, operation }) => heard.push([type, operation]));
  events.on("state", ({ message }) => heard.push(message));
  const files = createFileOperations({ events, settleMs: 0 });
  await files.safeWriteFile(path, "content");
  truncateSync(path, 0);
  await files.safeReadFile(path);
  expect(heard).toEqual([
    `the directory ${join(path, "..")} was missing and has been made`,
    ["files.safeWriteFile", "file"],
    `${path} was empty; ${path}.bak is in its place`,
    ["empty_write", "files.safeReadFile"],
    ["files.safeReadFile", "file"],
  ]);
});

test("W1, A2: of writers that are killed at any moment, every file is whole, and nothing is left", async () => {
  const place = temporaryFolder("files");
  const files = createFileOperations({ durable: false, settleMs: 0 });
  const version = /^(?:((\w) \d+ \2*)\n)(?:\1\n)*$/;
  const line = /^(\w) \d+ \1*$/;
  let counted = 0;
  for (let round = 0; round < 8; round += 1) {
    const writers = ["a", "b"].map((name) => started("files-writer.ts", place, name));
    const ends = writers.map(
      (writer) => new Promise<void>((resolve) => void writer.on("close", () => resolve())),
    );
    // Both are at work; then each dies at a moment that the machine chooses.
    await Promise.all(
      writers.map((writer) => new Promise((resolve) => writer.stdout?.once("data", resolve))),
    );
    await new Promise((resolve) => setTimeout(resolve, (round * 7) % 40));
    for (const writer of writers) writer.kill("SIGKILL");
    await Promise.all(ends);
    expect(readFileSync(join(place, "whole"), "utf8")).toMatch(version);
    const { count } = await files.safeJson.update<{ count: number }>(
      join(place, "count.json"),
      (value) => value,
    );
    expect(count).toBeGreaterThan(counted);
    counted = count;
    await files.safeAppendFile(join(place, "lines"), "z 0 z\n");
    const lines = readFileSync(join(place, "lines"), "utf8").split("\n").slice(0, -1);
    expect(lines.filter((each) => !line.test(each))).toEqual([]);
    await files.safeWriteFile(join(place, "whole"), "z 0 z\n");
  }
  // A process that has not looked yet looks through the folder when it first writes there.
  const last = started("files-writer.ts", place, "c");
  await new Promise((resolve) => last.stdout?.once("data", resolve));
  const end = new Promise((resolve) => last.on("close", resolve));
  last.kill("SIGSTOP");
  const litter = hidden(place).filter((name) => !name.includes(`-${last.pid}-`));
  expect(litter.filter((name) => name.endsWith(".new"))).toEqual([]);
  last.kill("SIGKILL");
  await end;
});

test("a disk that is full, or read-only, leaves the old content and nothing else", () => {
  const place = temporaryFolder("files");
  const program = join(import.meta.dirname, "files-full-disk.ts");
  const said = execFileSync("unshare", ["-rm", process.execPath, program, place], {
    encoding: "utf8",
  });
  const told = JSON.parse(said) as Record<string, unknown>;
  const full = (action: string, name: string): object => ({
    code: "ENOSPC",
    message: expect.stringContaining(
      `cannot ${action} ${join(place, name)}: its disk is full (ENOSPC); free some space`,
    ) as string,
  });
  expect(told).toMatchObject({
    healed: [{ kind: "version_not_kept" }],
    tooLarge: full("write", "state"),
    write: full("write", "state"),
    append: full("add to", "log"),
    state: true,
    lines: "one line\n",
    left: ["ballast", "ballast-2", "large", "log", "state"],
    after: "done",
    size: 3,
    readOnly: { code: "EROFS" },
    // R3: where nothing can be written the reader gets the whole content all the same.
    read: "new",
    recovered: [{ kind: "recovered", damage: "empty", isRestored: false }],
  });
});
