import { describe, expect, it } from "vitest";
import type { Kept, Reading, StepResult } from "../model/index.ts";
import { Baseline } from "../statistics/index.ts";
import { done, Stage, service, site } from "./conductor-bench.ts";

describe("conductor", () => {
  it("acts only after its announcement is written, and prechecks at once (K2)", async () => {
    const stage = new Stage(service, { holds: true });
    await stage.settle();
    expect(stage.told).toEqual(["precheck start", "write"]);
    for (let count = 0; count < 4; count += 1) await stage.release();
    expect(stage.told.indexOf("act start")).toBeGreaterThan(stage.told.indexOf("written"));
    expect(stage.unannounced).toEqual([]);
  });

  it("never runs two ticks at once; what arrives meanwhile is taken together (K1)", async () => {
    const stage = new Stage(service, { holds: true });
    await stage.settle();
    for (let count = 0; count < 5; count += 1) stage.start();
    await stage.settle();
    expect(stage.conductor.queued).toBe(6);
    expect(stage.writing).toBe(1);
    for (let count = 0; count < 4; count += 1) await stage.release();
    const starts = stage.entries.filter(({ kind }) => kind === "process_started");
    // Those five, and the one that was asked for.
    expect(starts).toHaveLength(6);
    expect(stage.writingMost).toBe(1);
  });

  it("rests when nothing is due (K1)", async () => {
    const stage = new Stage(service);
    await stage.wait(1000);
    const before = stage.told.length;
    await stage.wait(3_600_000);
    expect(stage.told.slice(before)).not.toContain("write");
  });

  const irreversible = `services: { a: { command: node a.js,
    approve: { switch_alternative: never }, alternative: node switch.js,
    recovery_strategy: [failover], health_check: http://127.0.0.1:1/health } }`;

  /** Brings up the service, then makes its check fail until something is done. */
  async function untilSwitched(kept: Kept, sync?: (stage: Stage) => void): Promise<Stage> {
    let ok = true;
    const stage: Stage = new Stage(irreversible, {
      kept,
      sync: async () => sync?.(stage),
      read: async () => {
        const symptom = ok ? {} : { symptom: "status" as const };
        return [{ kind: "check", ok, elapsedMs: 1, reason: "500", ...symptom }];
      },
    });
    await stage.wait(3000);
    ok = false;
    await stage.wait(3000);
    return stage;
  }

  it("does what cannot be undone only when the journal is on the disk (K3)", async () => {
    const stage = await untilSwitched("store");
    const acted = stage.told.indexOf("act command");
    expect(stage.told[acted - 1]).toBe("sync");
    expect(stage.told.slice(0, acted)).toContain("written");
  });

  it.each(["memory", "emergency"] as const)(
    "refuses what cannot be undone while the journal is kept in %s (K3)",
    async (kept) => {
      const stage = await untilSwitched(kept);
      expect(stage.told).toContain("precheck command");
      expect(stage.told).not.toContain("act command");
      expect(stage.told).toContain("act start");
      expect(stage.conductor.kept).toBe(kept);
      const reasons = stage.entries.map((entry) => JSON.stringify(entry)).join("\n");
      expect(reasons).toContain(`irreversible, and the journal is kept in ${kept}`);
    },
  );

  it("refuses it as well when the journal cannot be brought to the disk (K3)", async () => {
    const stage = await untilSwitched("store", () => {
      throw new Error("no space left");
    });
    expect(stage.told).not.toContain("act command");
    expect(stage.told).not.toContain("complaint: the command effector threw");
    expect(stage.statuses()).toContain(
      "failed: irreversible, and the journal is not on the disk: no space left",
    );
  });

  it("begins nothing when the journal has taken all of its time (K5)", async () => {
    const stage = await untilSwitched("store", (each) => {
      each.nowMs += 600_000;
    });
    expect(stage.told).toContain("sync");
    expect(stage.told).not.toContain("act command");
  });

  it("gives a command what the journal has left of its time (K5)", async () => {
    const stage = await untilSwitched("store", (each) => {
      each.nowMs += 2500;
    });
    const acted = stage.told.indexOf("act command");
    expect(acted).toBeGreaterThan(0);
    // The ten seconds of a hook, half a second for its end, and 1.5 s that the journal may take.
    expect(stage.timeoutsMs).toContain(10_500 - (2500 - 1500));
  });

  it("turns a sensor that throws into a reading (K4)", async () => {
    const stage = new Stage(site, { read: () => Promise.reject(new Error("no route")) });
    await stage.wait(10_000);
    const raised = stage.entries.flatMap((entry) =>
      entry.kind === "failure_raised" ? [entry.failure] : [],
    );
    expect(raised).toMatchObject([{ resource: "http/site", type: "check_failed" }]);
    expect(raised[0]?.reason).toContain("the http sensor failed: no route");
  });

  it("says so when there is no sensor of a kind", async () => {
    const stage = new Stage("resources: { tcp/db: { port: 1, interval: 1s } }");
    await stage.wait(10_000);
    expect(JSON.stringify(stage.entries)).toContain("there is no sensor of kind tcp");
  });

  it("counts an effector that throws as failed, and complains (K4)", async () => {
    let calls = 0;
    const stage = new Stage(service, {
      answer: async () => {
        calls += 1;
        if (calls === 1) throw new Error("EPERM");
        return done;
      },
    });
    await stage.wait(1000);
    expect(stage.told).toContain("complaint: the start effector threw");
    expect(stage.statuses()).toContain("failed: EPERM");
  });

  it("goes on when an effector never answers (K4)", async () => {
    const never: Promise<StepResult> = new Promise<StepResult>(() => {});
    const stage = new Stage(service, { answer: async () => await never });
    await stage.wait(12_100);
    const failed = stage.entries.find(
      (entry) => entry.kind === "action" && entry.action.status.kind === "failed",
    );
    expect(failed).toMatchObject({
      action: { status: { reason: "no answer before the deadline" } },
    });
  });

  it("gives every sensor and effector its deadline (K4)", async () => {
    const stage = new Stage(`${service}\n${site}`);
    await stage.wait(2000);
    expect(new Set(stage.timeoutsMs)).toEqual(new Set([10_000, 5000, 1000]));
    expect(stage.openDeadlines).toBe(0);
  });

  it("says that a wish is not taken up when too much waits; looks leave room for it", async () => {
    const stage = new Stage(service, { holds: true });
    await stage.settle();
    const reading: Reading = { kind: "check", ok: true, elapsedMs: 1, reason: "200" };
    const seen = { resource: "http/site", sensor: "http", at: 0, begunMs: 0, reading } as const;
    for (let count = 0; count < 110_000; count += 1) stage.conductor.observe(seen);
    const ask = (): boolean =>
      stage.conductor.request({ kind: "stop", resource: "service/a", by: "ann" });
    const answers = Array.from({ length: 1001 }, ask);
    expect([answers.indexOf(false), stage.conductor.queued]).toEqual([1000, 100_000]);
    expect(stage.conductor.losses.inputs).toBeGreaterThan(11_000);
    await stage.release();
  });

  it("writes what is usual also when metrics cannot be written, and counts those", async () => {
    const stage = new Stage(site, {
      writeMetrics: async () => {
        throw new Error("no space left");
      },
    });
    stage.conductor.recall({ sketches: [], isLast: true });
    await stage.wait(660_000);
    expect(stage.told).toContain("complaint: metrics were not written");
    expect(stage.conductor.losses.metricRows).toBeGreaterThan(0);
    expect(stage.sketches.map(({ metricName }) => metricName)).toContain("http.elapsed");
  });

  it("writes what is usual of a series that has no row any more", async () => {
    const stage = new Stage(service);
    const baseline = new Baseline({ offsetMs: 0 });
    baseline.add(3, 0);
    const source = "host/pressure";
    const calculatedAt = 1e12 - 2 * 86_400_000;
    const sketch = baseline.save(1000) ?? "";
    const known = { source, metricName: "x", sketch, calculatedAt, validUntil: 2e12 };
    stage.conductor.recall({ sketches: [{ ...known, unit: "ms" }], isLast: true });
    await stage.wait(3 * 3_600_000);
    expect(stage.sketches.filter((each) => each.source === source).length).toBeGreaterThan(2);
  });

  it("stops after the running tick and its commands are over", async () => {
    const stage = new Stage(service, { holds: true });
    await stage.settle();
    let stopped = false;
    const stop = async (): Promise<void> => {
      await stage.conductor.stop();
      stopped = true;
    };
    const stopping = stop();
    await stage.settle();
    expect(stopped).toBe(false);
    await stage.release();
    await stopping;
    const before = stage.told.length;
    await stage.wait(60_000);
    expect(stage.told).toHaveLength(before);
    expect(stage.openTimers).toBe(0);
  });
});
