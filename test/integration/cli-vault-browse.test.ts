/**
 * `soulmirror vault browse` in a real terminal, on a repository that restic made: a person looks
 * through it, restores a file as it was, and has his terminal back.
 */
import { Buffer } from "node:buffer";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openVaultBench, resticIn, writeVaultFleet } from "./cli-vault-bench.ts";

const clear = "\u0015";

test("a person goes down, finds, looks, restores and quits", async () => {
  const bench = await openVaultBench();
  onTestFinished(() => bench[Symbol.asyncDispose]());
  await writeVaultFleet(bench, "    quorum: 1\n", "./first");
  // A name that would colour the terminal, with a byte that is no text.
  const evil = Buffer.from("evil\u001b[35m\xff", "latin1");
  writeFileSync(Buffer.concat([Buffer.from(`${bench.path("source")}/`), evil]), "x");
  await resticIn(bench, "first", "init");
  await bench.write("source/a/one.txt", "as it was before\n");
  await resticIn(bench, "first", "backup", bench.path("source"));
  await bench.write("source/a/one.txt", "as it is now\n");
  await resticIn(bench, "first", "backup", bench.path("source"));

  const browsing = bench.startInTerminal("vault", "browse");
  const types = async (keys: string, sees: RegExp): Promise<void> => {
    browsing.child.stdin?.write(keys);
    await browsing.says(sees);
  };
  await types("", /treasure {3}2 snapshots/);
  await types("\r", /evil\\x1b\[35m\\xff/);
  await types("/one", /> one_/);
  await types("\r", /1 found; \d+ names looked at/);
  await types("v", /2 versions/);
  await types("j\r", /as it was before/);
  await types("r", /below which folder/);
  const target = bench.path("restored");
  await types(`${clear}${target}\r`, /k keeps what is newer there/);
  await types("\r", /Restored [0-9a-f]{8} to .*: 1 file written/);
  browsing.child.stdin?.write("q");
  const { code, out } = await browsing.ended;
  expect(code).toBe(0);
  expect(out).toContain("\u001b[?1049h");
  expect(out.trimEnd().endsWith("\u001b[?1049l")).toBe(true);
  expect(out).not.toContain("evil\u001b");
  const restored = join(target, bench.path("source/a"));
  expect(readdirSync(restored)).toEqual(["one.txt"]);
  expect(readFileSync(join(restored, "one.txt"), "utf8")).toBe("as it was before\n");
  expect(readdirSync(bench.path("first/locks"))).toEqual([]);

  const piped = await bench.run("vault", "browse");
  expect(piped).toMatchObject({ code: 2, out: "" });
  expect(piped.err).toContain("soulmirror vault ls");
}, 200_000);
