/** A source or a location that is away harms nothing, and is protected again when it is back. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Agent } from "../../src/custodian/agent/agent.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { type AgentScene, openScene, restic, startAgent } from "./agent-scene.ts";
import { begin } from "./begun-agent.ts";

async function sceneWith(files: Readonly<Record<string, string>>): Promise<AgentScene> {
  const place = temporaryFolder("agent");
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(join(place, "source", path, ".."), { recursive: true });
    writeFileSync(join(place, "source", path), content);
  }
  const scene = await openScene({ place });
  afterwards(() => scene[Symbol.asyncDispose]());
  return scene;
}

test("a source that is away freezes the agent, and nothing is taken for lost", async () => {
  const scene = await sceneWith({ "production/a": "content", "plain/b": "other" });
  const agent = await startAgent(scene.world, { retryMinMs: 50, retryMaxMs: 200 });
  afterwards(() => agent[Symbol.asyncDispose]());
  const { snapshots } = agent.state;
  const moved = `${scene.source}-away`;
  renameSync(scene.source, moved);
  expect(await ask(agent, "frozen")).toContain("is away");
  renameSync(moved, scene.source);
  await until(() => agent.state.phase === "resting" && agent.state.snapshots > snapshots, {
    seen: () => agent.state,
  });
  expect(agent.state.outcomes).toEqual([]);
  expect(readFileSync(join(scene.source, "production", "a"), "utf8")).toBe("content");
  const [repository = ""] = scene.repositories;
  expect(restic(repository, ["ls", "latest"])).toContain(join(scene.source, "plain", "b"));
});

test("a location that is away is left out, and takes part again when it is back", async () => {
  const scene = await sceneWith({ "plain/b": "other" });
  const agent = await startAgent(scene.world, { retryMinMs: 50, retryMaxMs: 200 });
  afterwards(() => agent[Symbol.asyncDispose]());
  const [, away = ""] = scene.repositories;
  renameSync(away, `${away}-away`);
  writeFileSync(join(scene.source, "plain", "c"), "while it is away");
  await until(() => agent.state.places.some(({ holds }) => !holds), { seen: () => agent.state });
  expect(agent.state.places.filter(({ holds }) => holds)).toHaveLength(1);
  renameSync(`${away}-away`, away);
  writeFileSync(join(scene.source, "plain", "d"), "when it is back");
  await until(() => agent.state.places.every(({ holds }) => holds), { seen: () => agent.state });
  await agent[Symbol.asyncDispose]();
  for (const repository of scene.repositories) {
    expect(restic(repository, ["check", "--read-data"])).toContain("no errors were found");
    const path = join(scene.source, "plain", "c");
    expect(restic(repository, ["dump", "latest", path])).toBe("while it is away");
  }
});

test("with a location away for long, what is lost is put back at once", async () => {
  const hour = 3_600_000;
  const { agent, scene } = await begin(
    { "production/a": "content" },
    { world: { quorum: 2 }, limits: { retryMinMs: hour, retryMaxMs: hour, lagMs: hour } },
  );
  const [away = ""] = scene.repositories;
  renameSync(away, `${away}-away`);
  writeFileSync(join(scene.source, "production", "b"), "while it is away");
  await ask(agent, "failing");
  rmSync(join(scene.source, "production", "a"));
  await until(() => agent.state.outcomes.length > 0, { seen: () => agent.state });
  expect(agent.state.outcomes).toMatchObject([{ kind: "healed" }]);
  expect(readFileSync(join(scene.source, "production", "a"), "utf8")).toBe("content");
});

test("with no location it tries again, and loses nothing that changed meanwhile", async () => {
  const scene = await sceneWith({ "plain/b": "other" });
  const agent = await startAgent(scene.world, { retryMinMs: 50, retryMaxMs: 200 });
  afterwards(() => agent[Symbol.asyncDispose]());
  for (const folder of scene.repositories) renameSync(folder, `${folder}-away`);
  writeFileSync(join(scene.source, "plain", "c"), "while all are away");
  await ask(agent, "failing");
  for (const folder of scene.repositories) renameSync(`${folder}-away`, folder);
  await until(() => agent.state.phase === "resting", { seen: () => agent.state });
  for (const repository of scene.repositories) {
    const path = join(scene.source, "plain", "c");
    expect(restic(repository, ["dump", "latest", path])).toBe("while all are away");
  }
});

async function ask(agent: Agent, phase: string): Promise<string> {
  await until(() => agent.state.phase === phase, { seen: () => agent.state });
  return agent.state.reason;
}
