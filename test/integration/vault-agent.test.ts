/** An agent on a real tree: what changes is durable at once, what is lost is back. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { Agent } from "../../src/custodian/agent/agent.ts";
import type { AgentLimits } from "../../src/custodian/agent/agent-world.ts";
import { readState } from "../../src/custodian/state-file.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { type AgentScene, openScene, restic, startAgent } from "./agent-scene.ts";
import { shell } from "./heal-scene.ts";

const tree = `
mkdir -p production/deep .hidden evidence plain
printf 'one\\nline\\n' | tee production/name .hidden/name plain/name > /dev/null
printf config > production/config; printf aa > production/deep/a; printf report > evidence/report
`;

interface Begun {
  readonly scene: AgentScene;
  readonly agent: Agent;
  readonly records: readonly string[];
}

async function begin(script = tree, limits: Partial<AgentLimits> = {}): Promise<Begun> {
  const place = temporaryFolder("agent");
  const records: string[] = [];
  mkdirSync(join(place, "source"));
  shell(script, join(place, "source"));
  const scene = await openScene({ place, records });
  afterwards(() => scene[Symbol.asyncDispose]());
  const agent = await startAgent(scene.world, limits);
  afterwards(() => agent[Symbol.asyncDispose]());
  return { scene, agent, records };
}

/** Resolves when it has made a further snapshot and rests. */
async function furtherSnapshot(agent: Agent, work: () => unknown): Promise<void> {
  const before = agent.state.snapshots;
  await work();
  await until(() => agent.state.snapshots > before && agent.state.phase === "resting", {
    seen: () => agent.state,
  });
}

test("a change is in each location, whole and readable for restic", async () => {
  const { agent, scene } = await begin();
  const path = join(scene.source, "plain", "fresh");
  await furtherSnapshot(agent, () => writeFileSync(path, "new content"));
  for (const repository of scene.repositories) {
    expect(restic(repository, ["dump", "latest", path])).toBe("new content");
  }
  await agent[Symbol.asyncDispose]();
  for (const repository of scene.repositories) {
    expect(restic(repository, ["check", "--read-data"])).toContain("no errors were found");
  }
});

test("a critical file that is removed comes back, and the deed is recorded", async () => {
  const { agent, scene, records } = await begin();
  const lost = join(scene.source, "production", "config");
  rmSync(lost);
  await until(() => agent.state.outcomes.length > 0, { seen: () => agent.state });
  expect(agent.state.outcomes).toMatchObject([{ kind: "healed", path: lost, rule: "H18" }]);
  expect(readFileSync(lost, "utf8")).toBe("config");
  expect(records.some((record) => record.startsWith("healed") && record.includes(lost))).toBe(true);
});

test("what goes again as soon as it is back, before any snapshot has it, comes back again", async () => {
  const { agent, scene } = await begin();
  const lost = join(scene.source, "production", "config");
  rmSync(lost);
  await until(() => agent.state.outcomes.length > 0, { seen: () => agent.state, everyMs: 1 });
  rmSync(lost);
  await until(() => agent.state.outcomes.length > 1, { seen: () => agent.state });
  expect(readFileSync(lost, "utf8")).toBe("config");
});

test("what goes while it is being put back is put back soon", async () => {
  const { agent, scene } = await begin();
  const lost = join(scene.source, "production", "config");
  rmSync(lost);
  await until(() => existsSync(lost), { seen: () => agent.state, everyMs: 1 });
  rmSync(lost);
  await until(() => agent.state.outcomes.length > 1, { seen: () => agent.state });
  expect(readFileSync(lost, "utf8")).toBe("config");
});

test("a folder of critical files that is removed comes back as it was", async () => {
  const { agent, scene } = await begin();
  const folder = join(scene.source, "production");
  shell(
    "chmod 640 production/config; touch -d '2020-01-02 03:04:05' production/config",
    scene.source,
  );
  await furtherSnapshot(agent, () => writeFileSync(join(folder, "later"), "x"));
  rmSync(folder, { recursive: true });
  // In one go or, where a snapshot came in between, in two.
  const old = new Date("2020-01-02 03:04:05").getTime();
  const isBack = (): boolean =>
    ["deep/a", "later", "config"].every((name) => existsSync(join(folder, name))) &&
    statSync(join(folder, "config")).mtimeMs === old;
  await until(isBack, { seen: () => agent.state });
  expect(agent.state.outcomes.every(({ kind }) => kind === "healed")).toBe(true);
  expect(readFileSync(join(folder, "deep", "a"), "utf8")).toBe("aa");
  expect(statSync(join(folder, "config")).mode & 0o777).toBe(0o640);
});

test("a critical file that is emptied gets its content back, and the empty one is kept", async () => {
  // As long as a name can be.
  const name = "n".repeat(255);
  const { agent, scene } = await begin(`mkdir production; printf config > production/${name}`);
  const path = join(scene.source, "production", name);
  writeFileSync(path, "");
  await until(() => agent.state.outcomes.length > 0, { seen: () => agent.state });
  expect(agent.state.outcomes).toMatchObject([{ kind: "healed", path }]);
  expect(readFileSync(path, "utf8")).toBe("config");
  const [{ aside = "" } = {}] = agent.state.outcomes;
  expect(readFileSync(aside, "utf8")).toBe("");
});

test("who puts back what he was asked about has answered (L5)", async () => {
  const { scene } = await begin();
  const path = join(scene.source, "evidence", "report");
  const asked = async (): Promise<readonly string[]> => {
    const { losses } = await readState(scene.world.vaultFolder, 0);
    return losses.map(({ reason }) => reason);
  };
  writeFileSync(path, "");
  await until(async () => (await asked()).length === 1, { seen: asked });
  const [question = ""] = await asked();
  expect(question).toContain(`soulmirror vault accept ${path}`);
  const [, id = ""] = /restore --snapshot (\w+) --path/.exec(question) ?? [];
  expect(restic(scene.repositories[0] ?? "", ["dump", id, path])).toBe("report");
  writeFileSync(path, "report");
  await until(async () => (await asked()).length === 0, { seen: asked });
});

test("what was lost while nobody watched is found at the next start", async () => {
  const place = temporaryFolder("agent");
  mkdirSync(join(place, "source"));
  shell(tree, join(place, "source"));
  const scene = await openScene({ place });
  afterwards(() => scene[Symbol.asyncDispose]());
  await (await startAgent(scene.world))[Symbol.asyncDispose]();
  rmSync(join(scene.source, "production", "config"));
  const agent = await startAgent(scene.world);
  afterwards(() => agent[Symbol.asyncDispose]());
  await until(() => agent.state.outcomes.length > 0, { seen: () => agent.state });
  expect(agent.state.outcomes).toMatchObject([{ kind: "healed", rule: "H18" }]);
});

describe("what is left as it is", () => {
  const repository = `${tree}
    git init -q -b main; printf '.hidden/\\n' > .gitignore; git add .; git commit -qm first
    git checkout -qb other; git rm -q production/config; git commit -qm second
    git checkout -q main`;
  const deeds = {
    "git checkout": ["git checkout -q other", repository],
    "a move within the source": ["mv production/config plain/config", tree],
    "an edit by sed": ["sed -i s/config/changed/ production/config", tree],
    "a removal of what nothing protects": ["rm plain/name", tree],
  } as const;

  test("a checkout, a move, an edit, and a removal of what nothing protects", async () => {
    // At once: most of it is waiting.
    const looks = Object.entries(deeds).map(async ([name, [script, before]]) => {
      const { agent, scene } = await begin(before);
      // Git is remembered as it is when its repository is quiet.
      await pause(3500);
      await furtherSnapshot(agent, () => shell(script, scene.source));
      const after = shape(scene.source);
      await pause(3500);
      const { outcomes, waiting } = agent.state;
      expect({ name, outcomes, waiting }).toEqual({ name, outcomes: [], waiting: 0 });
      expect({ name, shape: shape(scene.source) }).toEqual({ name, shape: after });
    });
    await Promise.all(looks);
  });

  test("what was accepted", async () => {
    const { agent, scene } = await begin();
    const path = join(scene.source, "production");
    await agent.answer({ do: "accept", path, forMs: 60_000 });
    await furtherSnapshot(agent, () => rmSync(join(path, "config")));
    await until(() => agent.state.waiting === 0);
    expect(existsSync(join(path, "config"))).toBe(false);
  });

  test("evidence is asked about", async () => {
    const { agent, scene } = await begin();
    rmSync(join(scene.source, "evidence", "report"));
    await until(() => agent.state.outcomes.length > 0, { seen: () => agent.state });
    expect(agent.state.outcomes).toMatchObject([{ kind: "asked", rule: "H19" }]);
  });
});

test("a storm of 5,000 files ends in a snapshot that restic restores identically", async () => {
  const { agent, scene } = await begin();
  const script = `for d in $(seq 50); do mkdir -p storm/$d
    for f in $(seq 100); do echo "$d $f" > storm/$d/$f; done; done`;
  shell(script, scene.source);
  await until(() => agent.state.phase === "resting" && countIn(scene, "b") >= 5000, {
    everyMs: 1000,
  });
  const target = join(scene.source, "..", "restored");
  restic(join(scene.source, "..", "a"), ["restore", "latest", "--target", target]);
  shell(`diff -r --no-dereference . ${target}${scene.source}`, scene.source);
});

function countIn(scene: AgentScene, name: string): number {
  const repository = join(scene.source, "..", name);
  return restic(repository, ["ls", "latest", join(scene.source, "storm"), "--recursive"])
    .split("\n")
    .filter((line) => /\/storm\/\d+\/\d+$/.test(line)).length;
}

/** Names, kinds and contents. */
function shape(source: string): string {
  return execFileSync(
    "sh",
    [
      "-c",
      "find . -path ./.git -prune -o -type f -exec sha256sum {} +; find . -path ./.git -prune -o -print",
    ],
    { cwd: source, encoding: "utf8" },
  );
}
