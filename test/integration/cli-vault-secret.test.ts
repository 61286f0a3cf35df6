/** The passphrase of a vault is where its owner has put it, and nowhere else. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { listProcesses } from "../../src/system/index.ts";
import type { CliBench } from "./cli-bench.ts";
import { openVaultBench, vaultPassphrase, writeVaultFleet } from "./cli-vault-bench.ts";

let bench: CliBench;

beforeEach(async () => {
  bench = await openVaultBench();
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** As `ps` shows it, of every process that is there; what they are is seen until `signal`. */
async function watchCommandLines(signal: AbortSignal): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  while (!signal.aborted) {
    for (const { pid } of listProcesses()) {
      for (const name of ["cmdline", "comm"]) {
        try {
          seen.add(readFileSync(`/proc/${pid}/${name}`, "latin1").replaceAll("\0", " "));
        } catch {
          // It has ended meanwhile.
        }
      }
    }
    await pause(20);
  }
  return seen;
}

test("the passphrase is in no output, no file and no list of processes", async () => {
  await writeVaultFleet(
    bench,
    "    dumps: { slow: { command: [sh, -c, 'sleep 1; echo dumped'] } }\n",
  );
  const over = new AbortController();
  const watching = watchCommandLines(over.signal);
  const said: string[] = [];
  for (const words of [
    ["init"],
    ["backup", "--json"],
    ["snapshots"],
    ["check", "--read-data"],
    ["drill"],
    ["heal", "--json"],
    ["restore", "--target", "out"],
    ["prune"],
    ["proof"],
  ]) {
    const { code, err, out } = await bench.run("vault", ...words);
    expect({ words, code, err }).toMatchObject({ code: 0 });
    said.push(out, err);
  }
  // Neither the right one is told when it is wrong, nor the wrong one.
  await bench.write("passphrase", `${vaultPassphrase} 2\n`);
  const wrong = await bench.run("vault", "heal");
  expect(wrong).toMatchObject({ code: 12 });
  said.push(wrong.out, wrong.err);
  over.abort();

  const lines = [...(await watching)];
  expect(lines.some((line) => line.includes("vault backup --json"))).toBe(true);
  expect(lines.some((line) => line.includes("sleep 1"))).toBe(true);
  const files = filesBelow(bench.folder).filter((path) => path !== bench.path("passphrase"));
  expect(files.length).toBeGreaterThan(20);
  const texts = files.map((path) => `${path}\n${readFileSync(path, "latin1")}`);
  const encoded = [vaultPassphrase, Buffer.from(vaultPassphrase).toString("base64").slice(0, 20)];
  for (const word of encoded) {
    expect([...said, ...lines, ...texts].filter((text) => text.includes(word))).toEqual([]);
  }
}, 300_000);

test("no program that is started inherits the passphrase, and the rest of the environment it does", async () => {
  const words = String.raw`[sh, -c, "tr '\\0' '\\n' < /proc/$$/environ"]`;
  await writeVaultFleet(bench, `    dumps: { seen: { command: ${words}, env: { OWN: given } } }\n`);
  const fleet = readFileSync(bench.path("soulmirror.yaml"), "utf8");
  await bench.write("soulmirror.yaml", fleet.replace("file: ./passphrase", "env: COINS"));
  const environment = { COINS: vaultPassphrase, OTHER: "kept" };
  for (const verb of ["init", "backup"]) {
    expect(await bench.start(["vault", verb], { environment }).ended).toMatchObject({ code: 0 });
  }
  const seen = readFileSync(bench.path(".soulmirror/vault/treasure/dumps/seen"), "utf8");
  expect(seen.split("\n")).toEqual(expect.arrayContaining(["OWN=given", "OTHER=kept"]));
  expect(seen).not.toContain("COINS");
  expect(seen).not.toContain(vaultPassphrase);
}, 60_000);
