/**
 * `--json` of each verb of `soulmirror vault`: what stands on standard output is the result and
 * nothing else, what stands on standard error is lines of JSON, and the exit code is the one that
 * is documented, for what succeeds and for what fails.
 */
import { expect, onTestFinished, test } from "vitest";
import { vault } from "../../src/cli/commands/vault.ts";
import { errorTable } from "../../src/kernel/index.ts";
import type { Ended } from "./cli-bench.ts";
import { openVaultBench, writeVaultFleet } from "./cli-vault-bench.ts";

type Facts = Readonly<Record<string, unknown>>;

const facts = (text: string): Facts => JSON.parse(text) as Facts;
const linesOf = (text: string): readonly Facts[] => text.split("\n").filter(Boolean).map(facts);

/** What a verb says when all is well; `each` is of what is one line of many. */
interface Row {
  readonly words: readonly string[];
  readonly code?: number;
  readonly whole?: Facts;
  readonly each?: Facts;
  /** Long work tells how far it has come, in these steps at least. */
  readonly steps?: readonly string[];
}

const text = expect.any(String) as string;
const list = expect.any(Array) as [];

const rows: readonly Row[] = [
  { words: ["init"], whole: { vault: "treasure", repository: text, locations: list } },
  {
    words: ["backup"],
    whole: { kind: "result", exitCode: 0, verdict: "everywhere" },
    steps: ["protecting"],
  },
  { words: ["backup", "treasure", "--tag", "second"], whole: { kind: "result", exitCode: 0 } },
  { words: ["snapshots"], whole: { vault: "treasure", count: 2, snapshots: list } },
  { words: ["ls"], each: { path: text, type: text } },
  { words: ["diff"] },
  {
    words: ["restore", "--target", "restored"],
    whole: { kind: "result", exitCode: 0, files: 2, failed: 0 },
    steps: ["restoring"],
  },
  {
    words: ["check", "--read-data"],
    whole: { kind: "result", exitCode: 0, findings: [] },
    steps: ["reading"],
  },
  { words: ["heal"], whole: { kind: "result", exitCode: 0, repairs: [] }, steps: ["reading"] },
  {
    words: ["drill"],
    whole: { kind: "result", exitCode: 0, drilled: [expect.objectContaining({ isProven: true })] },
    steps: ["restoring"],
  },
  {
    words: ["prune"],
    whole: { kind: "result", exitCode: 0, isDryRun: false },
    steps: ["following"],
  },
  { words: ["proof"], whole: { isWhole: true } },
  // Nobody protects it: that is what it says, and no error of the command.
  { words: ["status"], code: 1, whole: { vault: "treasure", agent: null } },
];

/** Each verb, asked for what cannot be. */
const refusals: readonly (readonly [words: readonly string[], error: keyof typeof errorTable])[] = [
  ...["init", "backup", "snapshots", "ls", "diff", "check", "heal", "drill", "prune", "status"].map(
    (verb) => [[verb, "other"], "NOT_FOUND"] as const,
  ),
  [["restore"], "BAD_REQUEST"],
  // It needs a terminal, and says what does not.
  [["browse"], "BAD_REQUEST"],
  [["accept", "./source"], "DAEMON_AWAY"],
  [["proof", "--folder", "nowhere"], "NOT_FOUND"],
  [["serve", ".", "--listen", "nonsense"], "BAD_REQUEST"],
  [["ls", "--snapshot", "0123"], "NOT_FOUND"],
];

test("each verb says JSON and nothing else, and ends as it is documented", async () => {
  const bench = await openVaultBench();
  onTestFinished(() => bench[Symbol.asyncDispose]());
  await writeVaultFleet(bench);
  for (const { code = 0, each, steps = [], whole, words } of rows) {
    const ended = await bench.run("vault", ...words, "--json");
    expect({ words, ...ended }).toMatchObject({ code });
    if (whole !== undefined) expect(facts(ended.out)).toMatchObject(whole);
    else for (const line of linesOf(ended.out)) expect(line).toMatchObject(each ?? {});
    const told = linesOf(ended.err);
    expect(told.map(({ step }) => step)).toEqual(expect.arrayContaining([...steps]));
    for (const { kind } of told) expect(["note", "progress"]).toContain(kind);
  }

  const refused = refusals.map(async ([words, error]) => {
    const ended: Ended = await bench.run("vault", ...words, "--json");
    return { words, error, ...ended };
  });
  for (const { code, err, error, out, words } of await Promise.all(refused)) {
    expect({ words, code, out }).toEqual({ words, code: errorTable[error].exitCode, out: "" });
    expect(linesOf(err).at(-1)).toMatchObject({ error: { code: error, message: text } });
  }

  const server = bench.start(["vault", "serve", ".", "--listen", "127.0.0.1:0", "--json"]);
  await server.says(/"serving"/);
  server.child.kill("SIGINT");
  const { code, out } = await server.ended;
  expect({ code, ...facts(out) }).toMatchObject({ code: 0, kind: "serving", url: text });

  await bench.write("passphrase", "another one");
  const wrong = await bench.run("vault", "snapshots", "--json");
  expect(wrong).toMatchObject({ code: 12, out: "" });
}, 300_000);

test("no verb is left out", () => {
  const seen = new Set([
    ...rows.map(({ words }) => words[0]),
    ...refusals.map(([words]) => words[0]),
  ]);
  const shown = vault.verbs.filter(({ isHidden }) => isHidden !== true).map(({ name }) => name);
  expect(seen).toEqual(new Set(shown));
});
