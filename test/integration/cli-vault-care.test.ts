/**
 * `soulmirror vault check`, `heal`, `drill` and `prune`, on real folders, judged by stock restic.
 */
import { randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CliBench } from "./cli-bench.ts";
import { initVault, openVaultBench, resticIn, writeVaultFleet } from "./cli-vault-bench.ts";

let bench: CliBench;

beforeEach(async () => {
  bench = await openVaultBench();
  await bench.write("source/a/large.bin", randomBytes(20_000).toString("base64"));
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

async function protect(more = ""): Promise<void> {
  await writeVaultFleet(bench, more);
  await initVault(bench);
  await done("backup");
}

async function done(...words: readonly string[]): Promise<string> {
  const { code, err, out } = await bench.run("vault", ...words);
  expect({ words, code, err, out }).toMatchObject({ code: 0 });
  return out;
}

/** The last line of `--json`, whatever the exit code. */
async function told(...words: readonly string[]): Promise<Record<string, unknown>> {
  const { code, out } = await bench.run("vault", ...words, "--json");
  return { code, ...(JSON.parse(out.trim().split("\n").at(-1) ?? "") as object) };
}

const sound = async (repository: string): Promise<void> => {
  expect(await resticIn(bench, repository, "check", "--read-data")).toContain(
    "no errors were found",
  );
};

/** Its name as a location. */
const at = (repository: string): string => `file:${bench.path(repository)}`;

function packsOf(repository: string): readonly string[] {
  return readdirSync(bench.path(repository, "data"), { recursive: true, encoding: "utf8" })
    .map((name) => join(bench.path(repository, "data"), name))
    .filter((path) => statSync(path).isFile())
    .toSorted((left, right) => statSync(right).size - statSync(left).size);
}

function sizeOf(repository: string): number {
  return packsOf(repository).reduce((sum, path) => sum + statSync(path).size, 0);
}

/** A bit of the largest pack, which holds contents; size and name stay. */
function damage(repository: string): string {
  const [path = ""] = packsOf(repository);
  const bytes = readFileSync(path);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  rmSync(path);
  writeFileSync(path, bytes);
  return path.split("/").at(-1) ?? "";
}

function trailKinds(): readonly string[] {
  return readFileSync(bench.path(".soulmirror/vault/treasure/audit.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => /.*"kind":"([a-z-]+)"/.exec(line)?.[1] ?? "");
}

test("check finds nothing in what is sound, and names what is not and what could mend it", async () => {
  await protect();
  expect(await told("check", "--read-data")).toMatchObject({ code: 0, findings: [], left: [] });
  const id = damage("first");
  expect(await told("check")).toMatchObject({ code: 0 });
  const all = await told("check", "--read-data");
  const pack = { location: at("first"), kind: "pack", id, problem: "damaged" };
  expect(all).toMatchObject({
    code: 1,
    findings: [{ ...pack, repairableFrom: [at("second")] }],
  });
  const { code, out } = await bench.run("vault", "check", "--read-data");
  expect(code).toBe(1);
  expect(out).toContain(`sound at ${at("second")}`);
  const quick = (await bench.run("vault", "check")).out;
  expect(quick).toContain("the contents of files were not: --read-data");
  expect(trailKinds().slice(0, 4)).toEqual([
    "initialised",
    "backup",
    "damage-found",
    "damage-found",
  ]);
  expect(readFileSync(bench.path(".soulmirror/vault/treasure/state.json"), "utf8")).toContain(id);

  // A line for each kind, each file only when told so; nobody has read what is said to be there.
  const packs = packsOf("first").length;
  for (const path of packsOf("first")) rmSync(path);
  const short = (await bench.run("vault", "check")).out;
  expect(short).toContain(`${packs} packs are missing`);
  expect(short).toContain(`there, but not read, at ${at("second")}`);
  const long = (await bench.run("vault", "check", "--long")).out;
  expect(long.split("\n").filter((line) => line.includes(" is missing: "))).toHaveLength(packs);
  expect(await told("heal")).toMatchObject({ code: 0 });

  // Without its config a location is damaged, and is looked at all the same.
  rmSync(bench.path("second/config"));
  expect(await told("check")).toMatchObject({
    code: 1,
    findings: [{ location: at("second"), kind: "config", problem: "missing" }],
  });
  rmSync(bench.path("second"), { recursive: true });
  expect(await told("check")).toMatchObject({
    code: 3,
    left: [{ location: at("second") }],
  });
}, 200_000);

test("heal mends each location from the others, and fills an empty one only when told", async () => {
  await protect();
  damage("first");
  rmSync(bench.path("second/config"));
  // What nobody has looked for is not found; a check makes it known.
  expect(await told("check", "--read-data")).toMatchObject({ code: 1 });
  const repairs = [
    { location: at("first"), kind: "pack", how: "copied" },
    { location: at("second"), kind: "config", how: "copied" },
  ];
  expect(await told("heal")).toMatchObject({ code: 0, repairs, findings: [], left: [] });
  await sound("first");
  await sound("second");
  expect(trailKinds().at(-1)).toBe("repaired");
  const state = readFileSync(bench.path(".soulmirror/vault/treasure/state.json"), "utf8");
  expect(JSON.parse(state)).toMatchObject({ state: { damage: [] } });
  expect(await done("heal", "--read-data")).toContain("Nothing was to be mended");

  rmSync(bench.path("second"), { recursive: true });
  const refused = await bench.run("vault", "heal");
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.err).toContain("--refill");
  expect(existsSync(bench.path("second"))).toBe(false);
  expect(await done("heal", "--refill", "./second")).toContain("files mended");
  await sound("second");
  expect(await resticIn(bench, "second", "ls", "latest")).toContain("large.bin");
  await done("backup");

  // The same bit at both: nobody holds it any more.
  damage("first");
  damage("second");
  const lost = await told("heal", "--read-data");
  expect(lost).toMatchObject({ code: 1, lost: [{ blobs: expect.any(Number) as number }] });
}, 200_000);

test("a drill restores for real, signs it, and tells of a location that cannot", async () => {
  // The data directory, where it restores to, lies inside of the source.
  await writeVaultFleet(bench);
  const fleet = readFileSync(bench.path("soulmirror.yaml"), "utf8");
  const wider = fleet.replace("./source]", ".]").replace('"**/skipped"', '"**/skipped", tmp');
  await bench.write("soulmirror.yaml", wider);
  await done("init");
  await done("backup");
  const [proven] = (await told("drill"))["drilled"] as readonly Record<string, unknown>[];
  expect(proven).toMatchObject({ isProven: true, files: 5, scope: "whole", comparedFiles: 5 });
  const proof = await done("proof");
  expect(proof).toContain("Proven to be restorable");
  // Nothing of what was restored is left behind.
  const own = readdirSync(bench.path(".soulmirror/vault/treasure"));
  expect(own.filter((name) => name.startsWith("drill-"))).toEqual([]);

  // It is the turn of the other one, which gives other bytes; then the first one has to.
  const other = proven?.["location"] === at("first") ? "second" : "first";
  damage(other);
  const failed = await told("drill");
  expect(failed).toMatchObject({
    code: 1,
    drilled: [
      { location: at(other), isProven: false, missing: 1 },
      { location: proven?.["location"], isProven: true },
    ],
  });
  const { code, out } = await bench.run("vault", "drill", "--snapshot", "0123");
  expect({ code, out }).toMatchObject({ code: 1, out: "" });
}, 200_000);

test("locations that were all put back to an older copy lag behind what came last", async () => {
  await protect();
  const names = ["first", "second"];
  for (const name of names)
    cpSync(bench.path(name), bench.path(`old-${name}`), { recursive: true });
  await change(0);
  expect(await told("check")).toMatchObject({ code: 0, findings: [] });
  for (const name of names) {
    rmSync(bench.path(name), { recursive: true });
    renameSync(bench.path(`old-${name}`), bench.path(name));
  }
  const findings = names.map((name) => ({ location: at(name), problem: "behind" }));
  expect(await told("check")).toMatchObject({ code: 3, findings });
  expect((await bench.run("vault", "check")).out).toContain("put back to an older copy");
  await change(0);
  expect(await told("check")).toMatchObject({ code: 0, findings: [] });
}, 200_000);

const keepsOne = "    keep: { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0 }\n";

async function change(code: number): Promise<string> {
  await bench.write("source/a/large.bin", randomBytes(20_000).toString("base64"));
  return await backedUp(code);
}

async function backedUp(code = 0): Promise<string> {
  const backup = await told("backup");
  expect(backup).toMatchObject({ code });
  return (backup["snapshots"] as readonly string[]).at(-1) ?? "";
}

async function ids(repository: string): Promise<readonly string[]> {
  const said = await resticIn(bench, repository, "snapshots", "--json");
  return (JSON.parse(said) as readonly { readonly id: string }[]).map(({ id }) => id);
}

test("prune forgets what no rule keeps, and nothing while a location is away", async () => {
  await protect(keepsOne);
  const [verified = ""] = await ids("first");
  await done("drill");
  const second = await change(0);
  const third = await change(0);
  renameSync(bench.path("second"), bench.path("away"));
  const refused = await bench.run("vault", "prune");
  expect(refused).toMatchObject({ code: 1 });
  expect(refused.err).toContain(`nothing was forgotten or removed: ${at("second")}`);
  renameSync(bench.path("away"), bench.path("second"));

  const plan = { forgotten: { forgotten: [second] } };
  expect(await told("prune", "--dry-run")).toMatchObject({ code: 0, ...plan });
  expect(await ids("first")).toEqual([verified, second, third]);
  const bytesBefore = sizeOf("first");
  const pruned = await told("prune");
  expect(pruned).toMatchObject({ code: 0, ...plan, pruned: { kind: "done", unfinished: [] } });
  expect(sizeOf("first")).toBeLessThan(bytesBefore - 20_000);
  for (const repository of ["first", "second"]) {
    expect(await ids(repository)).toEqual([verified, third]);
    await sound(repository);
  }
  expect(trailKinds().slice(-2)).toEqual(["forgotten", "pruned"]);
}, 200_000);

test("behind a suspect run nothing is forgotten, until somebody accepts it", async () => {
  for (let number = 0; number < 30; number += 1) {
    await bench.write(`source/b/file-${number}`, String(number));
  }
  await protect(keepsOne);
  rmSync(bench.path("source/b"), { recursive: true });
  const last = await change(3);
  const frozen = await told("prune");
  expect(frozen).toMatchObject({ code: 3, forgotten: { forgotten: [] } });
  expect((await ids("first")).length).toBe(3);
  const why = "No snapshot is forgotten, because";
  expect((await bench.run("vault", "status")).out).toContain(why);
  const { code, out } = await bench.run("vault", "prune", "--accept");
  expect({ code, out }).toMatchObject({ code: 0 });
  expect((await bench.run("vault", "status")).out).not.toContain(why);
  expect(await ids("first")).toEqual([last]);
  expect(await ids("second")).toEqual([last]);
  await sound("first");
  // What was accepted is what the next run is compared with, and needs no second word.
  const next = await change(0);
  expect(await told("prune")).toMatchObject({ code: 0, forgotten: { forgotten: [last] } });
  expect(await ids("first")).toEqual([next]);
}, 200_000);

test("what is lost everywhere keeps nothing else from being pruned, and can be given up", async () => {
  await protect(keepsOne.replace("last: 1", "last: 2"));
  const [oldest = ""] = await ids("first");
  await bench.write("source/a/large.bin", randomBytes(90_000).toString("base64"));
  const harmed = await backedUp();
  const newest = await change(0);
  // The largest pack is that of the middle one.
  damage("first");
  damage("second");
  expect(await told("heal", "--read-data")).toMatchObject({ code: 1 });
  const incomplete = [{ id: harmed, lacks: "contents" }];
  const pruned = await told("prune");
  expect(pruned).toMatchObject({ code: 3, forgotten: { forgotten: [oldest] } });
  expect(pruned).toMatchObject({ pruned: { kind: "done", incomplete } });
  expect(await ids("first")).toEqual([harmed, newest]);

  const refused = await bench.run("vault", "prune", "--give-up", newest.slice(0, 8));
  expect(refused.code).toBe(1);
  expect(refused.err).toContain(`damaged: ${harmed}`);
  const gone = await told("prune", "--give-up", harmed.slice(0, 8));
  expect(gone).toMatchObject({ code: 0, givenUp: incomplete, pruned: { incomplete: [] } });
  for (const repository of ["first", "second"]) {
    expect(await ids(repository)).toEqual([newest]);
    await sound(repository);
  }
  expect(trailKinds().slice(-2)).toEqual(["given-up", "pruned"]);
}, 400_000);

test("an agent whose settings cannot be used says so, and waits for them", async () => {
  await protect();
  const fleet = readFileSync(bench.path("soulmirror.yaml"), "utf8");
  await bench.write("soulmirror.yaml", "fleet: [half written");
  const agent = bench.start(["vault", "agent", "--supervised", "treasure"]);
  await agent.says(/ waits: \S*soulmirror.yaml has 1 problem/);
  await bench.write("soulmirror.yaml", fleet);
  await agent.says(/ protects /);
  agent.child.kill("SIGTERM");
  expect(await agent.ended).toMatchObject({ code: 0 });
}, 200_000);
