import { describe, expect, it } from "vitest";
import { type Fleet, formatProblem, loadFleet, type ServiceSpec } from "../config/index.ts";
import { createRandom } from "../kernel/index.ts";
import type { ExitedReading, StartedReading } from "../model/index.ts";
import {
  backoffMs,
  createSlot,
  noteExited,
  noteRun,
  noteStarted,
  recordOf,
  restoreSlot,
  type Slot,
  wantedHash,
} from "./slots.ts";

const text = `
services: { a: { command: node a.js } }
budgets: { healthy_run: 10s, cool_down_max: 60s }
`;
const loaded = loadFleet({ files: [{ path: "s.yaml", text }], baseDir: "/", hash: () => "h2" });
if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
const fleet: Fleet = loaded.value.fleet;
const service = fleet.services["a"] as ServiceSpec;

const startedAs = (pid: number, more: Partial<StartedReading> = {}): StartedReading => ({
  kind: "started",
  process: { pid, startTicks: pid, bootId: "b" },
  specHash: "h1",
  adopted: false,
  ...more,
});

const exitOf = (pid: number, uptimeMs: number, expected = false): ExitedReading => ({
  kind: "exited",
  process: { pid, startTicks: pid, bootId: "b" },
  code: 1,
  signal: null,
  uptimeMs,
  expected,
});

/** One more run of so many milliseconds. */
function crash(slot: Slot, uptimeMs: number, ready = false): void {
  noteStarted(slot, startedAs(slot.starts + 1), { now: { wallMs: 0, monotonicMs: 0 }, fleet });
  if (slot.run) slot.run.ready = ready;
  noteExited(slot, exitOf(slot.starts, uptimeMs), fleet);
}

const backoff = (slot: Slot): number => backoffMs(slot, fleet, { next: () => 0.5 });

describe("slots", () => {
  it("wait not at all after the first crash, then twice as long each time (S1)", () => {
    const slot = createSlot("a", 1);
    const pausesMs = Array.from({ length: 12 }, () => {
      crash(slot, 100);
      return backoff(slot);
    });
    expect(pausesMs.slice(0, 6)).toEqual([0, 250, 500, 1000, 2000, 4000]);
    expect(Math.max(...pausesMs)).toBe(60_000);
  });

  it("spread the pause, so that siblings do not start together", () => {
    const slot = createSlot("a", 1);
    for (let count = 0; count < 4; count += 1) crash(slot, 100);
    const random = createRandom(1);
    const pausesMs = Array.from({ length: 50 }, () => backoffMs(slot, fleet, random));
    expect(new Set(pausesMs).size).toBeGreaterThan(40);
    for (const pauseMs of pausesMs) expect(Math.abs(pauseMs - 1000)).toBeLessThanOrEqual(200);
  });

  it("begin anew after a healthy run, ready and long, which makes its spec good (S2)", () => {
    const slot = createSlot("a", 1);
    for (let count = 0; count < 3; count += 1) crash(slot, 100);
    crash(slot, 9999, true);
    expect(slot).toMatchObject({ crashes: 4, goodHash: undefined });
    crash(slot, 20_000, true);
    expect(slot).toMatchObject({ crashes: 0, goodHash: "h1", starts: 5 });
  });

  it("do not call a long run good that was never ready (S2)", () => {
    const slot = createSlot("a", 1);
    for (let count = 0; count < 3; count += 1) crash(slot, 100);
    crash(slot, 20_000);
    expect(slot).toMatchObject({ crashes: 3, goodHash: undefined });
  });

  it("count a healthy run also while it lasts", () => {
    const slot = createSlot("a", 1);
    crash(slot, 100);
    noteStarted(slot, startedAs(9), { now: { wallMs: 0, monotonicMs: 0 }, fleet });
    if (slot.run) slot.run.ready = true;
    noteRun(slot, 9999, fleet);
    expect(slot.crashes).toBe(1);
    noteRun(slot, 10_000, fleet);
    expect(slot).toMatchObject({ crashes: 0, goodHash: "h1" });
  });

  it("remember what ran well until another process took its place", () => {
    const slot = createSlot("a", 1);
    noteStarted(slot, startedAs(1), { now: { wallMs: 0, monotonicMs: 0 }, fleet });
    if (slot.run) slot.run.ready = true;
    noteStarted(slot, startedAs(2), { now: { wallMs: 0, monotonicMs: 60_000 }, fleet });
    expect(slot.goodHash).toBe("h1");
  });

  it("do not count exits that were asked for, nor those of strangers", () => {
    const slot = createSlot("a", 1);
    noteStarted(slot, startedAs(5), { now: { wallMs: 0, monotonicMs: 0 }, fleet });
    expect(noteExited(slot, exitOf(6, 10), fleet)).toBe(false);
    expect(slot.run?.started.process.pid).toBe(5);
    expect(noteExited(slot, exitOf(5, 10, true), fleet)).toBe(true);
    expect(slot).toMatchObject({ run: undefined, crashes: 0 });
  });

  it("take an adopted process as ready and not as a start", () => {
    const slot = createSlot("a", 1);
    noteStarted(slot, startedAs(5, { adopted: true }), {
      now: { wallMs: 0, monotonicMs: 0 },
      fleet,
    });
    expect(slot).toMatchObject({ starts: 0, run: { ready: true } });
  });

  it("run the pinned spec instead of the declared one", () => {
    const slot = createSlot("a", 1);
    expect(wantedHash(slot, service)).toBe(service.hash);
    slot.pinnedHash = "h1";
    expect(wantedHash(slot, service)).toBe("h1");
  });

  it("remember the program that failed from its first crash to its next healthy run", () => {
    const slot = createSlot("a", 1);
    const program = { specHash: "h1", files: "before it was mended" };
    expect(recordOf(slot, service)).not.toHaveProperty("program");
    noteStarted(slot, startedAs(1), { now: { wallMs: 0, monotonicMs: 0 }, fleet });
    noteExited(slot, { ...exitOf(1, 100), program }, fleet);
    // The daemon may be killed before there is a quarantine.
    expect(recordOf(slot, service)).toMatchObject({ quarantined: false, program });
    crash(slot, 20_000, true);
    expect(recordOf(slot, service)).not.toHaveProperty("program");
  });

  it("are remembered, quarantine only for the same spec (S3)", () => {
    const slot = createSlot("a", 1);
    crash(slot, 20_000, true);
    crash(slot, 100);
    slot.desired = "stopped";
    slot.quarantine = { specHash: service.hash, reason: "r" };
    const record = recordOf(slot, service);
    const again = createSlot("a", 1);
    restoreSlot(again, record, service);
    expect(again).toMatchObject({ desired: "stopped", crashes: 1, goodHash: "h1" });
    expect(again.quarantine?.specHash).toBe(service.hash);
    const changed = createSlot("a", 1);
    restoreSlot(changed, record, { ...service, hash: "h3" });
    expect(changed).toMatchObject({ quarantine: undefined, crashes: 0 });
  });

  it("are remembered with how a job has ended, until it is started again", () => {
    const slot = createSlot("a", 1);
    slot.ended = true;
    slot.end = { at: 5, code: 3 };
    const again = createSlot("a", 1);
    restoreSlot(again, recordOf(slot, service), service);
    expect(again).toMatchObject({ ended: true, end: { at: 5, code: 3 } });
    slot.ended = false;
    expect(recordOf(slot, service).end).toBeUndefined();
  });

  it("are remembered with what a rollback has pinned, until the file declares another spec", () => {
    const slot = createSlot("a", 1);
    slot.pinnedHash = "good";
    slot.quarantine = { specHash: service.hash, reason: "r" };
    const again = createSlot("a", 1);
    restoreSlot(again, recordOf(slot, service), service);
    expect(again).toMatchObject({ pinnedHash: "good", declaredHash: service.hash });
    expect(again.quarantine?.specHash).toBe(service.hash);
    const changed = createSlot("a", 1);
    restoreSlot(changed, recordOf(slot, service), { ...service, hash: "h3" });
    expect(changed).toMatchObject({ pinnedHash: undefined, quarantine: undefined });
  });

  it("may have left something behind when they were to run, or ended by themselves", () => {
    const mayLeave = (change: Partial<Slot>) => {
      const again = createSlot("a", 1);
      restoreSlot(again, recordOf({ ...createSlot("a", 1), ...change }, service), service);
      return again.mayLeave;
    };
    expect(mayLeave({ crashes: 3 })).toBe(true);
    expect(mayLeave({ desired: "stopped", ended: true })).toBe(true);
    expect(mayLeave({ desired: "stopped" })).toBe(false);
  });

  it("are remembered as resting when their policy lets them rest", () => {
    const slot = createSlot("a", 1);
    slot.ended = true;
    const again = createSlot("a", 1);
    restoreSlot(again, recordOf(slot, service), service);
    expect(again.ended).toBe(true);
  });
});
