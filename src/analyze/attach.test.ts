import { describe, expect, it } from "vitest";
import { type Fleet, formatProblem, loadFleet } from "../config/index.ts";
import { frontProxy, hostClock, hostNetwork, type ResourceId } from "../model/index.ts";
import { detectorsFor } from "./attach.ts";

const senses = () => ({
  usual: () => [],
  patience: () => ({ factor: 1, reason: "" }),
  shared: new Map(),
});

/** One resource of every kind there is. */
const kinds: Readonly<Record<string, string>> = {
  http: "url: http://127.0.0.1:1/",
  tcp: "port: 1",
  dns: "name: example.org",
  tls: "host: example.org",
  command: "command: check.sh",
  files: "path: /tmp/a",
  log: "file: /tmp/a.log, pattern: FATAL, threshold: 3, window: 30s",
  heartbeat: "every: 1m",
  prometheus: "url: http://127.0.0.1:1/m, series: [{ name: a, above: 1 }]",
  host: "",
};

function fleetOf(text: string): Fleet {
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

function namesFor(fleet: Fleet, resource: ResourceId): string[] | undefined {
  return detectorsFor(fleet, resource, senses())?.map(({ name }) => name);
}

describe("detectors are attached", () => {
  const lines = Object.entries(kinds).map(([kind, keys]) => `  ${kind}/one: { ${keys} }`);
  const fleet = fleetOf(`
services:
  plain: { command: node a.js }
  full:
    command: node a.js
    health_check: http://127.0.0.1:1/health
    work: [{ name: jobs, url: http://127.0.0.1:1/m, counter: c, waiting: w }]
resources:
${lines.join("\n")}
`);

  it.each(Object.keys(kinds))("to %s", (kind) => {
    const detectors = detectorsFor(fleet, `${kind}/one`, senses()) ?? [];
    const hears = detectors.filter(({ sensors }) => sensors === "all" || sensors.includes(kind));
    expect(hears.map(({ name }) => name)).toContain("checks");
  });

  it("to what a kind has besides its check", () => {
    expect(namesFor(fleet, "log/one")).toContain("occurrences");
    expect(namesFor(fleet, "host/one")).toContain("exhaustion");
    expect(namesFor(fleet, "tls/one")).toContain("certificate");
  });

  it("to an instance, as far as something is declared to look at", () => {
    const plain = namesFor(fleet, "instance/plain.1");
    expect(plain).toEqual(
      expect.arrayContaining(["process-life", "port-conflict", "stopped", "exhaustion"]),
    );
    expect(plain).not.toContain("checks");
    expect(namesFor(fleet, "instance/full.1")).toEqual(
      expect.arrayContaining(["checks", "certificate", "stalled-work.jobs", "process-life"]),
    );
  });

  it("to a service that is only asked whether it is ready, all that a probe may show", () => {
    const text = "services: { a: { command: node a.js, readiness: http://127.0.0.1:1/r } }";
    const wanted = ["readiness", "flapping", "deviation"];
    expect(namesFor(fleetOf(text), "instance/a.1")).toEqual(expect.arrayContaining(wanted));
    const off = namesFor(fleetOf(`${text}\ndetection: { deviation: false }`), "instance/a.1");
    expect(off).toContain("flapping");
    expect(off).not.toContain("deviation");
    expect(namesFor(fleet, "instance/plain.1")).toContain("deviation");
  });

  it("to resources that are judged alike the same ones, to others their own", () => {
    const probe = (more: string) => `{ url: http://127.0.0.1:1/, ${more} }`;
    const alike = fleetOf(`resources:
  http/a: ${probe("interval: 1s")}
  http/b: ${probe("interval: 9s")}
  http/slower: ${probe("timeout: 3s")}
  http/stricter: ${probe("down: 1")}
  http/worse: ${probe("severity: critical")}
  log/a: { file: /tmp/a, pattern: x, threshold: 2 }
  log/b: { file: /tmp/a, pattern: x, threshold: 3 }`);
    const told = senses();
    const [first, second, ...others] = Object.keys(alike.resources).map((id) =>
      detectorsFor(alike, id as ResourceId, told),
    );
    expect(first).toBe(second);
    expect(new Set([first, ...others]).size).toBe(6);
  });

  it("to what every machine has", () => {
    expect(namesFor(fleet, frontProxy)).toEqual(["proxy-listen", "checks"]);
    expect(namesFor(fleet, hostClock)).toEqual(["occurrences"]);
    expect(namesFor(fleet, hostNetwork)).toEqual(["checks"]);
  });

  it("to what the fleet file declares for all probes, and not without it", () => {
    const declared = fleetOf(`
services: { full: { command: node a.js, listen: 4100, readiness: /r } }
resources: { http/one: { url: http://127.0.0.1:1/ } }
detection: { thresholds: { error_rate: 0.02, response_time: 300ms } }
`);
    for (const resource of ["http/one", "instance/full.1"] as const) {
      expect(namesFor(declared, resource)).toEqual(
        expect.arrayContaining(["error-rate", "latency"]),
      );
      expect(namesFor(fleet, resource)).not.toContain("error-rate");
      expect(namesFor(fleet, resource)).not.toContain("latency");
    }
    expect(namesFor(declared, frontProxy)).toContain("request-errors");
    expect(namesFor(declared, "instance/full.1")).toContain("readiness");
  });

  it("to nothing that the fleet does not know", () => {
    expect(namesFor(fleet, "instance/gone.1")).toBeUndefined();
    expect(namesFor(fleet, "http/gone")).toBeUndefined();
  });

  it("calls a missed heartbeat by its name", () => {
    const checks = detectorsFor(fleet, "heartbeat/one", senses())?.find(
      ({ name }) => name === "checks",
    );
    const state = checks?.initial();
    const opinions = [0, 1, 2].map((at) => {
      const reading = {
        kind: "check",
        ok: false,
        elapsedMs: 0,
        symptom: "stale",
        reason: "late",
      } as const;
      const seen = { resource: "heartbeat/one", sensor: "heartbeat", at, begunMs: at } as const;
      return checks?.judge(state, { ...seen, reading }, { wallMs: at, monotonicMs: at });
    });
    expect(opinions.at(-1)).toMatchObject({ kind: "bad", type: "heartbeat_missed" });
  });

  it("bear whatever the schema lets pass, and it lets pass nothing that they do not", () => {
    const declared = (down: number, of: number, stall: string): string => `
services:
  a:
    command: node a.js
    listen: 4100
    liveness: { http: /live, down: ${down}, of: ${of} }
    work: [{ counter: c, waiting: w, stall_after: ${stall} }]
resources: { tcp/a: { port: 1, down: ${down}, of: ${of} } }
detection: { thresholds: { response_time: 1ms, error_rate: 0 } }`;
    for (const [down, of, stall] of [
      [1, 1, "10ms"],
      [30, 30, "99d"],
    ] as const) {
      const extreme = fleetOf(declared(down, of, stall));
      expect(namesFor(extreme, "instance/a.1")).toContain("stalled-work.c");
      expect(namesFor(extreme, "tcp/a")).toContain("checks");
    }
    expect(() => fleetOf(declared(1, 31, "1s"))).toThrow("from 1 to 30");
    expect(() => fleetOf(declared(31, 31, "1s"))).toThrow("from 1 to 30");
    expect(() => fleetOf(declared(1, 1, "0s"))).toThrow("shorter than 10ms");
  });
});
