/** A vault in folders of this machine, and what an agent needs to protect a tree with it. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Agent } from "../../src/custodian/agent/agent.ts";
import type { AgentLimits, AgentWorld } from "../../src/custodian/agent/agent-world.ts";
import { realSurroundings } from "../../src/custodian/surroundings.ts";
import { WorkerThreads } from "../../src/platform/content/index.ts";
import { createKernels, deriveKey } from "../../src/platform/kernels/index.ts";
import { openFileLocation } from "../../src/platform/locations/index.ts";
import { createAttributeReader, createTreeSource } from "../../src/platform/tree/index.ts";
import { realClock } from "../../src/system/index.ts";
import {
  Codec,
  compilePatterns,
  createSealer,
  initialise,
  isInside,
  type Location,
  type RawPath,
  rawPathOfText,
  type Surroundings,
  unlock,
  Vault,
} from "../../src/vault/index.ts";
import { cheapCost } from "./cheap-key.ts";

const passphrase = "a passphrase of tests";

export interface SceneOptions {
  /** Holds `source`, `a` and `b`, the repositories, and `agent`. */
  readonly place: string;
  readonly records?: string[];
  /** Over what a world usually is. */
  readonly world?: Partial<AgentWorld>;
  /** Default: those of this machine. */
  readonly clock?: Surroundings["clock"];
  /** Empty ones; default: two folders, and what is in them. */
  readonly locations?: readonly Location[];
}

export interface AgentScene extends AsyncDisposable {
  readonly world: AgentWorld;
  readonly source: string;
  readonly repositories: readonly string[];
}

const categories = {
  restore: ["production/**", "**/.hidden/**"],
  ask: ["evidence/**"],
  critical: ["production/**"],
};

/** Opens the vault; makes it when there is none. */
export async function openScene(options: SceneOptions): Promise<AgentScene> {
  const { place, records = [] } = options;
  const source = join(place, "source");
  mkdirSync(source, { recursive: true });
  const repositories = ["a", "b"].map((name) => join(place, name));
  const { clock = realClock } = options;
  const { locations = repositories.map((folder) => openFileLocation({ folder })) } = options;
  const surroundings = { ...realSurroundings(), clock };
  const tools = { kernels: createKernels(), derive: deriveKey };
  const { signal } = new AbortController();
  const common = { locations, passphrase, tools, signal };
  for (const location of locations) await location.prepare(signal);
  if (options.locations !== undefined || !existsSync(join(place, "b", "config"))) {
    await initialise({ ...common, surroundings, cost: cheapCost });
  }
  const unlocked = await unlock(common);
  if (!unlocked.ok) throw unlocked.error;
  const { config, keys } = unlocked.value;
  const codec = new Codec(createSealer(keys, tools.kernels), (length) =>
    surroundings.randomBytes(length),
  );
  const damages: unknown[] = [];
  const vault = new Vault({
    locations,
    codec,
    surroundings,
    onDamage: (damage) => damages.push(damage),
  });
  const threads = new WorkerThreads({ keys, polynomial: config.polynomial, threads: 1 });
  const root = rawPathOfText(source);
  const within = (path: RawPath): RawPath =>
    (isInside(path, root) ? path.slice(root.length + 1) : "") as RawPath;
  const [restore, ask, critical] = [categories.restore, categories.ask, categories.critical].map(
    (globs) => {
      const compiled = compilePatterns(globs);
      if (!compiled.ok) throw new Error(compiled.error);
      return compiled.value;
    },
  );
  const world: AgentWorld = {
    vault,
    leftOut: [],
    quorum: 1,
    dumps: {},
    streams: {},
    keep: { last: 24, hourly: 48, daily: 30, weekly: 12, monthly: 24, yearly: 0, withinMs: 0 },
    sources: [root],
    source: createTreeSource(),
    threads,
    readAttributes: createAttributeReader({ warn: () => {} }),
    isExcluded: () => false,
    excludes: [],
    without: [],
    policyAt: (path) =>
      restore?.matches(within(path)) ? "restore" : ask?.matches(within(path)) ? "ask" : "leave",
    isWatched: true,
    isCritical: (path) => critical?.matches(within(path)) ?? false,
    folder: join(place, "agent"),
    vaultFolder: join(place, "vault"),
    record: (kind, facts) => {
      records.push(`${kind} ${JSON.stringify(facts)}`);
      return Promise.resolve();
    },
    ...options.world,
  };
  return {
    world,
    source,
    repositories,
    [Symbol.asyncDispose]: () => threads[Symbol.asyncDispose](),
  };
}

/** Resolves when everything was compared once, and is watched. */
export async function startAgent(
  world: AgentWorld,
  limits: Partial<AgentLimits> = {},
): Promise<Agent> {
  const agent = new Agent(world, limits);
  await agent.begin();
  return agent;
}

/** The outside one: restic of the distribution. */
export function restic(repository: string, words: readonly string[]): string {
  return execFileSync("restic", ["--no-cache", "-r", repository, ...words], {
    encoding: "utf8",
    env: { ...process.env, RESTIC_PASSWORD: passphrase },
    stdio: ["ignore", "pipe", "pipe"],
  });
}
