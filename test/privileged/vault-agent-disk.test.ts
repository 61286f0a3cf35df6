/**
 * A location whose disk is full, or takes nothing, is told and left out, and caught up after it.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Agent } from "../../src/custodian/agent/agent.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { restic } from "../integration/agent-scene.ts";
import { begin } from "../integration/begun-agent.ts";
import { until } from "../until.ts";

async function reasonAt(agent: Agent, location: string): Promise<string> {
  const out = (): string | undefined =>
    agent.state.places.find((place) => place.location.includes(location) && !place.holds)?.reason;
  await until(() => out() !== undefined, { seen: () => agent.state });
  return out() ?? "";
}

test("a disk that is full, then one that is read-only, and one that is well again", async () => {
  const place = temporaryFolder("agent-disk");
  const small = join(place, "b");
  mkdirSync(small);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", small]);
  afterwards(() => spawnSync("umount", ["-l", small]));
  const { agent, scene } = await begin({ "plain/a": "content" }, { place });
  expect(agent.state.places.every(({ holds }) => holds)).toBe(true);
  const large = join(scene.source, "plain", "large");
  writeFileSync(large, randomBytes(3 << 20));
  expect(await reasonAt(agent, small)).toContain("no space left");
  execFileSync("mount", ["-o", "remount,ro", small]);
  const before = agent.state.snapshot?.id;
  writeFileSync(join(scene.source, "plain", "b"), "while it is read-only");
  await until(() => agent.state.snapshot?.id !== before, { seen: () => agent.state });
  await until(async () => (await reasonAt(agent, small)).includes("read-only"), {
    seen: () => agent.state.places,
  });
  execFileSync("mount", ["-o", "remount,rw,size=64m", small]);
  await until(() => agent.state.places.every(({ holds }) => holds), { seen: () => agent.state });
  await agent[Symbol.asyncDispose]();
  for (const repository of scene.repositories) {
    expect(restic(repository, ["check", "--read-data"])).toContain("no errors were found");
    expect(restic(repository, ["dump", "latest", join(scene.source, "plain", "b")])).toBe(
      "while it is read-only",
    );
  }
});
