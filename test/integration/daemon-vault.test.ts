/** A vault in a fleet: `up` is all that protects it, whatever is killed, until `down`. */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { AgentState } from "../../src/custodian/index.ts";
import { hasPid } from "../../src/system/index.ts";
import { until } from "../until.ts";
import { CliBench } from "./cli-bench.ts";
import { program } from "./servers/server-process.ts";

const run = promisify(execFile);
const passphrase = "what nobody else knows";
const waits = { limitMs: 100_000, everyMs: 200 };

let bench: CliBench;

beforeAll(async () => {
  bench = await CliBench.open();
  await bench.write("passphrase", passphrase);
  await bench.write("source/production/ledger", "one");
  await bench.write(
    "soulmirror.yaml",
    `fleet: small
api: ${await freePort()}
services: {}
vaults:
  treasure:
    sources: [./source]
    categories: { critical: ["production/**"] }
    locations: [./first, ./second]
    passphrase: { file: ./passphrase }
`,
  );
});
afterAll(() => bench[Symbol.asyncDispose]());

type Told = Pick<AgentState, "phase" | "pid" | "reason"> & Partial<AgentState>;

async function agent(): Promise<Told | undefined> {
  const { out } = await bench.run("vault", "status", "--json");
  const { agent: told } = JSON.parse(out) as { readonly agent: Told | null };
  return told ?? undefined;
}

async function agentIs(holds: (told: Told) => boolean, what: string): Promise<Told> {
  let told: Told | undefined;
  const isSo = async (): Promise<boolean> => {
    told = await agent();
    return told !== undefined && holds(told);
  };
  await until(isSo, { ...waits, what, seen: () => told });
  return told as Told;
}

/** As an outside restic restores it from a location. */
async function stored(location: string, name: string): Promise<string> {
  const words = ["--no-cache", "--no-lock", "-r", bench.path(location)];
  const env = { ...process.env, RESTIC_PASSWORD: passphrase };
  const path = bench.path("source", name);
  const done = await run(program("restic"), [...words, "dump", "latest", path], { env }).catch(
    () => ({ stdout: "" }),
  );
  return done.stdout;
}

async function isStored(name: string, text: string): Promise<void> {
  for (const location of ["first", "second"]) {
    await until(async () => (await stored(location, name)) === text, {
      ...waits,
      what: `${location} holds ${name}`,
    });
  }
}

test("a vault that was never made is waited for, and protected from when it is there", async () => {
  expect(await bench.run("up")).toMatchObject({ code: 0 });
  const says = ({ phase, reason }: Told): boolean =>
    phase === "waiting" && reason.includes("vault init");
  await agentIs(says, "it waits, and says for what");
  expect(JSON.stringify(await bench.json("incidents"))).not.toContain("crash_loop");
  expect(await bench.run("vault", "init")).toMatchObject({ code: 0 });
  await agentIs(({ phase, snapshot }) => phase === "resting" && !!snapshot, "it protects");
  await isStored("production/ledger", "one");
});

test("a second agent is refused, and told who runs", async () => {
  const { pid } = await agentIs(() => true, "it answers");
  const second = await bench.run("vault", "agent", "treasure");
  expect(second.code).toBe(11);
  expect(second.err).toContain(`pid ${pid} is the agent`);
});

test("a change is in every location, and a critical file that is removed comes back", async () => {
  await bench.write("source/production/book", "two");
  await isStored("production/book", "two");
  const path = bench.path("source", "production", "book");
  rmSync(path);
  await until(() => existsSync(path), { ...waits, what: "it is back" });
  expect(readFileSync(path, "utf8")).toBe("two");
  const told = await agentIs(({ outcomes = [] }) => outcomes.length > 0, "it is told");
  expect(told.outcomes).toMatchObject([{ kind: "healed", path }]);
  const trail = readFileSync(bench.path(".soulmirror", "vault", "treasure", "audit.jsonl"), "utf8");
  expect(trail).toContain('"healed"');
});

test("what was accepted stays away", async () => {
  const path = bench.path("source", "production", "book");
  expect(await bench.run("vault", "accept", "/etc")).toMatchObject({ code: 1 });
  expect(await bench.run("vault", "accept", "source/production/book")).toMatchObject({ code: 0 });
  rmSync(path);
  await bench.write("source/production/last", "three");
  await isStored("production/last", "three");
  await agentIs(({ waiting }) => waiting === 0, "it is judged");
  expect(existsSync(path)).toBe(false);
});

test("an agent that is killed is started again, and goes on", async () => {
  const { pid } = await agentIs(() => true, "it answers");
  process.kill(pid, "SIGKILL");
  await agentIs((told) => told.pid !== pid && told.phase === "resting", "another one protects");
  await bench.write("source/production/ledger", "four");
  await isStored("production/ledger", "four");
});

test("an agent outlives its daemon, is adopted, and ends with the fleet", async () => {
  const { pid } = await agentIs(({ phase }) => phase === "resting", "it rests");
  const lock = readFileSync(bench.path(".soulmirror", "lock"), "utf8");
  const { pid: daemon } = JSON.parse(lock) as { readonly pid: number };
  process.kill(daemon, "SIGKILL");
  await until(() => !hasPid(daemon), { ...waits, what: "the daemon is gone" });
  expect(await bench.run("up")).toMatchObject({ code: 0 });
  expect((await agent())?.pid).toBe(pid);
  expect(await bench.run("down")).toMatchObject({ code: 0 });
  await until(() => !hasPid(pid), { ...waits, what: "the agent is gone" });
  expect(await agent()).toBeUndefined();
});
