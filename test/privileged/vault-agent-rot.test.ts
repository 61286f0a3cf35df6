/** Bytes that a disk changes by itself are found by the agent's reading, and healed. */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { openScene, startAgent } from "../integration/agent-scene.ts";
import { until } from "../until.ts";

const content = "a line that only the backing file of this disk has\n".repeat(100);

test("rot in a critical file is healed, and the rotten version is kept", async () => {
  const place = temporaryFolder("agent-rot");
  const [image, source] = [join(place, "image"), join(place, "source")];
  mkdirSync(source);
  writeFileSync(image, "");
  truncateSync(image, 32 * 1024 * 1024);
  execFileSync("mkfs.ext4", ["-q", "-m", "0", image]);
  const mount = (): void => void execFileSync("mount", ["-o", "loop", image, source]);
  mount();
  afterwards(() => spawnSync("umount", ["-l", source]));
  mkdirSync(join(source, "production"));
  const path = join(source, "production", "data");
  writeFileSync(path, content);
  await pause(50);
  const scene = await openScene({ place });
  afterwards(() => scene[Symbol.asyncDispose]());
  await (await startAgent(scene.world))[Symbol.asyncDispose]();
  execFileSync("umount", [source]);
  const bytes = readFileSync(image);
  const at = bytes.indexOf(content.slice(0, 200));
  expect(at).toBeGreaterThan(0);
  bytes.writeUInt8((bytes[at] ?? 0) ^ 1, at);
  writeFileSync(image, bytes);
  mount();
  expect(readFileSync(path, "utf8")).not.toBe(content);
  const agent = await startAgent(scene.world, { scrubMs: 60_000, scrubSliceMs: 100 });
  afterwards(() => agent[Symbol.asyncDispose]());
  await until(() => agent.state.outcomes.length > 0, { seen: () => agent.state });
  expect(agent.state.outcomes).toMatchObject([{ kind: "healed", path, rule: "H4" }]);
  expect(readFileSync(path, "utf8")).toBe(content);
  const [{ aside = "" } = {}] = agent.state.outcomes;
  expect(readFileSync(aside).equals(Buffer.from(content))).toBe(false);
});
