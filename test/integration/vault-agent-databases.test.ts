/**
 * Databases of which there is a dump, and no copy in the snapshots, when an agent protects them.
 */
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import type { AgentWorld } from "../../src/custodian/agent/agent-world.ts";
import { readState } from "../../src/custodian/state-file.ts";
import { temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { type Begun, begin, furtherRun } from "./begun-agent.ts";

interface Ledgers extends Begun {
  readonly pathOf: (name: string) => string;
}

/** With a database of two coins at each path below the source, and a dump of each. */
async function beginWith(paths: Readonly<Record<string, string>>): Promise<Ledgers> {
  const place = temporaryFolder("agent");
  const pathOf = (name: string): string => join(place, "source", paths[name] ?? "");
  for (const name of Object.keys(paths)) {
    mkdirSync(join(pathOf(name), ".."), { recursive: true });
    using database = new DatabaseSync(pathOf(name));
    database.exec("create table coins (value); insert into coins values (41), (42)");
  }
  const dumps: AgentWorld["dumps"] = Object.fromEntries(
    Object.keys(paths).map((name) => [
      name,
      { kind: "sqlite", path: pathOf(name), timeoutMs: 60_000, env: {} },
    ]),
  );
  const begun = await begin({ "production/config": "content" }, { place, world: { dumps } });
  const { agent } = begun;
  // The first run does not wait for databases.
  await until(() => agent.state.snapshots >= 2 && agent.state.phase === "resting", {
    seen: () => agent.state,
  });
  return { ...begun, pathOf };
}

function coinsIn(path: string): number {
  if (!existsSync(path)) return 0;
  try {
    using database = new DatabaseSync(path, { readOnly: true });
    return Number(database.prepare("select count(*) as count from coins").get()?.["count"]);
  } catch {
    // Emptied, and not healed yet.
    return 0;
  }
}

test("one that vanishes or is emptied is put back from its dump, or asked about", async () => {
  const { agent, pathOf, records, scene } = await beginWith({
    gone: "production/gone.db",
    emptied: "production/emptied.db",
    asked: "evidence/asked.db",
  });
  rmSync(pathOf("gone"));
  writeFileSync(pathOf("emptied"), "");
  rmSync(pathOf("asked"));
  await until(() => coinsIn(pathOf("gone")) === 2 && coinsIn(pathOf("emptied")) === 2, {
    seen: () => agent.state,
  });
  const healed = (name: string): boolean =>
    records.some((each) => each.includes('"outcome":"healed"') && each.includes(pathOf(name)));
  await until(() => healed("gone") && healed("emptied"), { seen: () => records });
  expect(records.find((each) => each.includes(pathOf("gone")))).toMatch(/its dump of 20\d\d-/);
  const { vaultFolder } = scene.world;
  const question = async (): Promise<string> =>
    (await readState(vaultFolder, 0)).losses[0]?.reason ?? "";
  await until(async () => (await question()) !== "", { seen: () => agent.state });
  expect(await question()).toContain(`--path ${pathOf("asked")} --target /`);
  expect(existsSync(pathOf("asked"))).toBe(false);
  // What was put back may be lost once more.
  rmSync(join(pathOf("gone"), ".."), { recursive: true });
  await until(() => coinsIn(pathOf("gone")) === 2 && coinsIn(pathOf("emptied")) === 2, {
    seen: () => agent.state,
  });
});

test("one that was moved, or accepted, is left", async () => {
  const { agent, pathOf, records, scene } = await beginWith({
    moved: "production/moved/ledger.db",
    accepted: "production/accepted.db",
  });
  await agent.answer({ do: "accept", path: pathOf("accepted"), forMs: 600_000 });
  rmSync(pathOf("accepted"));
  renameSync(join(scene.source, "production/moved"), join(scene.source, "elsewhere"));
  rmSync(join(scene.source, "production/config"));
  // It was found with them, or behind them.
  await until(() => records.some((each) => each.includes("production/config")), {
    seen: () => agent.state,
  });
  await until(() => agent.state.waiting === 0, { seen: () => agent.state });
  expect(existsSync(pathOf("moved"))).toBe(false);
  expect(existsSync(pathOf("accepted"))).toBe(false);
});

test("without anything new, backups that are asked for make no snapshot, be a dump failing or not", async () => {
  const { agent, pathOf, scene } = await beginWith({ plain: "plain/ledger.db" });
  const snapshots = (): number =>
    readdirSync(join(scene.repositories[0] ?? "", "snapshots")).length;
  const before = snapshots();
  await furtherRun(agent, () => agent.answer({ do: "backup" }));
  expect(agent.state.dumps).toMatchObject([{ name: "plain", trouble: "", doubt: "" }]);
  expect(snapshots()).toBe(before);
  rmSync(pathOf("plain"));
  const backup = async (): Promise<void> => {
    await furtherRun(agent, () => agent.answer({ do: "backup" }).catch(() => undefined));
  };
  await backup();
  expect(agent.state.dumps[0]?.trouble).toContain("there is no database");
  const gone = snapshots();
  await backup();
  await backup();
  expect(snapshots()).toBe(gone);
});
