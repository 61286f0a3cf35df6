import { describe, expect, it } from "vitest";
import { type Fleet, formatProblem, loadFleet } from "../config/index.ts";
import { createIds, createRandom, DueHeap } from "../kernel/index.ts";
import type { Sketch } from "../knowledge/index.ts";
import type {
  Command,
  Effector,
  Entry,
  Kept,
  Reading,
  Sensor,
  StepResult,
} from "../model/index.ts";
import { Baseline } from "../statistics/index.ts";
import { Conductor, type Orchestra } from "./conductor.ts";
import { createLoopState } from "./loop-state.ts";

const service = "services: { a: { command: node a.js } }";
const site = "resources: { http/site: { url: http://127.0.0.1:1/, interval: 1s } }";

function fleetOf(text: string): Fleet {
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: () => "h" });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

interface Behaviour {
  /** Where the journal says that it is kept. */
  kept: Kept;
  /** Set: writing waits until `release` is called. */
  holds: boolean;
  readonly answer: (command: Command) => Promise<StepResult>;
  readonly read: () => Promise<readonly Reading[]>;
  sync: () => Promise<void>;
  readonly writeMetrics: Orchestra["writeMetrics"];
}

const done: StepResult = { kind: "done", detail: "" };

/** An orchestra in memory; what happens in it is told in order. */
class Stage {
  nowMs = 0;
  readonly told: string[] = [];
  readonly entries: Entry[] = [];
  readonly sketches: Sketch[] = [];
  readonly timeoutsMs: number[] = [];
  openDeadlines = 0;
  /** Deeds that began before anything was written about them. */
  readonly unannounced: string[] = [];
  readonly conductor: Conductor;
  readonly behaviour: Behaviour;
  writing = 0;
  writingMost = 0;
  #release: (() => void)[] = [];
  readonly #due = new DueHeap();
  readonly #timers = new Map<string, () => void>();
  #nextTimer = 0;
  #pid = 0;

  constructor(text: string, behaviour: Partial<Behaviour> = {}) {
    const pass: Reading = { kind: "check", ok: true, elapsedMs: 1, reason: "200" };
    const [answer, read] = [async () => done, async () => [pass]];
    const sync = async (): Promise<void> => {};
    const writeMetrics = async (): Promise<void> => {};
    const usual = { answer, read, sync, writeMetrics };
    this.behaviour = { kept: "store", holds: false, ...usual, ...behaviour };
    const clock = { now: () => ({ wallMs: 1e12 + this.nowMs, monotonicMs: this.nowMs }) };
    const ids = createIds(clock, createRandom(2));
    const fleet = fleetOf(text);
    const state = createLoopState(fleet, { clock, random: createRandom(1), ids });
    this.conductor = new Conductor(state, this.#orchestra(clock));
    this.conductor.load(fleet);
  }

  #orchestra(clock: Orchestra["clock"]): Orchestra {
    const tell = async (command: Command): Promise<StepResult> => {
      this.told.push(`${command.phase} ${command.step.kind}`);
      if (command.phase === "act" && !this.isWritten(command)) this.unannounced.push(command.id);
      const result = await this.behaviour.answer(command);
      const isStart = command.phase === "act" && command.step.kind === "start";
      if (isStart && result.kind === "done") this.start();
      return result;
    };
    const effectorOf = (kind: string): Effector => ({ kind, precheck: tell, act: tell });
    const kinds = ["start", "stop", "command", "eject", "diagnose", "collect"];
    const sensors: readonly Sensor[] = [
      { kind: "http", read: async () => await this.behaviour.read() },
      { kind: "process-usage", read: async () => [{ kind: "samples", samples: [] }] },
    ];
    return {
      clock,
      timers: { after: (delayMs, run) => this.#after(delayMs, run) },
      sensors: new Map(sensors.map((sensor) => [sensor.kind, sensor])),
      effectors: new Map(kinds.map((kind) => [kind, effectorOf(kind)])),
      write: async (entries) => await this.#write(entries),
      sync: async () => {
        this.told.push("sync");
        await this.behaviour.sync();
      },
      writeMetrics: async (rows) => await this.behaviour.writeMetrics(rows),
      writeBaselines: async () => {},
      writeSketches: async (rows) => void this.sketches.push(...rows),
      deadline: (timeoutMs) => {
        this.timeoutsMs.push(timeoutMs);
        this.openDeadlines += 1;
        return {
          signal: { aborted: false, addEventListener: () => {}, removeEventListener: () => {} },
          end: () => {
            this.openDeadlines -= 1;
          },
        };
      },
      redact: (told) => told,
      complain: (what) => void this.told.push(`complaint: ${what}`),
    };
  }

  async #write(entries: readonly Entry[]): Promise<Kept> {
    this.writing += 1;
    this.writingMost = Math.max(this.writing, this.writingMost);
    this.told.push("write");
    if (this.behaviour.holds) await new Promise<void>((resolve) => this.#release.push(resolve));
    this.entries.push(...entries);
    this.writing -= 1;
    this.told.push("written");
    return this.behaviour.kept;
  }

  #after(delayMs: number, run: () => void): () => void {
    const key = String(this.#nextTimer);
    this.#nextTimer += 1;
    this.#timers.set(key, run);
    this.#due.set(key, this.nowMs + delayMs);
    return () => this.#due.delete(key);
  }

  get openTimers(): number {
    return this.#due.size;
  }

  /** Lets everything run that has been started. */
  async settle(): Promise<void> {
    for (let count = 0; count < 200; count += 1) await Promise.resolve();
  }

  async wait(forMs: number): Promise<void> {
    const endMs = this.nowMs + forMs;
    await this.settle();
    for (let ms = this.#due.nextDueMs(); ms !== undefined && ms <= endMs; ) {
      this.nowMs = Math.max(this.nowMs, ms);
      const key = this.#due.takeDue(this.nowMs);
      if (key !== undefined) this.#timers.get(key)?.();
      await this.settle();
      ms = this.#due.nextDueMs();
    }
    this.nowMs = endMs;
    await this.settle();
  }

  async release(): Promise<void> {
    for (const resolve of this.#release.splice(0)) resolve();
    await this.settle();
  }

  /** True when the journal holds the action that the command belongs to. */
  isWritten({ action }: Command): boolean {
    return this.entries.some((entry) => entry.kind === "action" && entry.action.id === action);
  }

  /** A process is there; the next one has another pid. */
  start(): void {
    this.#pid += 1;
    const process = { pid: this.#pid, startTicks: 1, bootId: "b" };
    this.observe({ kind: "started", process, specHash: "h", adopted: false });
  }

  observe(reading: Reading): void {
    const at = { at: 1e12 + this.nowMs, begunMs: this.nowMs };
    const resource = "instance/a.1";
    this.conductor.observe({ resource, sensor: "process", reading, ...at });
  }

  statuses(): string[] {
    return this.entries
      .flatMap((entry) => (entry.kind === "action" ? [entry.action.status] : []))
      .map((status) => ("reason" in status ? `${status.kind}: ${status.reason}` : status.kind));
  }
}

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
