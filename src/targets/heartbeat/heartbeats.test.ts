import { describe, expect, test } from "vitest";
import type { CheckReading } from "../../model/index.ts";
import { type Beats, Heartbeats } from "./heartbeats.ts";
import { createHeartbeatSensor } from "./sensors.ts";

const minuteMs = 60_000;

/** A daemon with a clock of its own; `saved` is what the one before it left. */
function daemon(saved: Beats = {}, startAt = 1_000_000_000_000) {
  let elapsedMs = 0;
  let stepMs = 0;
  const clock = {
    now: () => ({ wallMs: startAt + stepMs + elapsedMs, monotonicMs: 5000 + elapsedMs }),
  };
  const due: (() => void)[] = [];
  const written: Beats[] = [];
  const complaints: string[] = [];
  const heartbeats = new Heartbeats({
    clock,
    timers: {
      after: (_delayMs, run) => {
        due.push(run);
        return () => undefined;
      },
    },
    memory: { read: async () => saved, write: async (beats) => void written.push(beats) },
    complain: (what) => void complaints.push(what),
  });
  const sensor = createHeartbeatSensor({ clock, heartbeats });
  const parameters = { name: "backup", everyMs: 10 * minuteMs, graceMs: 5 * minuteMs };
  const spec = {
    key: "heartbeat/backup#heartbeat",
    resource: "heartbeat/backup",
    sensor: "heartbeat",
    kind: "heartbeat",
    parameters,
    intervalMs: 1000,
    timeoutMs: 1000,
  } as const;
  return {
    heartbeats,
    written,
    due,
    complaints,
    pass: (ms: number) => void (elapsedMs += ms),
    setWallClock: (ms: number) => void (stepMs += ms),
    look: async (): Promise<CheckReading> => {
      const [check] = await sensor.read({ spec }, new AbortController().signal);
      return check as CheckReading;
    },
  };
}

describe("silence", () => {
  test("is stale after the period and its grace, and over with the next beat (H1)", async () => {
    const { heartbeats, look, pass } = daemon();
    heartbeats.record("backup");
    pass(15 * minuteMs);
    expect(await look()).toMatchObject({ ok: true, reason: "backup reported 15 m ago" });
    pass(16 * minuteMs);
    expect(await look()).toMatchObject({
      ok: false,
      symptom: "stale",
      reason:
        "backup reported 31 m ago, and we have listened for 16 m; it must report every 15 m at least",
    });
    heartbeats.record("backup");
    expect(await look()).toMatchObject({ ok: true });
  });

  test("from the beginning is stale after one period of listening (H2)", async () => {
    const { look, pass } = daemon();
    expect(await look()).toMatchObject({ ok: true });
    pass(15 * minuteMs);
    expect(await look()).toMatchObject({ ok: true });
    pass(1);
    expect(await look()).toMatchObject({ ok: false });
  });

  test("is not made by a wall clock that is set (B1)", async () => {
    const { heartbeats, look, setWallClock } = daemon();
    heartbeats.record("backup");
    setWallClock(400 * 24 * 60 * minuteMs);
    expect(await look()).toMatchObject({ ok: true });
  });
});

describe("over a restart", () => {
  test("beats are remembered: they are written once a while and read again (B2)", async () => {
    const first = daemon();
    first.heartbeats.record("backup");
    first.heartbeats.record("backup");
    expect(first.due.length).toBe(1);
    first.pass(1000);
    await first.heartbeats.flush();
    expect(first.written).toEqual([{ backup: 1_000_000_000_000 }]);
    const second = daemon(first.written[0], 1_000_000_000_000 + 3 * minuteMs);
    await second.heartbeats.load();
    expect(second.heartbeats.ageMs("backup")).toBe(3 * minuteMs);
  });

  test("nobody is called silent for the time that nobody listened (H2)", async () => {
    const { heartbeats, look, pass } = daemon({ backup: 1_000_000_000_000 - 600 * minuteMs });
    await heartbeats.load();
    expect(await look()).toMatchObject({ ok: true });
    pass(15 * minuteMs + 1);
    expect(await look()).toMatchObject({ ok: false });
  });
});

test("the number of names is limited (B3)", () => {
  const { heartbeats } = daemon();
  const taken = Array.from({ length: 10_001 }, (_, number) => heartbeats.record(`name-${number}`));
  expect(taken.filter((each) => !each).length).toBe(1);
  expect(heartbeats.record("name-0")).toBe(true);
});
