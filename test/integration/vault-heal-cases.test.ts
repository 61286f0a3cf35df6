/**
 * The cases of docs/vault/heal-cases.md, done by the real programs in a real tree. False heals: a
 * path of the left ones that is healed or asked about. Missed heals: a lost one that is not.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { healCases } from "../../src/vault/heal/heal-cases-bench.ts";
import type { Verdict } from "../../src/vault/heal/verdict.ts";
import { temporaryFolder } from "../afterwards.ts";
import { shell, takeScene, verdictsOf } from "./heal-scene.ts";
import { leftCases, type RealCase } from "./vault-heal-left.ts";
import { lostCases } from "./vault-heal-lost.ts";

const tree = `
mkdir -p production/deep .hidden/deep evidence plain
printf 'one\\nline\\n' | tee production/name .hidden/name plain/name plain/other > /dev/null
printf config > production/config; printf aa > production/deep/a; printf bb > production/deep/b
printf xx > .hidden/deep/x; printf report > evidence/report
`;
const repository = `
git init -q -b main; printf '.hidden/\\n' > .gitignore; git add .; git commit -qm first
`;

async function verdictsAfter(real: RealCase): Promise<ReadonlyMap<string, Verdict>> {
  const { prepare = "", script, told, isGit = false } = real;
  const source = join(temporaryFolder("heal-cases"), "source");
  mkdirSync(source);
  shell(`${tree}${isGit ? repository : ""}${prepare}`, source);
  // The clock of the file system goes in steps.
  await pause(20);
  const scene = await takeScene(source);
  await pause(20);
  shell(script, source);
  return verdictsOf(scene, told);
}

/** Verdicts that are no "leave", by path; what lies in the folder of git goes by shorter names. */
function otherThanLeft(verdicts: ReadonlyMap<string, Verdict>): Record<string, string> {
  return Object.fromEntries(
    [...verdicts]
      .filter(([, { kind }]) => kind !== "leave")
      .map(([path, { kind, reason, isSuspect }]) => [
        path.replace(/^\.git(?:\/.*)?$/, ".git"),
        `${kind} ${reason.rule}${isSuspect ? " suspect" : ""}`,
      ]),
  );
}

describe("no false heals", () => {
  test.each(leftCases)("$id: $script", async (real) => {
    const verdicts = await verdictsAfter(real);
    expect(otherThanLeft(verdicts)).toEqual({});
    const [id = ""] = real.id.split(" ");
    const rules = [...verdicts.values()].map(({ reason }) => reason.rule);
    expect(rules).toContain(healCases[id]?.rule);
  });
});

describe("no missed heals", () => {
  test.each(lostCases)("$id: $script", async ({ verdicts, ...real }) => {
    expect(otherThanLeft(await verdictsAfter(real))).toEqual(verdicts);
  });
});

test("each side has thirty cases and more", () => {
  expect(leftCases.length).toBeGreaterThanOrEqual(30);
  expect(lostCases.length).toBeGreaterThanOrEqual(30);
});
