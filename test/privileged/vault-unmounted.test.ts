/** A source whose disk is not mounted, beside one that is as it was. */
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { afterwards } from "../afterwards.ts";
import { openVaultBench, writeVaultFleet } from "../integration/cli-vault-bench.ts";

test("the run is suspect, and is told what is mounted there (Q3)", async () => {
  await using bench = await openVaultBench();
  const treasure = bench.path("source/treasure");
  mkdirSync(treasure);
  execFileSync("mount", ["-t", "tmpfs", "none", treasure]);
  let isMounted = true;
  const unmount = (): void => {
    if (isMounted) execFileSync("umount", [treasure]);
    isMounted = false;
  };
  afterwards(unmount);
  writeFileSync(`${treasure}/gold`, "gold");
  await writeVaultFleet(bench);
  const fleet = readFileSync(bench.path("soulmirror.yaml"), "utf8");
  const sources = "sources: [./source/a, ./source/treasure]";
  await bench.write("soulmirror.yaml", fleet.replace("sources: [./source]", sources));
  await bench.run("vault", "init");
  expect(await bench.run("vault", "backup")).toMatchObject({ code: 0 });
  unmount();
  const suspect = await bench.run("vault", "backup");
  expect(suspect.code).toBe(3);
  expect(suspect.out + suspect.err).toMatch(
    /treasure is on another file system than before: .*tmpfs/,
  );
  const again = await bench.run("vault", "backup", "--json");
  const result = again.out.trim().split("\n").at(-1) ?? "";
  expect(JSON.parse(result)).toMatchObject({ suspicions: [{ kind: "mount" }] });
});
