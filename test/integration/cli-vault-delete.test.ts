/** What `restore --delete` takes away, and what it may not. */
import { existsSync, readdirSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { openVaultBench, resticIn, writeVaultFleet } from "./cli-vault-bench.ts";

test("only what a backup would have taken is removed (R4)", async () => {
  await using bench = await openVaultBench();
  using database = new DatabaseSync(bench.path("source/ledger.db"));
  database.exec("CREATE TABLE entries (amount)");
  await writeVaultFleet(
    bench,
    "    dumps: { ledger: { sqlite: ./source/ledger.db } }\n",
    "./source/vault, ./second",
  );
  await bench.run("vault", "init");
  expect(await bench.run("vault", "backup")).toMatchObject({ code: 0 });
  await bench.write("source/a/new.txt", "made since");
  await bench.write("source/made/since.txt", "made since");
  // A new folder goes as far as it was protected, and stays with the rest.
  await bench.write("source/half/since.txt", "made since");
  await bench.write("source/half/skipped/kept.txt", "never protected");
  const restored = await bench.run("vault", "restore", "--target", "/", "--delete");
  expect(restored).toMatchObject({ code: 0 });
  expect(readdirSync(bench.path("source")).toSorted()).toEqual(
    [".hidden", "a", "half", "ledger.db", "skipped", "vault"].toSorted(),
  );
  expect(readdirSync(bench.path("source/a"))).toEqual(["one.txt"]);
  expect(readdirSync(bench.path("source/half"), { recursive: true })).toEqual([
    "skipped",
    "skipped/kept.txt",
  ]);
  expect(existsSync(bench.path("source/skipped/three.txt"))).toBe(true);
  expect(database.prepare("SELECT count(*) AS count FROM entries").get()).toEqual({ count: 0 });
  expect(await resticIn(bench, bench.path("source/vault"), "check", "--read-data")).toContain(
    "no errors were found",
  );
});
