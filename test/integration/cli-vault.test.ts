/** `soulmirror vault`: each verb, on real folders, judged by stock restic. */
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { CliBench } from "./cli-bench.ts";
import {
  initVault,
  openVaultBench,
  resticIn,
  vaultPassphrase,
  writeVaultFleet,
} from "./cli-vault-bench.ts";

let bench: CliBench;

beforeEach(async () => {
  bench = await openVaultBench();
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

const writeFleet = (more?: string, locations?: string): Promise<void> =>
  writeVaultFleet(bench, more, locations);

const restic = (repository: string, ...words: readonly string[]): Promise<string> =>
  resticIn(bench, repository, ...words);

interface Result {
  readonly snapshots: readonly string[];
  readonly suspicions: readonly { readonly kind: string }[];
  readonly counts: { readonly newFiles: number; readonly unchangedFiles: number };
  readonly dumps: readonly { readonly name: string; readonly reason?: string }[];
}

async function backUp(code = 0): Promise<Result> {
  const ended = await bench.run("vault", "backup", "--json");
  expect(ended).toMatchObject({ code });
  const said = ended.out.trim().split("\n");
  return JSON.parse(said.at(-1) ?? "") as Result;
}

test("a vault is made, protects, and is restored by restic from each location", async () => {
  // One location lies in the source, which is named by a link.
  symlinkSync("source", bench.path("link"));
  await writeFleet("", "./first, ./source/vault");
  const fleet = readFileSync(bench.path("soulmirror.yaml"), "utf8");
  await bench.write("soulmirror.yaml", fleet.replace("./source]", "./link]"));
  await initVault(bench, ["first", "source/vault"]);
  const first = await bench.run("vault", "backup", "--tag", "x,y");
  expect(first).toMatchObject({ code: 0 });
  expect(first.out).toContain("2 of 2 locations hold it");
  expect(first.err).toContain(`leads to ${bench.path("source")}`);
  await bench.write("source/a/four.txt", "four");
  expect((await backUp()).counts).toMatchObject({ newFiles: 1, unchangedFiles: 2 });

  for (const repository of ["first", "source/vault"]) {
    expect(await restic(repository, "check", "--read-data")).toContain("no errors were found");
    const target = bench.path("restored", repository);
    await restic(repository, "restore", "latest", "--target", target);
    const restored = join(target, bench.path("source"));
    expect(readdirSync(restored).toSorted()).toEqual([".hidden", "a"]);
    expect(readFileSync(join(restored, "a/four.txt"), "utf8")).toBe("four");
  }

  const { snapshots } = (await bench.json("vault", "snapshots", "treasure")) as {
    readonly snapshots: readonly { readonly tags: readonly string[]; readonly locations: [] }[];
  };
  expect(snapshots.map(({ tags }) => tags)).toEqual([["x", "y"], []]);
  expect(snapshots.map(({ locations }) => locations.length)).toEqual([2, 2]);
  expect((await bench.run("vault", "snapshots")).out.split("\n")).toHaveLength(4);
  expect((await bench.run("vault", "proof")).out).toContain("3 entries");

  const four = bench.path("source/a/four.txt");
  const listed = (await bench.run("vault", "ls", "--glob", "a/**")).out.trim().split("\n");
  expect(listed).toEqual([four, bench.path("source/a/one.txt")]);
  expect((await bench.run("vault", "diff")).out).toContain(`+ ${four}`);
  const target = bench.path("own");
  const restored = await bench.run("vault", "restore", "--target", target, "--path", four);
  expect(restored).toMatchObject({
    code: 0,
    out: expect.stringContaining("1 file written") as string,
  });
  expect(readFileSync(join(target, four), "utf8")).toBe("four");
  expect((await bench.run("vault", "restore")).err).toContain("--target");
}, 200_000);

test("an edited trail is found", async () => {
  await writeFleet();
  await bench.run("vault", "init");
  const path = bench.path(".soulmirror/vault/treasure/audit.jsonl");
  writeFileSync(path, readFileSync(path, "utf8").replace("first", "third"));
  expect(await bench.run("vault", "proof")).toMatchObject({ code: 4 });
}, 150_000);

test("says what is wrong with a vault", async () => {
  await writeFleet();
  const fleet = await bench.run("validate");
  expect(fleet.out).toContain("0 services, 0 other resources, 1 vault.");
  const doctor = (await bench.run("doctor")).out;
  expect(doctor).toMatch(/vault treasure .*first: there is no repository here/);
  expect((await bench.run("vault", "status")).out).toContain("soulmirror vault init");
  const none = await bench.run("vault", "backup");
  expect(none).toMatchObject({ code: 10 });
  expect(none.err).toContain("soulmirror vault init");
  expect(await bench.run("vault", "init")).toMatchObject({ code: 0 });
  const again = await bench.run("vault", "init");
  expect(again.code).not.toBe(0);
  expect(again.err).toContain("holds a repository already");
  expect((await bench.run("vault", "backup", "other")).err).toContain("declared: treasure");
  await bench.write("passphrase", "another one");
  const wrong = await bench.run("vault", "snapshots");
  expect(wrong).toMatchObject({ code: 12 });
  expect(wrong.err + wrong.out).not.toContain("another one");
}, 150_000);

test("goes on without a location, and fails below the quorum", async () => {
  await writeFleet("    quorum: 1\n");
  await initVault(bench);
  rmSync(bench.path("second"), { recursive: true });
  const { code, err, out } = await bench.run("vault", "backup");
  expect(code).toBe(3);
  expect(out).toContain("1 of 2 locations");
  expect(err).toContain("second is left out");
  await writeFleet("    quorum: 2\n");
  expect(await bench.run("vault", "backup")).toMatchObject({ code: 1 });
}, 150_000);

test("databases are dumped; a dump that fails is told, without its secrets", async () => {
  mkdirSync(bench.path("source/db"));
  const database = new DatabaseSync(bench.path("source/db/ledger.db"));
  bench.teardown.defer(() => database.close());
  database.exec("pragma journal_mode = wal; create table t (x); insert into t values (42)");
  await writeFleet(`    dumps:
      ledger: { sqlite: ./source/db/ledger.db }
      list: { command: [printf, well] }
      broken: { command: [sh, -c, "echo $WORD >&2; exit 3"], env: { WORD: geheim } }
`);
  await initVault(bench);
  const { dumps } = await backUp(3);
  expect(dumps.find(({ name }) => name === "broken")?.reason).toBe("sh ended with 3: ***");
  const listed = await restic("first", "ls", "latest");
  expect(listed).not.toContain("source/db/ledger.db");
  const target = bench.path("restored");
  await restic("first", "restore", "latest", "--target", target);
  const dumped = join(target, bench.path(".soulmirror/vault/treasure/dumps"));
  expect(readdirSync(dumped).toSorted()).toEqual(["ledger.db", "list"]);
  expect(readFileSync(join(dumped, "list"), "utf8")).toBe("well");
  const copy = new DatabaseSync(join(dumped, "ledger.db"));
  expect(copy.prepare("select x from t").all()).toEqual([{ x: 42 }]);
  copy.close();
}, 150_000);

test("a run that saw nearly nothing is repeated once, and told each time", async () => {
  for (let number = 0; number < 30; number += 1) {
    await bench.write(`source/a/file-${number}`, String(number));
  }
  await writeFleet();
  await initVault(bench);
  expect((await backUp()).suspicions).toEqual([]);
  rmSync(bench.path("source/a"), { recursive: true });
  const suspect = await backUp(3);
  expect(suspect.suspicions).toMatchObject([{ kind: "vanished" }]);
  expect(suspect.snapshots).toHaveLength(2);
  const after = await backUp(3);
  expect(after.suspicions).toMatchObject([{ kind: "vanished" }]);
  expect(after.snapshots).toHaveLength(1);
}, 150_000);

test("two at once: the second is refused; Ctrl-C ends the first with all locks given back", async () => {
  await writeFleet("    dumps: { slow: { command: [sleep, '100'] } }\n");
  await initVault(bench);
  const folder = bench.path(".soulmirror/vault/treasure");
  const first = bench.start(["vault", "backup"]);
  await first.until(() => readdirSync(folder).includes("dumps"), "it dumps");
  const second = await bench.run("vault", "backup");
  expect(second).toMatchObject({ code: 11 });
  expect(second.err).toContain(`pid ${first.child.pid}`);
  const patient = bench.start(["vault", "prune", "--wait", "10m"]);
  await patient.says(/another process works in this vault.*waiting for at most 10 m/);
  first.child.kill("SIGINT");
  expect(await first.ended).toMatchObject({ code: 130 });
  expect(await patient.ended).toMatchObject({ code: 0 });
  expect(readdirSync(folder)).not.toContain("lock");

  await writeFleet();
  for (let number = 0; number < 800; number += 1) {
    writeFileSync(bench.path(`source/a/file-${number}`), `${number}`.repeat(2000));
  }
  const third = bench.start(["vault", "backup"]);
  await third.until(() => readdirSync(bench.path("second/locks")).length > 0, "it has locked");
  third.child.kill("SIGINT");
  expect(await third.ended).toMatchObject({ code: 130 });
  expect(readdirSync(bench.path("first/locks"))).toEqual([]);
  expect(readdirSync(bench.path("second/locks"))).toEqual([]);
  await backUp();
  expect(await restic("first", "check", "--read-data")).toContain("no errors were found");
}, 200_000);

test("serves a folder to restic, append-only, to who has a password", async () => {
  const line = bench.start(["vault", "serve", ".", "--make-line", "laptop"]);
  line.child.stdin?.end("word\n");
  await bench.write("users", (await line.ended).out);
  mkdirSync(bench.path("served"));
  const options = ["--listen", "127.0.0.1:0", "--password-file", "users", "--append-only"];
  const server = bench.start(["vault", "serve", "served", ...options, "--max-size", "1GB"]);
  await server.says(/Serving at http/);
  const [, at = ""] = /http:\/\/(\S+)\//.exec(server.said) ?? [];
  const repository = `rest:http://laptop:word@${at}/one`;
  await restic(repository, "init");
  await restic(repository, "backup", bench.path("source"));
  await expect(restic(`rest:http://${at}/one`, "snapshots")).rejects.toThrow("Command failed");
  // It would ask again for most of a minute, and then say the same.
  const words = ["--no-cache", "-r", repository, "--password-file", "word"];
  await bench.write("word", vaultPassphrase);
  const forget = bench.start([...words, "forget", "--prune", "latest"], { command: ["restic"] });
  await forget.says(/403 Forbidden/);
  forget.child.kill("SIGINT");
  expect((await forget.ended).code).not.toBe(0);
  expect(await restic(repository, "snapshots", "--json")).toContain('"short_id"');
  server.child.kill("SIGINT");
  expect(await server.ended).toMatchObject({ code: 0 });
  const open = await bench.run("vault", "serve", "served", "--listen", "0.0.0.0:0");
  expect(open.err).toContain("open to everybody");
}, 150_000);
