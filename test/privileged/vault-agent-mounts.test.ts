/** A disk that is mounted inside of a source comes and goes, and nothing is healed into another. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { type AgentScene, restic, startAgent } from "../integration/agent-scene.ts";
import { begin, furtherRun } from "../integration/begun-agent.ts";
import { until } from "../until.ts";

const gold = "production/treasure/gold";

function mount(point: string, name: string): void {
  mkdirSync(point, { recursive: true });
  execFileSync("mount", ["-t", "tmpfs", name, point]);
  afterwards(() => spawnSync("umount", ["-l", point]));
}

function held({ repositories, source }: AgentScene, path: string): string {
  return restic(repositories[0] ?? "", ["dump", "latest", join(source, path)]);
}

test("what lay on a disk that is away is kept and left, and all else protected (M1, P3)", async () => {
  const place = temporaryFolder("agent");
  const treasure = join(place, "source", "production", "treasure");
  mount(treasure, "treasure");
  const { agent, scene } = await begin({ [gold]: "gold", "production/a": "first" }, { place });
  const backUp = (): Promise<unknown> => agent.answer({ do: "backup" });
  execFileSync("umount", ["-l", treasure]);
  await furtherRun(agent, backUp);
  expect(agent.state.away.join()).toMatch(/treasure is away: mounted there was tmpfs treasure/);
  writeFileSync(join(scene.source, "production", "a"), "second");
  await until(() => held(scene, "production/a") === "second", { everyMs: 200 });
  rmSync(join(scene.source, "production", "a"));
  await until(() => agent.state.outcomes.length > 0, { seen: () => agent.state });
  expect(agent.state.outcomes.map(({ kind, path }) => [kind, path])).toEqual([
    ["healed", join(scene.source, "production", "a")],
  ]);
  expect(readdirSync(treasure)).toEqual([]);
  expect(readFileSync(join(scene.source, "production", "a"), "utf8")).toBe("second");
  expect(held(scene, gold)).toBe("gold");
  await agent[Symbol.asyncDispose]();
  const next = await startAgent(scene.world);
  afterwards(() => next[Symbol.asyncDispose]());
  expect(next.state.away).toHaveLength(1);
  await furtherRun(next, () => next.answer({ do: "accept", path: treasure }));
  await until(() => next.state.away.length === 0 && next.state.waiting === 0, {
    seen: () => next.state,
  });
  expect(readdirSync(treasure)).toEqual([]);
  expect(() => held(scene, gold)).toThrow("not found");
});

test("what a new disk hides is not restored into it (M2)", async () => {
  const { agent, scene } = await begin({ [gold]: "gold" });
  const treasure = join(scene.source, "production", "treasure");
  mount(treasure, "other");
  await furtherRun(agent, () => agent.answer({ do: "backup" }));
  await until(() => agent.state.outcomes.length > 0, { seen: () => agent.state });
  expect(agent.state.outcomes).toMatchObject([{ kind: "asked", rule: "H3" }]);
  expect(readdirSync(treasure)).toEqual([]);
  execFileSync("umount", ["-l", treasure]);
  expect(readFileSync(join(treasure, "gold"), "utf8")).toBe("gold");
});
