import { describe, expect, it } from "vitest";
import { type LoadedFleet, loadFleet } from "./load-fleet.ts";
import { formatProblem } from "./problem.ts";
import type { ConfigSources } from "./sources.ts";

const yaml = (text: string) => ({ path: "soulmirror.yaml", text });
const reliability = (text: string) => ({ path: "config/reliability.yml", text });
const json = (text: string) => ({ path: ".reliability-config.json", text });

function load(sources: Partial<ConfigSources>): LoadedFleet {
  const loaded = loadFleet({ files: [], baseDir: "/srv", hash: (each) => each, ...sources });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value;
}

describe("later sources win", () => {
  const all = {
    files: [
      yaml("detection: { watch: 3s }"),
      reliability("detection: { watch: 1s }"),
      json('{ "thresholds": { "errorRate": 0.5 } }'),
    ],
    environment: { SOULMIRROR_DETECTION__WATCH: "4s" },
    flags: [{ key: "detection.watch", value: "5s", name: "--watch" }],
    runtime: [{ key: "detection.watch", value: "6s" }],
  } satisfies Partial<ConfigSources>;

  it.each([
    [{}, 5000],
    [{ files: all.files.slice(1) }, 1000],
    [{ files: all.files }, 3000],
    [{ files: all.files, environment: all.environment }, 4000],
    [{ files: all.files, environment: all.environment, flags: all.flags }, 5000],
    [all, 6000],
  ])("row %#", (sources, watchMs) => {
    expect(load(sources).fleet.detection.watchMs).toBe(watchMs);
  });

  it("and what they won over is told", () => {
    expect(load(all).explain("detection.watch")).toEqual({
      key: "detection.watch",
      value: "6s",
      origin: "runtime change",
      overridden: [
        { value: "5s", origin: "flag --watch" },
        { value: "4s", origin: "environment variable SOULMIRROR_DETECTION__WATCH" },
        { value: "3s", origin: "soulmirror.yaml:1:21" },
        { value: "1s", origin: "config/reliability.yml:1:21" },
      ],
    });
    expect(load({}).explain("detection.watch")).toMatchObject({
      value: "5s",
      origin: "built-in default",
    });
    expect(load({}).explain("detection.wotch")).toBeUndefined();
  });
});

describe("modes", () => {
  it.each([
    ["full", "monitor", "monitor"],
    ["monitor", "full", "monitor"],
    ["off", "shadow", "off"],
  ])("of %s in the file and %s in the environment %s wins", (file, variable, wins) => {
    const loaded = load({
      files: [yaml(`mode: ${file}`)],
      environment: { SOULMIRROR_MODE: variable },
    });
    expect(loaded.fleet.mode).toBe(wins);
    expect(loaded.explain("mode")?.overridden).toHaveLength(1);
  });

  it("a service's own goes before defaults.services, also when it is looser", () => {
    const text = `
defaults: { services: { mode: monitor, timeout: 1s } }
services: { a: { command: x, mode: full }, b: { command: x } }`;
    const { services } = load({ files: [yaml(text)] }).fleet;
    expect([services["a"]?.mode, services["b"]?.mode]).toEqual(["full", "monitor"]);
    expect(services["a"]?.timeoutMs).toBe(1000);
  });
});

describe("switches win over everything", () => {
  const files = [
    yaml(`
mode: full
services: { a: { command: x, listen: 1, health_check: /h, work: [{ counter: c, waiting: w }] } }
resources: { tcp/db: { port: 1 } }`),
  ];
  const runtime = [
    { key: "mode", value: "full" },
    { key: "services.a.auto_retry", value: true },
    { key: "strategy_modes.failover", value: "full" },
  ];
  const withSwitch = (name: string, value = "false") =>
    load({ files, runtime, environment: { [name]: value } }).fleet;

  it.each([
    ["RELIABILITY_ENGINE_ENABLED", "off"],
    ["SELF_HEALING_ENABLED", "monitor"],
    ["AUTO_RECOVERY_ENABLED", "monitor"],
    ["CIRCUIT_BREAKERS_ENABLED", "full"],
  ])("%s=false: mode %s", (name, mode) => {
    expect(withSwitch(name).mode).toBe(mode);
    expect(withSwitch(name, "true").mode).toBe("full");
  });

  it("single parts", () => {
    expect(withSwitch("RETRY_STRATEGY_ENABLED").services["a"]?.autoRetry).toBe(false);
    expect(withSwitch("FAILOVER_STRATEGY_ENABLED").strategyModes).toEqual({
      switch_alternative: "off",
    });
    const blind = withSwitch("HEALTH_MONITORING_ENABLED");
    expect(blind.services["a"]).toMatchObject({ work: [] });
    expect(blind.services["a"]?.liveness).toBeUndefined();
    expect(blind.resources["tcp/db"]?.mode).toBe("off");
  });

  it("a switch that says neither is a problem", () => {
    const environment = { RELIABILITY_ENGINE_ENABLED: "flase" };
    const loaded = loadFleet({ files, environment, baseDir: "/", hash: (each) => each });
    expect(loaded.ok ? [] : loaded.error.map(formatProblem)).toEqual([
      'environment variable RELIABILITY_ENGINE_ENABLED mode: expected true or false, found "flase"\n' +
        "  fix: write RELIABILITY_ENGINE_ENABLED=false to switch it off",
    ]);
  });
});

describe("the environment", () => {
  const files = [
    yaml(
      "services: { trust-engine: { command: x, listen: 1, health_check: /h } }\nresources: { tcp/my-db: { port: 1 } }",
    ),
  ];

  it("reaches any key by name", () => {
    const { fleet } = load({
      files,
      environment: {
        SOULMIRROR_SERVICES__TRUST_ENGINE__INSTANCES: "3",
        SOULMIRROR_SERVICES__TRUST_ENGINE__ENV__Log_Level: "0123",
        SOULMIRROR_SERVICES__TRUST_ENGINE__HEALTH_CHECK__INTERVAL: "2s",
        SOULMIRROR_RESOURCES__TCP_MY_DB__SEVERITY: "critical",
        SOULMIRROR_LIMITED_TO: "[restart, clean]",
        SOULMIRROR_TOKEN: "not ours",
      },
    });
    expect(fleet.services["trust-engine"]).toMatchObject({
      instances: 3,
      env: { Log_Level: "0123" },
      liveness: { parameters: { path: "/h" }, intervalMs: 2000 },
    });
    expect(fleet.resources["tcp/my-db"]?.severity).toBe("critical");
    expect(fleet.limitedTo).toEqual(["restart", "clean"]);
  });

  it("names variables that are nearly right, and problems by their variable", () => {
    expect(load({ files, environment: { SOULMIRROR_DETECTON__WATCH: "1s" } }).warnings).toEqual([
      "SOULMIRROR_DETECTON__WATCH is not a key of the fleet file and is ignored; did you mean SOULMIRROR_DETECTION?",
    ]);
    const environment = { SOULMIRROR_DETECTION__WATCH: "soon" };
    const loaded = loadFleet({ files, environment, baseDir: "/", hash: (each) => each });
    expect(loaded.ok ? undefined : loaded.error[0]).toMatchObject({
      file: "environment variable SOULMIRROR_DETECTION__WATCH",
      key: "detection.watch",
      message: 'expected a duration, found "soon"',
    });
  });

  it("takes the engine's own names", () => {
    const { fleet } = load({
      files,
      environment: {
        HEALTH_CHECK_INTERVAL_MS: "7000",
        HEALTH_CHECK_TIMEOUT_MS: "600",
        RECOVERY_MAX_RETRY_ATTEMPTS: "9",
        RECOVERY_RETRY_BASE_DELAY_MS: "20",
      },
    });
    expect(fleet.services["trust-engine"]?.liveness).toMatchObject({
      intervalMs: 7000,
      timeoutMs: 600,
    });
    expect(fleet.resources["tcp/my-db"]?.probe.intervalMs).toBe(7000);
    expect(fleet.budgets).toMatchObject({ perResource: 9, coolDownMs: 20 });
  });
});

describe("reliability files", () => {
  it("reliability.yml describes services, and is not asked to run strangers", () => {
    const loaded = load({
      files: [
        reliability(
          "services: { a: { timeout: 60s, auto_retry: false, health_check: custom }, b: { timeout: 1s } }",
        ),
        yaml("services: { a: { command: x, listen: 1, health_check: /h } }"),
      ],
    });
    expect(loaded.fleet.services["a"]).toMatchObject({ timeoutMs: 60_000, autoRetry: false });
    expect(loaded.fleet.services["a"]?.liveness?.parameters["path"]).toBe("/h");
    expect(Object.keys(loaded.fleet.services)).toEqual(["a"]);
    expect(loaded.warnings[0]).toContain("service b has no command");
  });

  it(".reliability-config.json is translated", () => {
    const text = `// .reliability-config.json
{
  "engine": { "mode": "production", "autoRecover": false, "predictiveMonitoring": false, "silentErrorDetection": true },
  "integration": { "unifiedDashboard": true },
  "thresholds": { "errorRate": 0.02, "responseTime": 1500, "memoryUsage": 0.9, "cpuUsage": 0.6 }
}`;
    const { fleet, explain } = load({ files: [json(text)] });
    expect(fleet.mode).toBe("monitor");
    expect(fleet.detection).toMatchObject({
      exhaustionLeadMs: 0,
      thresholds: { errorRate: 0.02, responseTimeMs: 1500, memoryUsage: 0.9, cpuUsage: 0.6 },
    });
    expect(load({ files: [json(text)] }).warnings).toEqual([
      expect.stringContaining("no resource host/NAME is declared"),
    ]);
    const host = yaml("resources: { host/here: { thresholds: { cpu: 0.95 } } }");
    const measured = load({ files: [host, json(text)] });
    expect(measured.warnings).toEqual([]);
    expect(measured.fleet.resources["host/here"]?.probe.parameters["thresholds"]).toEqual({
      cpu: 0.95,
      memory: 0.9,
    });
    expect(explain("detection.thresholds.cpu_usage")?.origin).toBe(".reliability-config.json:5:92");
  });

  it("its problems are in its own words", () => {
    const files = [json('{ "engine": { "autoRecovr": true } }')];
    const loaded = loadFleet({ files, baseDir: "/", hash: (each) => each });
    expect(loaded.ok ? [] : loaded.error.map(formatProblem)).toEqual([
      '.reliability-config.json:1:15 engine.autoRecovr: unknown key "autoRecovr"\n  fix: did you mean "autoRecover"?',
    ]);
  });
});

describe("laying one probe over another", () => {
  const probe = (low: string, high: string) =>
    load({
      files: [
        reliability(`services: { a: { health_check: ${low} } }`),
        yaml(`services: { a: { command: x, listen: 1, health_check: ${high} } }`),
      ],
    }).fleet.services["a"]?.liveness;

  it("another way to ask replaces, another cadence is laid over", () => {
    expect(probe("{ http: /h, interval: 2s }", "{ tcp: 9 }")).toMatchObject({
      kind: "tcp",
      intervalMs: 2000,
    });
    expect(probe("/h", "{ interval: 3s }")).toMatchObject({ kind: "http", intervalMs: 3000 });
  });
});
