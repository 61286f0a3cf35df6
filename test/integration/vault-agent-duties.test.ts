/** What an agent does besides protecting and healing: it tells, tries again, thins out, checks. */
import { readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { readState } from "../../src/custodian/state-file.ts";
import { realClock } from "../../src/system/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { type AgentScene, restic } from "./agent-scene.ts";
import { begin, furtherRun, write } from "./begun-agent.ts";

function snapshotsIn(scene: AgentScene): number {
  return readdirSync(join(scene.repositories[0] ?? "", "snapshots")).length;
}

function indexesIn(scene: AgentScene): number {
  return readdirSync(join(scene.repositories[1] ?? "", "index")).length;
}

test("what is as it was makes no snapshot, and is known to be good now", async () => {
  const { agent, scene } = await begin({ "plain/a": "content" });
  const folder = scene.world.vaultFolder;
  await until(async () => (await readState(folder, 0)).lastGood !== undefined);
  const { lastGood } = await readState(folder, 0);
  await furtherRun(agent, () => agent.answer({ do: "backup" }));
  expect(snapshotsIn(scene)).toBe(1);
  await until(async () => ((await readState(folder, 0)).lastGood?.at ?? 0) > (lastGood?.at ?? 0));
  expect((await readState(folder, 0)).lastGood?.snapshot).toBe(lastGood?.snapshot);
});

test("with fewer than the quorum it fails, says where, and is good when one is back", async () => {
  const { agent, scene } = await begin({ "plain/a": "content" }, { world: { quorum: 2 } });
  const folder = scene.world.vaultFolder;
  const [, away = ""] = scene.repositories;
  renameSync(away, `${away}-away`);
  writeFileSync(join(scene.source, "plain", "b"), "while it is away");
  await until(() => agent.state.phase === "failing", { seen: () => agent.state });
  expect(agent.state.reason).toContain("1 of 2 locations hold it, and 2 must");
  expect(agent.state.reason).toContain(away);
  await until(async () => (await readState(folder, 0)).runs.at(-1)?.verdict === "failed");
  renameSync(`${away}-away`, away);
  // Nobody changes anything more.
  await until(() => agent.state.phase === "resting", { seen: () => agent.state });
  await until(async () => (await readState(folder, 0)).runs.at(-1)?.verdict === "good");
  await agent[Symbol.asyncDispose]();
  expect(restic(away, ["dump", "latest", join(scene.source, "plain", "b")])).toBe(
    "while it is away",
  );
  expect(restic(away, ["check", "--read-data"])).toContain("no errors were found");
});

test("many snapshots are thinned out, and their index files put together", async () => {
  const limits = { snapshotsMax: 5, indexesMax: 4 };
  const keep = { last: 2, hourly: 0, daily: 0, weekly: 0, monthly: 0, yearly: 0, withinMs: 0 };
  const { agent, records, scene } = await begin({ "plain/a": "0" }, { limits, world: { keep } });
  const file = join(scene.source, "plain", "a");
  for (let at = 1; at < 12; at += 1) {
    await furtherRun(agent, () => writeFileSync(file, `content ${at}`));
  }
  const isFew = (): boolean => snapshotsIn(scene) <= 5 && indexesIn(scene) <= 5;
  await until(isFew, { seen: () => agent.state.retention });
  expect(records.some((record) => record.startsWith("forgotten"))).toBe(true);
  await agent[Symbol.asyncDispose]();
  for (const repository of scene.repositories) {
    expect(restic(repository, ["check", "--read-data"])).toContain("no errors were found");
    expect(restic(repository, ["dump", "latest", file])).toBe("content 11");
  }
});

test("a run that sees too little is made once more, is recorded, and freezes forgetting", async () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, at) => [`plain/${at}`, "x"]));
  const { agent, records, scene } = await begin(many, { limits: { keepMs: 0 } });
  await furtherRun(agent, () => {
    rmSync(join(scene.source, "plain"), { recursive: true });
    write(join(scene.source, "left"), "y");
  });
  await furtherRun(agent, () => agent.answer({ do: "backup" }));
  expect(agent.state.suspicions).toMatchObject([{ kind: "vanished", files: 1, before: 30 }]);
  await until(() => records.filter((record) => record.startsWith("suspect")).length === 2);
  const folder = scene.world.vaultFolder;
  await until(async () => (await readState(folder, 0)).runs.at(-1)?.verdict === "suspect");
  await until(
    () => agent.state.retention.frozen.some((why) => why.includes("may have seen too little")),
    {
      seen: () => agent.state.retention,
    },
  );
  await until(async () => ((await readState(folder, 0)).frozen ?? []).length > 0);
  // A person wanted it: the next run is compared with what is left.
  await agent.answer({ do: "accept", path: scene.source, forMs: 60_000 });
  await furtherRun(agent, () => agent.answer({ do: "backup" }));
  expect(agent.state.suspicions).toEqual([]);
  // Three runs that were well outlive it, and forgetting goes on.
  for (let round = 0; round < 3; round += 1) {
    write(join(scene.source, "left"), `round ${round}`);
    await furtherRun(agent, () => agent.answer({ do: "backup" }));
  }
  const goesOn = async (): Promise<boolean> => {
    if ((await readState(folder, 0)).frozen?.length === 0) return true;
    // It looks after a run only, and never twice at a time.
    await agent.answer({ do: "backup" });
    return false;
  };
  await until(goesOn, { seen: () => agent.state.retention });
});

test("many files rewritten at once freeze forgetting, until a person accepts that", async () => {
  const names = Array.from({ length: 30 }, (_, at) => `production/${at}`);
  const files = Object.fromEntries(names.map((name) => [name, "content"]));
  const options = { limits: { keepMs: 0 }, world: { isWatched: false } };
  const { agent, records, scene } = await begin(files, options);
  for (const name of names) writeFileSync(join(scene.source, name), `encrypted ${name}`);
  const isFrozen = async (wanted: boolean): Promise<boolean> => {
    await agent.answer({ do: "backup" });
    const { frozen = [] } = await readState(scene.world.vaultFolder, 0);
    const reasons = frozen.map(({ reason }) => reason);
    return reasons.some((reason) => reason.includes("files were rewritten")) === wanted;
  };
  await until(() => isFrozen(true), { seen: () => agent.state });
  await until(() => records.filter((record) => record.startsWith("suspect")).length === 30);
  await agent.answer({ do: "accept", path: scene.source, forMs: 60_000 });
  await until(() => isFrozen(false), { seen: () => agent.state });
});

test("a file of a location that rots is mended from the other one, and that is recorded", async () => {
  const limits = { checkPauseMs: 1, checkWithinMs: 1, checkBytesPerSecond: 1 << 30 };
  const { agent, records, scene } = await begin({ "plain/a": "content" }, { limits });
  const [repository = ""] = scene.repositories;
  const [shard = ""] = readdirSync(join(repository, "data")).filter(
    (name) => readdirSync(join(repository, "data", name)).length > 0,
  );
  const [pack = ""] = readdirSync(join(repository, "data", shard));
  const path = join(repository, "data", shard, pack);
  const sound = readFileSync(path);
  const rotten = Buffer.from(sound);
  rotten[10] = (rotten[10] ?? 0) ^ 1;
  rmSync(path);
  writeFileSync(path, rotten);
  await until(() => agent.state.checks.mended > 0, { seen: () => agent.state.checks });
  expect(readFileSync(path).equals(sound)).toBe(true);
  await until(() => records.some((record) => record.startsWith("repaired")));
  const found = records.find((record) => record.startsWith("damage-found")) ?? "";
  expect(found).toContain(pack);
  expect(found).toContain(repository);
  await until(async () => (await readState(scene.world.vaultFolder, 0)).damage.length === 0);
});

test("a database is dumped, and is not copied itself", async () => {
  const place = temporaryFolder("databases");
  const path = join(place, "ledger.db");
  const database = new DatabaseSync(path);
  database.exec("create table coins (count integer); insert into coins values (42)");
  database.close();
  const dumps = { ledger: { kind: "sqlite" as const, path, timeoutMs: 60_000, env: {} } };
  const { agent, scene } = await begin({ "plain/a": "content" }, { world: { dumps } });
  const [repository = ""] = scene.repositories;
  const dumped = join(scene.world.vaultFolder, "dumps", "ledger.db");
  // The first run does not wait for databases.
  await until(() => agent.state.snapshots >= 2 && agent.state.phase === "resting", {
    seen: () => agent.state,
  });
  expect(restic(repository, ["ls", "latest"])).toContain(dumped);
  expect(agent.state.dumps).toMatchObject([{ name: "ledger", trouble: "", doubt: "" }]);
  rmSync(path);
  await furtherRun(agent, () => agent.answer({ do: "backup" }));
  expect(agent.state.dumps).toMatchObject([{ name: "ledger" }]);
  const told = async (): Promise<string | undefined> =>
    (await readState(scene.world.vaultFolder, 0)).runs.at(-1)?.reason;
  await until(async () => (await told()) === "dump ledger failed");
  expect(restic(repository, ["ls", "latest"])).toContain(dumped);
});

test("a clock that jumps makes a run suspect, and nothing is forgotten", async () => {
  let jumpMs = 0;
  const clock = {
    now: () => {
      const { monotonicMs, wallMs } = realClock.now();
      return { monotonicMs, wallMs: wallMs + jumpMs };
    },
  };
  const { agent, scene } = await begin({ "plain/a": "content" }, { clock, limits: { keepMs: 0 } });
  await until(() => agent.state.retention.snapshots === 1, { seen: () => agent.state.retention });
  jumpMs = -86_400_000;
  writeFileSync(join(scene.source, "plain", "b"), "later");
  await until(() => agent.state.suspicions.some(({ kind }) => kind === "clock"), {
    seen: () => agent.state,
  });
  await until(() => agent.state.retention.frozen.length > 0, {
    seen: () => agent.state.retention,
  });
  expect(snapshotsIn(scene)).toBeGreaterThan(1);
});
