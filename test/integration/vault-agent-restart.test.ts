/** What an agent knows across its restarts, and what it finds that went elsewhere. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { rawPathOfText } from "../../src/vault/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { begin } from "./begun-agent.ts";
import { shell } from "./heal-scene.ts";

test("what git took away while nobody watched is left to git", async () => {
  const place = temporaryFolder("agent");
  const source = join(place, "source");
  mkdirSync(source);
  const repository = `mkdir production; printf config > production/config; printf x > left
    git init -q -b main; git add .; git commit -qm first
    git checkout -qb other; git rm -q production/config; git commit -qm second
    git checkout -q main`;
  shell(repository, source);
  const limits = { gitQuietMs: 100 };
  const first = await begin({}, { place, limits });
  const notes = join(first.scene.world.folder, "git.json");
  await until(() => existsSync(notes) && readFileSync(notes, "utf8").includes("production/config"));
  await first.agent[Symbol.asyncDispose]();
  shell("git checkout -q other", source);
  const { agent } = await begin({}, { place, limits });
  await until(() => agent.state.waiting === 0, { seen: () => agent.state });
  expect(agent.state.outcomes).toEqual([]);
  expect(existsSync(join(source, "production", "config"))).toBe(false);
});

test("sources that were taken out of the fleet, or left out, are no loss", async () => {
  const place = temporaryFolder("agent");
  const other = join(place, "other");
  mkdirSync(other);
  const policy = { policyAt: () => "restore" as const };
  const first = await begin({ "a/kept": "1", "a/cache/x": "2", "b/gone": "3" }, { place });
  const [root] = first.scene.world.sources;
  await first.agent[Symbol.asyncDispose]();
  rmSync(join(first.scene.source, "b"), { recursive: true });
  rmSync(join(first.scene.source, "a", "cache"), { recursive: true });
  const sources = [rawPathOfText(join(first.scene.source, "a")), rawPathOfText(other)];
  const isExcluded = (path: string): boolean => path === `${root}/a/cache`;
  const { agent } = await begin({}, { place, world: { ...policy, sources, isExcluded } });
  // Losses were looked for when it had begun.
  expect(agent.state).toMatchObject({ waiting: 0, outcomes: [], snapshots: 1 });
  rmSync(join(first.scene.source, "a", "kept"));
  await until(() => agent.state.outcomes.length > 0, { seen: () => agent.state });
  expect(agent.state.outcomes).toMatchObject([{ kind: "healed" }]);
});

test("a folder that was moved away is asked about, with all that lies in it", async () => {
  const { agent, scene } = await begin({ "production/deep/a": "a", "production/b": "b" });
  const moved = join(dirname(dirname(scene.source)), `moved-${process.pid}`);
  renameSync(join(scene.source, "production"), moved);
  await until(() => agent.state.outcomes.length === 3, { seen: () => agent.state });
  for (const { kind, rule, sentence } of agent.state.outcomes) {
    expect([kind, rule]).toEqual(["asked", "H10"]);
    expect(sentence).toContain(moved);
  }
  expect(existsSync(join(scene.source, "production"))).toBe(false);
  rmSync(moved, { recursive: true });
});
