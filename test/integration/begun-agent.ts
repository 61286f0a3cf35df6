/** An agent at work on a small tree of its own, and what tests wait for. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Agent } from "../../src/custodian/agent/agent.ts";
import type { AgentLimits } from "../../src/custodian/agent/agent-world.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { type AgentScene, openScene, type SceneOptions, startAgent } from "./agent-scene.ts";

export interface Begun {
  readonly scene: AgentScene;
  readonly agent: Agent;
  readonly records: readonly string[];
}

const soon = { retryMinMs: 50, retryMaxMs: 200, lagMs: 50, notesMs: 10 };

export interface BeginOptions extends Partial<SceneOptions> {
  readonly limits?: Partial<AgentLimits>;
}

/** @param files by their paths below the source */
export async function begin(
  files: Readonly<Record<string, string>>,
  { limits = {}, place = temporaryFolder("agent"), ...options }: BeginOptions = {},
): Promise<Begun> {
  for (const [path, content] of Object.entries(files)) write(join(place, "source", path), content);
  const records: string[] = [];
  const scene = await openScene({ place, records, ...options });
  afterwards(() => scene[Symbol.asyncDispose]());
  const agent = await startAgent(scene.world, { ...soon, ...limits });
  afterwards(() => agent[Symbol.asyncDispose]());
  return { scene, agent, records };
}

export function write(path: string, content: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, content);
}

/** Resolves when a further run has ended well. */
export async function furtherRun(agent: Agent, work: () => unknown): Promise<void> {
  const before = agent.state.snapshots;
  await work();
  await until(() => agent.state.snapshots > before && agent.state.phase === "resting", {
    seen: () => agent.state,
  });
}
