/** What `soulmirror vault restore`, `ls`, `diff` and `proof` say and do with what is asked for. */
import { readFileSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import { fakeClock } from "../../src/chaos/index.ts";
import type { CliBench, Ended } from "./cli-bench.ts";
import { initVault, openVaultBench, writeVaultFleet } from "./cli-vault-bench.ts";

let bench: CliBench;

beforeEach(async () => {
  bench = await openVaultBench();
  await writeVaultFleet(bench);
  await initVault(bench);
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

async function done(...words: readonly string[]): Promise<string> {
  const { code, err, out } = await bench.run("vault", ...words);
  expect({ words, code, err, out }).toMatchObject({ code: 0 });
  return out;
}

const restore = (...words: readonly string[]): Promise<Ended> =>
  bench.run("vault", "restore", ...words);

test("what changed without a trace is written again by `always`, and counted as what it is", async () => {
  const path = bench.path("source/a/one.txt");
  symlinkSync("one.txt", bench.path("source/a/link"));
  utimesSync(path, 1_600_000_000, 1_600_000_000);
  await done("backup");
  const again = await done("restore", "--target", "/", "--verify");
  expect(again).toContain("0 files written (0 B), 3 there already, 0 failed");
  expect(again).toContain("was read back");

  writeFileSync(path, "eno");
  utimesSync(path, 1_600_000_000, 1_600_000_000);
  expect(await done("restore", "--target", "/")).toContain("0 files written");
  expect(readFileSync(path, "utf8")).toBe("eno");
  const mended = await done("restore", "--target", "/", "--overwrite", "always");
  expect(mended).toContain("1 file written");
  expect(mended).not.toContain("read back");
  expect(readFileSync(path, "utf8")).toBe("one");

  writeFileSync(path, "an edit");
  const kept = await done("restore", "--target", "/");
  expect(kept).toContain("1 left as they are (newer; --overwrite always replaces them)");
}, 200_000);

test("what is not there is an error that says which snapshot has it; paths may be relative", async () => {
  await done("backup");
  rmSync(bench.path("source/a/one.txt"));
  await bench.write("source/a/other.txt", "other");
  await done("backup");
  const { snapshots } = (await bench.json("vault", "snapshots")) as {
    readonly snapshots: readonly { readonly id: string }[];
  };
  const first = snapshots[0]?.id.slice(0, 8) ?? "";
  const wish = ["--target", "out", "--path"] as const;
  const gone = await restore(...wish, "source/a/one.txt");
  expect(gone).toMatchObject({ code: 1, out: "" });
  expect(gone.err).toContain(`has no ${bench.path("source/a/one.txt")}`);
  expect(gone.err).toContain(`--snapshot ${first}`);
  expect(await done("restore", ...wish, "source/a/one.txt", "--snapshot", first)).toContain(
    "1 file written",
  );
  const never = await restore(...wish, "/nosuch");
  expect(never).toMatchObject({ code: 1 });
  expect(never.err).toContain("no other snapshot has it");
  expect(await restore("--target", "out", "--glob", "*.nosuch")).toMatchObject({ code: 1 });
  expect(await bench.run("vault", "ls", "--glob", "*.nosuch")).toMatchObject({ code: 1, out: "" });
  const listed = await done("ls", "--path", "./source/a");
  expect(listed.trim().split("\n")).toHaveLength(2);
  // What lies above the sources changed as well: others' business.
  const differences = (await done("diff")).trim().split("\n");
  expect(differences).toEqual([
    `U ${bench.path("source/a")}`,
    `- ${bench.path("source/a/one.txt")}`,
    `+ ${bench.path("source/a/other.txt")}`,
  ]);
}, 200_000);

test("the latest one is what came last, though the clock was ahead before", async () => {
  const environment = fakeClock(bench.path("clock"));
  if (environment === undefined) throw new Error("libfaketime is not installed");
  await bench.write("clock", "+90d");
  expect(await bench.start(["vault", "backup"], { environment }).ended).toMatchObject({ code: 0 });
  await bench.write("source/a/one.txt", "version 2");
  expect((await bench.run("vault", "backup")).code).not.toBe(1);
  const { code, err } = await restore("--target", "out");
  expect({ code, err }).toMatchObject({ code: 0 });
  expect(err).toMatch(/warning: the time of snapshot \w+ .* is wrong: snapshot \w+ .* came after/);
  expect(readFileSync(bench.path("out", bench.path("source/a/one.txt")), "utf8")).toBe("version 2");
  const listed = (await bench.json("vault", "snapshots")) as {
    readonly snapshots: readonly { readonly at: string }[];
  };
  const times = listed.snapshots.map(({ at }) => at);
  expect(times.toSorted().at(-1)).toBe(times[0]);

  // Who does not know what came when is told that the time cannot be.
  rmSync(bench.path(".soulmirror/vault/treasure/arrivals"));
  expect((await restore("--target", "out")).err).toContain("still to come");
}, 200_000);

test("a trail that was cut stays broken, and what it would prove is not called proven", async () => {
  await done("backup");
  await done("drill");
  const trail = bench.path(".soulmirror/vault/treasure/audit.jsonl");
  const [line = ""] = readFileSync(trail, "utf8").split("\n");
  writeFileSync(trail, `${line}\n`);
  await done("backup");
  const { code, out } = await bench.run("vault", "proof");
  expect(code).toBe(4);
  expect(out).toContain("entries 2 to 3 were cut off and are lost");
  expect(out).not.toContain("Proven to be restorable");
  expect(out).toContain("a broken proof does not bear them out");
}, 200_000);
