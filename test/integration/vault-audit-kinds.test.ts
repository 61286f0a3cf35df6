/** Each kind of entry of the audit trail is written by what does it, and the chain is whole. */
import { randomBytes } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type AuditKind, auditKinds } from "../../src/vault/proof/audit-entry.ts";
import { afterwards } from "../afterwards.ts";
import { until } from "../until.ts";
import type { CliBench } from "./cli-bench.ts";
import { openVaultBench, writeVaultFleet } from "./cli-vault-bench.ts";

/** `given-up` in cli-vault-care, `stream-gap` in vault-streams: there is what it takes. */
const elsewhere: readonly AuditKind[] = ["given-up", "stream-gap"];
const waits = { limitMs: 90_000, everyMs: 100 };

test("every kind is recorded when it happens", { timeout: 400_000 }, async () => {
  const bench = await openVaultBench();
  afterwards(() => bench[Symbol.asyncDispose]());
  const trail = bench.path(".soulmirror/vault/treasure/audit.jsonl");
  const kinds = (): readonly string[] =>
    readFileSync(trail, "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { readonly kind: string }).kind);
  const seen = new Set<string>();
  /** What a verb has added, and how it ended. */
  const adds = async (words: string, code: number, added: readonly AuditKind[]): Promise<void> => {
    const before = existsSync(trail) ? kinds().length : 0;
    const ended = await bench.run("vault", ...words.split(" "));
    expect({ words, ...ended }).toMatchObject({ code });
    expect(kinds().slice(before)).toEqual(added);
    for (const each of added) seen.add(each);
  };

  await declare(bench, "./first, ./second");
  for (let number = 0; number < 30; number += 1) {
    await bench.write(`source/many/${number}`, String(number));
  }
  await bench.write("source/production/ledger", randomBytes(20_000).toString("base64"));
  await adds("init", 0, ["initialised"]);
  await adds("backup", 0, ["backup"]);
  damage(bench.path("first", "data"));
  await adds("check --read-data", 1, ["damage-found"]);
  await adds("heal", 0, ["repaired"]);
  await adds("drill", 0, ["drill"]);
  await adds("restore --target out", 0, ["restored"]);
  rmSync(bench.path("source/many"), { recursive: true });
  await declare(bench, "./first, ./second, ./third");
  await adds("backup", 3, ["suspect", "suspect", "backup", "location-added"]);
  await declare(bench, "./first, ./second");
  await adds("prune --accept", 0, ["forgotten", "pruned"]);

  // Broken off in the middle of a line, by a kill.
  appendFileSync(trail, '{"kind":"ba');
  const agent = bench.start(["vault", "agent"]);
  const ledger = bench.path("source/production/ledger");
  const book = bench.path("source/production/book");
  await agent.says(/ protects /);
  const has = (...wanted: readonly AuditKind[]): Promise<void> =>
    until(() => wanted.every((each) => readFileSync(trail, "utf8").includes(`"kind":"${each}"`)), {
      ...waits,
      what: wanted.join(),
      seen: () => agent.said,
    });
  await has("torn", "location-detached");
  rmSync(ledger);
  await has("healed");
  expect(existsSync(ledger)).toBe(true);
  expect(await bench.run("vault", "accept", book)).toMatchObject({ code: 0 });
  await has("accepted");
  agent.child.kill("SIGTERM");
  expect(await agent.ended).toMatchObject({ code: 0 });
  for (const each of ["torn", "location-detached", "healed", "accepted"]) seen.add(each);
  expect(await bench.run("vault", "proof")).toMatchObject({ code: 0 });

  // Its end is cut off: that is a fact of the trail from then on, and no proof.
  const lines = readFileSync(trail, "utf8").trimEnd().split("\n");
  writeFileSync(trail, `${lines.slice(0, -1).join("\n")}\n`);
  expect((await bench.run("vault", "proof")).code).not.toBe(0);
  await adds("restore --target again", 0, ["cut", "restored"]);
  expect([...seen, ...elsewhere].toSorted()).toEqual([...auditKinds].toSorted());
});

async function declare(bench: CliBench, locations: string): Promise<void> {
  const keep = "    keep: { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0 }\n";
  const categories = "    categories: { critical: [production/**] }\n";
  await writeVaultFleet(bench, keep + categories, locations);
}

/** A bit of the largest pack is another one. */
function damage(folder: string): void {
  const [path = ""] = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((each) => statSync(each).isFile())
    .toSorted((a, b) => statSync(b).size - statSync(a).size);
  const bytes = readFileSync(path);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  rmSync(path);
  writeFileSync(path, bytes);
}
