/** An agent on a real tree: what changes is durable at once, what is lost is back. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Agent } from "../../src/custodian/agent/agent.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { type AgentScene, openScene, restic } from "./agent-scene.ts";
import { shell } from "./heal-scene.ts";

const tree = `
mkdir -p production/deep .hidden evidence plain
printf 'one\\nline\\n' | tee production/name .hidden/name plain/name > /dev/null
printf config > production/config; printf aa > production/deep/a; printf report > evidence/report
`;

async function begin(script = tree, name = "agent"): Promise<{ scene: AgentScene; agent: Agent }> {
  const place = temporaryFolder(name);
  mkdirSync(join(place, "source"));
  shell(script, join(place, "source"));
  const scene = await openScene({ place });
  afterwards(() => scene[Symbol.asyncDispose]());
  const agent = await Agent.start(scene.world, { gitQuietMs: 2100 });
  afterwards(() => agent[Symbol.asyncDispose]());
  return { scene, agent };
}

function latestOf(repository: string): string {
  return restic(repository, ["ls", "latest"]);
}

test("a change is in each location, whole and readable for restic", async () => {
  const { agent, scene } = await begin();
  const before = agent.state.snapshots;
  const t = performance.now();
  writeFileSync(join(scene.source, "plain", "fresh"), "new content");
  await until(() => agent.state.snapshots > before);
  console.log("latency", performance.now() - t, agent.state);
  for (const repository of scene.repositories) {
    expect(latestOf(repository)).toContain(join(scene.source, "plain", "fresh"));
    restic(repository, ["check", "--read-data"]);
    const path = join(scene.source, "plain", "fresh");
    expect(restic(repository, ["dump", "latest", path])).toBe("new content");
  }
});

test("a critical file that is removed comes back", async () => {
  const { agent, scene } = await begin();
  const lost = join(scene.source, "production", "config");
  const t = performance.now();
  rmSync(lost);
  await until(() => existsSync(lost), { seen: () => agent.state });
  console.log("healed after", performance.now() - t);
  await until(() => agent.state.outcomes.length > 0);
  expect(agent.state.outcomes).toMatchObject([{ kind: "healed", path: lost, rule: "H18" }]);
  expect(readFileSync(lost, "utf8")).toBe("config");
});
