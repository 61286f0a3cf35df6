/** The agent of a vault follows the fleet: a changed setting, a broken file, a vault that goes. */
import { readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { hasPid } from "../../src/system/index.ts";
import { until } from "../until.ts";
import { coins, VaultFleet } from "./vault-fleet-bench.ts";

let fleet: VaultFleet;
const waits = { limitMs: 90_000, everyMs: 100 };
const clock = { ledger: { command: ["sleep", "1000000"] } };
/** What a dump is given is what it says. */
const dumps = { seen: { command: ["sh", "-c", "tr '\\0' '\\n' < /proc/$$/environ"] } };

beforeAll(async () => {
  fleet = await VaultFleet.up({ dumps }, clock);
}, 120_000);
afterAll(() => fleet[Symbol.asyncDispose]());

function environmentOf(pid: number): string {
  return readFileSync(`/proc/${pid}/environ`, "utf8");
}

/** Folders that the kernel watches for a process. */
function watchesOf(pid: number): number {
  const folder = `/proc/${pid}/fdinfo`;
  const texts = readdirSync(folder).map((name) => {
    try {
      return readFileSync(`${folder}/${name}`, "utf8");
    } catch {
      // Closed meanwhile.
      return "";
    }
  });
  return texts.join("\n").split("inotify wd:").length - 1;
}

test("the passphrase is given to the agent, and to nobody else", async () => {
  const { pid } = await fleet.agent(() => true, "it answers");
  expect(environmentOf(pid)).toContain(`COINS=${coins}`);
  const service = await fleet.bench.pidOf("ledger");
  expect(environmentOf(service)).toContain("SOULMIRROR_SERVICE=ledger");
  expect(environmentOf(service)).not.toContain("COINS");
  await fleet.agent(({ snapshots = 0 }) => snapshots > 1, "the dump was taken");
  const dump = fleet.path("data", "vault", "treasure", "dumps", "seen");
  expect(readFileSync(dump, "utf8")).toContain("SOULMIRROR_SERVICE=vault-treasure");
  expect(readFileSync(dump, "utf8")).not.toContain("COINS");
});

test("a fleet file that is broken does not end an agent that is started anew meanwhile", async () => {
  const { pid } = await fleet.agent(() => true, "it answers");
  fleet.write("soulmirror.yaml", "fleet: [half written");
  await fleet.bench.entry("fleet_refused", () => true);
  process.kill(pid, "SIGKILL");
  const another = await fleet.agent((told) => {
    return told.pid !== pid && told.phase === "resting" && told.snapshot !== undefined;
  }, "another one protects");
  expect(another.places?.map(({ holds }) => holds)).toEqual([true, true]);
});

test("a setting that is changed is the agent's as well: watch: false", async () => {
  const { pid } = await fleet.agent(() => true, "it answers");
  expect(watchesOf(pid)).toBeGreaterThan(0);
  fleet.declare({ dumps, watch: false, schedule: "10s" }, clock);
  const other = await fleet.agent((told) => {
    return told.pid !== pid && told.phase === "resting";
  }, "another one protects");
  expect(watchesOf(other.pid)).toBe(0);
  // By the schedule alone.
  fleet.write("source/later", "two");
  const restored = async (): Promise<boolean> =>
    (await fleet.vault("ls", "--glob", "later")).out.trim() === fleet.path("source/later");
  await until(restored, { ...waits, everyMs: 1000, what: "it is in a snapshot" });
});

test("a vault that is taken out of the fleet is left without agent, lock and incident", async () => {
  const { pid } = await fleet.agent(() => true, "it answers");
  fleet.bench.declare({ services: clock });
  await until(() => !hasPid(pid), { ...waits, what: "the agent is gone" });
  for (const location of ["first", "second"]) {
    expect(readdirSync(fleet.path(location, "locks"))).toEqual([]);
  }
  expect(await fleet.bench.get("/api/v1/incidents?live=true")).toEqual([]);
  expect((await fleet.vault("status")).err).toContain("there is no vault");
});
