import { describe, expect, it } from "vitest";
import { type Fleet, formatProblem, loadFleet } from "../config/index.ts";
import { createRandom } from "../kernel/index.ts";
import {
  hostPressure,
  type Reading,
  type ResourceId,
  type StartedReading,
} from "../model/index.ts";
import { createMonitorState } from "./looks.ts";
import { type MonitorInput, type MonitorOutput, monitor } from "./monitor.ts";

const site = "http/site";
const instance = "instance/a.1";
const pass: Reading = { kind: "check", ok: true, elapsedMs: 1, reason: "200" };
const fail: Reading = { kind: "check", ok: false, elapsedMs: 1, symptom: "status", reason: "500" };

function fleetOf(text: string): Fleet {
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

const siteEvery = (interval: string): string =>
  `resources: { ${site}: { url: http://127.0.0.1:1/, interval: ${interval}, timeout: 2s } }`;
const service = "services: { a: { command: node a.js, health_check: http://127.0.0.1:1/health } }";

function started(pid: number): StartedReading {
  return {
    kind: "started",
    process: { pid, startTicks: pid, bootId: "b" },
    specHash: "h",
    adopted: false,
    port: 4000 + pid,
  };
}

function exited(pid: number): Reading {
  const process = { pid, startTicks: pid, bootId: "b" };
  return { kind: "exited", process, code: 1, signal: null, uptimeMs: 5, expected: false };
}

/** A monitor with a clock that the test moves; what it asks for is kept. */
class Watch {
  nowMs = 0;
  readonly #state;
  reads: MonitorOutput["reads"][number][] = [];
  /** What is told of the machine whenever it is asked for. */
  pressure: readonly Reading[] = [];
  wakeMs: number | undefined;

  constructor(text: string, seed = 1) {
    const fleet = fleetOf(text);
    this.#state = createMonitorState(fleet, createRandom(seed));
    this.feed({ kind: "fleet", fleet });
  }

  feed(...inputs: MonitorInput[]): MonitorOutput {
    const now = { wallMs: this.nowMs, monotonicMs: this.nowMs };
    const out = monitor(this.#state, inputs, now);
    const isOfMachine = ({ request }: (typeof out.reads)[number]): boolean =>
      request.spec.resource === hostPressure;
    const reads = out.reads.filter((read) => !isOfMachine(read));
    this.reads.push(...reads);
    this.wakeMs = out.wakeMs;
    for (const { read, request } of out.reads.filter(isOfMachine)) {
      const answer = { read, key: request.spec.key, readings: this.pressure };
      this.wakeMs = monitor(this.#state, [{ kind: "read", ...answer }], now).wakeMs;
    }
    return { ...out, reads };
  }

  observe(resource: ResourceId, reading: Reading): MonitorOutput {
    const at = { at: this.nowMs, begunMs: this.nowMs };
    const observation = { resource, sensor: "process", reading, ...at };
    return this.feed({ kind: "observation", observation });
  }

  /** Lets time pass until the next look is asked for. */
  next(): MonitorOutput["reads"][number] {
    for (let count = 0; count < 10_000; count += 1) {
      const read = this.reads.shift();
      if (read) return read;
      this.nowMs = Math.max(this.nowMs, this.wakeMs ?? this.nowMs);
      this.feed();
    }
    throw new Error("no look is asked for any more");
  }

  answer(read: MonitorOutput["reads"][number], reading: Reading): MonitorOutput {
    const { key } = read.request.spec;
    return this.feed({ kind: "read", key, read: read.read, readings: [reading] });
  }
}

describe("monitor", () => {
  it("never takes a look twice at once (M1)", () => {
    const watch = new Watch(siteEvery("1s"));
    const first = watch.next();
    const { resource } = first.request.spec;
    watch.nowMs += 1500;
    expect(watch.feed({ kind: "look", resource }).reads).toEqual([]);
    watch.answer(first, pass);
    expect(watch.next().request.spec.key).toBe(first.request.spec.key);
  });

  it("ends a look at its deadline as a timeout, and ignores what comes later (M2)", () => {
    const watch = new Watch(siteEvery("10s"));
    const read = watch.next();
    watch.nowMs += 2249;
    expect(watch.feed().observations).toEqual([]);
    watch.nowMs += 1;
    const [given] = watch.feed().observations;
    expect(given?.reading).toMatchObject({ kind: "check", ok: false, symptom: "timeout" });
    expect(given).toMatchObject({ resource: site, begunMs: watch.nowMs - 2250 });
    expect(watch.answer(read, pass).observations).toEqual([]);
  });

  it("gives a look once more time when its deadline is noticed late (M6)", () => {
    const watch = new Watch(siteEvery("10s"));
    const first = watch.next();
    watch.nowMs += 5000;
    expect(watch.feed().observations).toEqual([]);
    expect(watch.answer(first, pass).observations).toHaveLength(1);
    watch.next();
    watch.nowMs += 5000;
    expect(watch.feed().observations).toEqual([]);
    watch.nowMs += 5000;
    const [given] = watch.feed().observations;
    expect(given?.reading).toMatchObject({ kind: "check", ok: false, symptom: "timeout" });
  });

  it("gives looks more time while the machine is short of processor time, to a limit (M5)", () => {
    const watch = new Watch(siteEvery("10s"));
    const timeouts = (percent: number): number[] => {
      const sample = { series: "pressure.cpu", value: percent, unit: "percent" } as const;
      watch.pressure = [{ kind: "samples", samples: [sample] }];
      return [1, 2, 3].map(() => {
        const read = watch.next();
        watch.answer(read, pass);
        return read.request.spec.timeoutMs;
      });
    };
    expect(timeouts(20)).toEqual([2000, 2000, 2000]);
    expect(timeouts(65).at(-1)).toBe(5000);
    expect(timeouts(100).at(-1)).toBe(8000);
    // What hangs is found all the same.
    watch.next();
    watch.nowMs += 8249;
    expect(watch.feed().observations).toEqual([]);
    watch.nowMs += 1;
    expect(watch.feed().observations).toMatchObject([{ reading: { symptom: "timeout" } }]);
    expect(timeouts(0).at(-1)).toBe(2000);
  });

  it("states when a look began, not when it ended", () => {
    const watch = new Watch(siteEvery("10s"));
    const read = watch.next();
    const begunMs = watch.nowMs;
    watch.nowMs += 700;
    expect(watch.answer(read, pass).observations).toMatchObject([
      { begunMs, at: begunMs + 700, reading: pass },
    ]);
  });

  it("looks at the process that was started last, and no longer when it exits (M3)", () => {
    const watch = new Watch(service);
    watch.observe(instance, started(7));
    const first = watch.next();
    expect(first.request).toMatchObject({ process: { pid: 7 }, port: 4007 });
    watch.observe(instance, started(8));
    expect(watch.next().request).toMatchObject({ process: { pid: 8 }, port: 4008 });
    expect(watch.answer(first, pass).observations).toEqual([]);
    watch.observe(instance, exited(7));
    watch.nowMs += 60_000;
    watch.feed();
    watch.nowMs += 60_000;
    expect(watch.feed().observations).toHaveLength(1);
    const { forgotten } = watch.observe(instance, exited(8));
    expect(forgotten).toEqual([`${instance}#startup`]);
    watch.reads = [];
    watch.nowMs += 60_000;
    expect(watch.feed().reads).toEqual([]);
  });

  it("asks nothing else before the startup look has passed once (M4)", () => {
    const watch = new Watch(service);
    watch.observe(instance, started(7));
    const pausesMs: number[] = [];
    for (let count = 0; count < 9; count += 1) {
      const read = watch.next();
      expect(read.request.spec.sensor).toBe("startup");
      const askedMs = watch.nowMs;
      watch.answer(read, fail);
      watch.feed();
      pausesMs.push((watch.wakeMs ?? 0) - askedMs);
    }
    expect(pausesMs.slice(0, 2)).toEqual([20, 40]);
    expect(Math.max(...pausesMs)).toBe(50);
    watch.answer(watch.next(), pass);
    const asked = new Set([1, 2, 3].map(() => watch.next().request.spec.sensor));
    expect(asked).toEqual(new Set(["usage", "liveness"]));
  });

  it("confirms a bad look at once, and only once", () => {
    const watch = new Watch(siteEvery("10s"));
    const beginsMs = [0, 1, 2].map(() => {
      const read = watch.next();
      const begunMs = watch.nowMs;
      watch.answer(read, fail);
      return begunMs;
    });
    expect((beginsMs[1] ?? 0) - (beginsMs[0] ?? 0)).toBe(10);
    expect((beginsMs[2] ?? 0) - (beginsMs[1] ?? 0)).toBeGreaterThan(9000);
  });

  it("looks at its own network before it confirms that somebody far away is silent", () => {
    const watch = new Watch(siteEvery("10s").replace("127.0.0.1:1", "192.0.2.1"));
    const next = (answer: Reading) => {
      const read = watch.next();
      watch.answer(read, answer);
      return { resource: read.request.spec.resource, atMs: watch.nowMs };
    };
    let read = watch.next();
    for (; read.request.spec.resource !== site; read = watch.next()) watch.answer(read, pass);
    const begunMs = watch.nowMs;
    watch.answer(read, fail);
    expect([next(fail), next(fail), next(fail)]).toEqual([
      { resource: "host/network", atMs: begunMs },
      { resource: "host/network", atMs: begunMs + 10 },
      { resource: site, atMs: begunMs + 50 },
    ]);
  });

  it("spreads the equal cadences of a large fleet", () => {
    const names = Array.from({ length: 100 }, (_, index) => `http/site-${index}`);
    const lines = names.map((name) => `  ${name}: { url: http://127.0.0.1:1/, interval: 10s }`);
    const watch = new Watch(`resources:\n${lines.join("\n")}`);
    const begunMs = names.map(() => {
      const read = watch.next();
      watch.answer(read, pass);
      return watch.nowMs;
    });
    expect(Math.min(...begunMs)).toBeLessThan(500);
    expect(Math.max(...begunMs)).toBeGreaterThan(9000);
    expect(Math.max(...begunMs)).toBeLessThanOrEqual(10_500);
    const tenths = new Set(begunMs.map((ms) => Math.floor(ms / 1000)));
    expect(tenths.size).toBeGreaterThanOrEqual(10);
    const againMs = watch.next().request.spec;
    expect(againMs.intervalMs).toBe(10_000);
  });

  it("parts again what one late turn has taken at once, when the fleet is large (D3)", () => {
    const names = Array.from({ length: 100 }, (_, index) => `http/site-${index}`);
    const lines = names.map((name) => `  ${name}: { url: http://127.0.0.1:1/, interval: 10s }`);
    const watch = new Watch(`resources:\n${lines.join("\n")}`);
    watch.nowMs = 30_000;
    expect(watch.feed().reads).toHaveLength(100);
    for (const read of watch.reads.splice(0)) watch.answer(read, pass);
    const turns = new Set(names.map(() => (watch.answer(watch.next(), pass), watch.nowMs)));
    expect(turns.size).toBeGreaterThan(90);
  });

  it("parts again the programs that one late turn has started at once", () => {
    const lines = [1, 2, 3].map((index) => `  command/${index}: { command: check, interval: 10s }`);
    const watch = new Watch(`resources:\n${lines.join("\n")}`);
    watch.nowMs = 30_000;
    expect(watch.feed().reads).toHaveLength(3);
    for (const read of watch.reads.splice(0)) watch.answer(read, pass);
    const turns = new Set(lines.map(() => (watch.answer(watch.next(), pass), watch.nowMs)));
    expect(turns.size).toBe(3);
  });

  it.each([1, 3, 9, 16, 17, 33, 100])("looks at each of %i as often as declared", (count) => {
    const names = Array.from({ length: count }, (_, index) => `http/site-${index}`);
    const lines = names.map((name) => `  ${name}: { url: http://127.0.0.1:1/, interval: 10s }`);
    const watch = new Watch(`resources:\n${lines.join("\n")}`);
    let looks = 0;
    while (watch.nowMs < 1_000_000) {
      watch.answer(watch.next(), pass);
      looks += 1;
    }
    const asked = looks / count / 100;
    expect(asked).toBeGreaterThan(0.97);
    expect(asked).toBeLessThan(1.04);
  });

  it("takes the looks of a small fleet in one turn, programs excepted", () => {
    const probes = ["http://127.0.0.1:1/a", "http://127.0.0.1:1/b", "http://127.0.0.1:1/c"];
    const sites = probes.map((url, index) => `  http/${index}: { url: "${url}", interval: 10s }`);
    const programs = [1, 2].map((index) => `  command/${index}: { command: check, interval: 10s }`);
    const watch = new Watch(`resources:\n${[...sites, ...programs].join("\n")}`);
    const turns = new Map<number, string[]>();
    while (watch.nowMs < 100_000) {
      const read = watch.next();
      turns.set(watch.nowMs, [...(turns.get(watch.nowMs) ?? []), read.request.spec.kind]);
      watch.answer(read, pass);
    }
    const later = [...turns].filter(([atMs]) => atMs > 50_000).map(([, kinds]) => kinds.join(" "));
    expect(new Set(later)).toEqual(new Set(["http http http", "command"]));
  });

  it("keeps each interval within its jitter", () => {
    const watch = new Watch(siteEvery("10s"));
    let beforeMs: number | undefined;
    for (let count = 0; count < 50; count += 1) {
      const read = watch.next();
      if (beforeMs !== undefined) {
        expect(Math.abs(watch.nowMs - beforeMs - 10_000)).toBeLessThanOrEqual(500);
      }
      beforeMs = watch.nowMs;
      watch.answer(read, pass);
    }
  });

  it("looks at once when somebody needs fresh evidence", () => {
    const watch = new Watch(siteEvery("1h"));
    watch.answer(watch.next(), pass);
    watch.nowMs += 5;
    expect(watch.feed({ kind: "look", resource: site }).reads).toHaveLength(1);
  });

  it("leaves looks that a new fleet does not change as they are", () => {
    const [watch, undisturbed] = [new Watch(siteEvery("1h")), new Watch(siteEvery("1h"))];
    for (const each of [watch, undisturbed]) {
      each.answer(each.next(), pass);
      each.nowMs += 100;
    }
    expect(watch.feed({ kind: "fleet", fleet: fleetOf(siteEvery("1h")) }).forgotten).toEqual([]);
    watch.answer(watch.next(), pass);
    undisturbed.next();
    expect(watch.nowMs).toBe(undisturbed.nowMs);
    const { forgotten } = watch.feed({ kind: "fleet", fleet: fleetOf(siteEvery("10s")) });
    expect(forgotten).toEqual([`${site}#http`]);
    expect(watch.next().request.spec.intervalMs).toBe(10_000);
    watch.feed({ kind: "fleet", fleet: fleetOf(service) });
    watch.reads = [];
    watch.nowMs += 3_600_000;
    expect(watch.feed().reads).toEqual([]);
  });

  it("asks a process that runs no second time whether it has started (M4)", () => {
    const watch = new Watch(service);
    watch.observe(instance, started(7));
    watch.answer(watch.next(), pass);
    const { forgotten } = watch.feed({ kind: "fleet", fleet: fleetOf(`${service}\nfleet: other`) });
    // What the usage sensor remembers is needed for its rates.
    expect(forgotten).toEqual([`${instance}#startup`]);
    const asked = new Set([1, 2, 3, 4].map(() => watch.next().request.spec.sensor));
    expect(asked).toEqual(new Set(["usage", "liveness"]));
  });

  it("asks one that is starting in the new way, and one that runs as well", () => {
    const changed = fleetOf(service.replace("/health", "/other"));
    const path = (watch: Watch): string => JSON.stringify(watch.next().request.spec.parameters);
    const starting = new Watch(service);
    starting.observe(instance, started(7));
    starting.answer(starting.next(), fail);
    starting.feed({ kind: "fleet", fleet: changed });
    expect(starting.reads.map(({ request }) => request.spec.sensor)).toEqual(["startup"]);
    expect(path(starting)).toContain("/other");
    const running = new Watch(service);
    running.observe(instance, started(7));
    running.answer(running.next(), pass);
    const { forgotten } = running.feed({ kind: "fleet", fleet: changed });
    expect(forgotten).toContain(`${instance}#liveness`);
    expect(forgotten).not.toContain(`${instance}#usage`);
    for (let count = 0; count < 4; count += 1) {
      const { sensor, parameters } = running.next().request.spec;
      expect(sensor).not.toBe("startup");
      if (sensor === "liveness") expect(JSON.stringify(parameters)).toContain("/other");
    }
  });

  it("does not look at what is off", () => {
    const watch = new Watch(`mode: full\n${service.replace("{ command", "{ mode: off, command")}`);
    watch.observe(instance, started(7));
    watch.nowMs += 60_000;
    expect(watch.feed().reads).toEqual([]);
  });
});
