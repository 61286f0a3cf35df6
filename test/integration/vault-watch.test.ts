/** From what somebody writes who works in a vault to what the loop calls a failure. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { vaultDetector } from "../../src/analyze/detectors/vault.ts";
import { noteRun } from "../../src/custodian/note-run.ts";
import { noteInState } from "../../src/custodian/state-file.ts";
import type { JsonRecord } from "../../src/kernel/index.ts";
import type { Reading, SensorSpec } from "../../src/model/index.ts";
import { realClock } from "../../src/system/index.ts";
import { createVaultSensor } from "../../src/targets/vault/index.ts";
import { type VaultEvent, vaultConcerns } from "../../src/vault/index.ts";
import { temporaryFolder } from "../afterwards.ts";

const hourMs = 3_600_000;
const hourly = { kind: "every", everyMs: hourMs } as const;

function watched(parameters: JsonRecord = {}) {
  const folder = temporaryFolder("vault-watch");
  const own = join(folder, "treasure");
  mkdirSync(own);
  const sensor = createVaultSensor({ clock: realClock, folder });
  const spec: SensorSpec = {
    key: "vault/treasure#vault",
    resource: "vault/treasure",
    sensor: "vault",
    kind: "vault",
    parameters: { name: "treasure", schedule: hourly, drill: hourly, ...parameters },
    intervalMs: 5000,
    timeoutMs: 2000,
  };
  const look = (): Promise<readonly Reading[]> =>
    sensor.read({ spec }, new AbortController().signal);
  return { own, look };
}

/** The types of failure that are open after a look, and those that it has ended. */
function heard(readings: readonly Reading[]): { bad: string[]; good: string[] } {
  const [bad, good]: [string[], string[]] = [[], []];
  const detector = vaultDetector();
  for (const reading of readings) {
    const told = { resource: "vault/treasure", sensor: "vault", at: 0, begunMs: 0 } as const;
    const opinion = detector.judge(null, { ...told, reading }, realClock.now());
    if (opinion === undefined || !("kind" in opinion)) continue;
    if (opinion.kind === "bad") bad.push(opinion.type);
    else good.push(...opinion.types);
  }
  return { bad, good };
}

function runAt(at: number): VaultEvent {
  const run = { at, verdict: "good", snapshot: "s", reason: "" } as const;
  return { kind: "run", run, locations: [{ name: "a", holds: true, reason: "" }] };
}

it("every concern is heard, and heard to be over", async () => {
  const { look, own } = watched();
  const now = Date.now();
  const told = { at: now, location: "a", reason: "it is so" };
  const stream = { name: "orders", reason: "it is so" };
  await noteInState(own, now - 10 * hourMs, [
    { kind: "damage", damage: { ...told, kind: "pack", id: "x" } },
    { kind: "drill", drill: { ...told, at: now - 9 * hourMs, snapshot: "s", isProven: false } },
    { kind: "loss", loss: { ...told, path: "/a", kind: "gone" } },
    { kind: "loss", loss: { ...told, path: "/b", kind: "asked" } },
    { kind: "stream", stream: { ...stream, at: now - hourMs, news: "gap" } },
    { kind: "stream", stream: { ...stream, at: now, news: "trouble" } },
    { kind: "frozen", reasons: ["it is so"] },
    {
      kind: "run",
      run: { at: now, verdict: "suspect", snapshot: "s", reason: "nothing where there was much" },
      locations: [{ name: "a", holds: false, reason: "it is away" }],
    },
  ]);
  const first = await look();
  // All but that the last run failed: it was suspect.
  expect(heard(first)).toMatchObject({ good: ["backup_failed"] });
  expect(heard(first).bad).toHaveLength(vaultConcerns.length - 1);
  expect(first[0]).toMatchObject({ kind: "check", ok: false, symptom: "content" });
  await noteInState(own, now, [
    { kind: "repaired", location: "a" },
    { kind: "settled", path: "/a" },
    { kind: "settled", path: "/b" },
    { kind: "stream", stream: { ...stream, at: now, news: "well" } },
    { kind: "stream", stream: { ...stream, at: now, news: "base" } },
    { kind: "frozen", reasons: [] },
    { kind: "drill", drill: { ...told, snapshot: "s", isProven: true, reason: "" } },
    runAt(now),
  ]);
  const second = await look();
  expect(heard(second).bad).toEqual([]);
  expect(heard(second).good).toHaveLength(vaultConcerns.length);
  expect(second[0]).toMatchObject({ kind: "check", ok: true });
});

it("a vault without a backup is well until its first one is late", async () => {
  const { look } = watched();
  expect(heard(await look()).bad).toEqual([]);
});

it("what cannot be read reassures nobody", async () => {
  const { look, own } = watched();
  writeFileSync(join(own, "state.json"), '{"version":1,"sta');
  expect(heard(await look()).bad).toEqual(["backup_overdue"]);
  await noteInState(own, Date.now(), [runAt(Date.now())]);
  expect(heard(await look()).bad).toEqual([]);
});

it("a schedule in cron's words is late an hour behind its time", async () => {
  const cron = { kind: "cron", cron: "0 * * * *" } as const;
  const { look, own } = watched({ schedule: cron, drill: { kind: "every", everyMs: 10 * hourMs } });
  await noteInState(own, Date.now(), [runAt(Date.now() - 2.5 * hourMs)]);
  expect(heard(await look()).bad).toEqual(["backup_overdue"]);
  await noteInState(own, Date.now(), [runAt(Date.now())]);
  expect(heard(await look()).bad).toEqual([]);
});

it("the figures of a vault are series", async () => {
  const { look, own } = watched();
  await noteInState(own, Date.now(), [runAt(Date.now() - 1000)]);
  const samples = (await look()).flatMap((each) => (each.kind === "samples" ? each.samples : []));
  const of = (name: string): number | undefined =>
    samples.find(({ series }) => series === name)?.value;
  expect(of("vault.success")).toBe(1);
  expect(of("vault.age")).toBeGreaterThanOrEqual(1000);
  expect(of("vault.lag:a")).toBeGreaterThanOrEqual(1000);
  expect(of("vault.silent_errors")).toBe(0);
});

it("a backup writes down how it went", async () => {
  const { look, own } = watched();
  const places = [{ location: "a", holds: true, reason: "" }];
  const ended = { snapshot: "s", isQuorum: true, suspicions: [], places };
  await noteRun(own, { ...ended, suspicions: ["vanished"] });
  expect(heard(await look()).bad).toEqual(["backup_suspect"]);
  await noteRun(own, { ...ended, isQuorum: false });
  expect(heard(await look()).bad).toEqual(["backup_failed"]);
  await noteRun(own, { ...ended, places: [{ location: "a", holds: false, reason: "it is away" }] });
  expect(heard(await look()).bad).toEqual(["location_behind"]);
  await noteRun(own, ended);
  expect(heard(await look()).bad).toEqual([]);
});
