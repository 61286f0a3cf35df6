import { describe, expect, it } from "vitest";
import type { Fleet, ProbeSpec, ServiceSpec } from "./fleet.ts";
import { loadFleet } from "./load-fleet.ts";
import { formatProblem } from "./problem.ts";
import type { ConfigSources } from "./sources.ts";

function load(text: string, more: Partial<ConfigSources> = {}): Fleet {
  const files = [{ path: "soulmirror.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv/shop", hash: (each) => each, ...more });
  if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
  return loaded.value.fleet;
}

/** One service `a` with the given lines, in flow style. */
function service(keys: string, more: Partial<ConfigSources> = {}): ServiceSpec {
  const found = load(`services: { a: { command: node a.js, ${keys} } }`, more).services["a"];
  if (found === undefined) throw new Error("there is no service a");
  return found;
}

const example = `
fleet: shop
mode: full
services:
  trust-engine:
    command: node trust-engine.js
    cwd: ./services
    env: { LEDGER: ./ledger.db }
    listen: 4102
    instances: 2
    depends_on: [ledger]
    restart: always
    health_check: http://127.0.0.1:4102/health
    timeout: 10s
    auto_retry: true
    recovery_strategy: restart
resources:
  files/ledger: { path: ./services/../ledger.db }
`;

describe("the example", () => {
  const fleet = load(example);
  const engine = fleet.services["trust-engine"];

  it("is what it says", () => {
    expect(fleet).toMatchObject({ name: "shop", mode: "full" });
    expect(engine).toMatchObject({
      command: ["node", "trust-engine.js"],
      cwd: "/srv/shop/services",
      env: { LEDGER: "./ledger.db" },
      listen: { host: "127.0.0.1", port: 4102 },
      instances: 2,
      dependsOn: ["files/ledger"],
      restart: "always",
      timeoutMs: 10_000,
      autoRetry: true,
      strategies: ["restart"],
    });
    expect(fleet.resources["files/ledger"]?.probe.parameters).toEqual({
      path: "/srv/shop/ledger.db",
    });
  });

  it("asks every instance at its own port", () => {
    const asked = { path: "/health", method: "GET", headers: {}, expect: { status: "2xx" } };
    const regular = { intervalMs: 1000, timeoutMs: 500, down: 2, of: 3, up: 2 };
    expect(engine?.liveness).toEqual({ kind: "http", parameters: asked, ...regular });
    expect(engine?.readiness).toEqual(engine?.liveness);
    expect(engine?.startup).toMatchObject({ parameters: asked, intervalMs: 50, down: 1, of: 1 });
  });

  it("has the defaults", () => {
    expect(engine).toMatchObject({
      mode: "full",
      start: { timeoutMs: 30_000 },
      stop: { signal: "SIGTERM", graceMs: 10_000, drainMs: 30_000 },
      log: { maxBytes: 10 * 1024 * 1024, keep: 5 },
      limits: {},
      scaleMax: 2,
      approvals: {},
    });
    expect(fleet.budgets).toEqual({
      perResource: 5,
      perFleet: 20,
      windowMs: 600_000,
      coolDownMs: 1000,
      coolDownMaxMs: 60_000,
      crashes: 10,
      crashWindowMs: 600_000,
      healthyRunMs: 10_000,
      relapses: 5,
      relapseWindowMs: 3_600_000,
    });
    expect(fleet.detection).toEqual({
      watchMs: 5000,
      verifyDeadlineMs: 30_000,
      relapseMs: 600_000,
      correlateMs: 10_000,
      exhaustionLeadMs: 60_000,
      diskFullWithinMs: 86_400_000,
      certificateDays: 14,
      clockJumpMs: 1000,
      deviation: true,
      thresholds: {},
      connectivity: [],
    });
    expect(fleet.resources["files/ledger"]?.probe).toMatchObject({
      intervalMs: 10_000,
      timeoutMs: 5000,
    });
  });
});

describe("short forms", () => {
  it.each<[string, Partial<ServiceSpec>]>([
    ["listen: 4102", { listen: { host: "127.0.0.1", port: 4102 } }],
    ['listen: "0.0.0.0:80"', { listen: { host: "0.0.0.0", port: 80 } }],
    ['listen: "[::1]:80"', { listen: { host: "::1", port: 80 } }],
    ["limits: { memory: 512MB, cpu: 150% }", { limits: { memoryBytes: 2 ** 29, cpuPercent: 150 } }],
    ["timeout: 1m30s", { timeoutMs: 90_000 }],
    ["timeout: 250", { timeoutMs: 250 }],
    ["recovery_strategy: failover", { strategies: ["switch_alternative"] }],
    [
      "recovery_strategy: [restart_rolling, escalate]",
      { strategies: ["drain_restart", "escalate"] },
    ],
    ["env: { A: 1, B: true, C: text }", { env: { A: "1", B: "true", C: "text" } }],
    ["user: 33, group: www-data", { user: "33", group: "www-data" }],
    ["pid_file: run/a.pid", { pidFile: "/srv/shop/run/a.pid" }],
    [
      "approve: { clean: never, failover: always }",
      { approvals: { clean: "never", switch_alternative: "always" } },
    ],
    ["listen: 1, scale: { max: 3 }", { instances: 1, scaleMax: 3 }],
  ])("%s", (keys, expected) => {
    expect(service(keys)).toMatchObject(expected);
  });

  it("a command is a text or a list", () => {
    const commandOf = (written: string): readonly string[] | undefined =>
      load(`services: { a: { command: ${written} } }`).services["a"]?.command;
    expect(commandOf(`"node 'my server.js' --name=\\"x y\\" a\\\\ b"`)).toEqual([
      "node",
      "my server.js",
      "--name=x y",
      "a b",
    ]);
    expect(commandOf("[node, a.js, 3]")).toEqual(["node", "a.js", "3"]);
  });

  it("hooks", () => {
    const { hooks } = service(
      `reconnect: { url: "http://127.0.0.1:1/r", headers: { X: { env: KEY } } },
       alternative: [sw, "on"], commands: { c: { command: x y, undo: z, timeout: 2s } },
       webhooks: { w: "http://127.0.0.1:1/w" }, clean: [{ root: tmp, pattern: "*.t" }], rotate: "*.log"`,
      { environment: { KEY: "k" } },
    );
    const rest = { reversible: false, timeoutMs: 10_000 };
    expect(hooks).toEqual({
      reconnect: {
        kind: "webhook",
        url: "http://127.0.0.1:1/r",
        method: "POST",
        headers: { X: "k" },
        ...rest,
      },
      alternative: { kind: "command", command: ["sw", "on"], ...rest },
      commands: {
        c: { kind: "command", command: ["x", "y"], undo: ["z"], reversible: true, timeoutMs: 2000 },
      },
      webhooks: {
        w: { kind: "webhook", url: "http://127.0.0.1:1/w", method: "POST", headers: {}, ...rest },
      },
      clean: [{ root: "/srv/shop/tmp", pattern: "*.t", olderThanMs: 3_600_000 }],
      rotate: ["*.log"],
      rotateIn: "/srv/shop",
    });
  });
});

describe("probes", () => {
  type Asked = Pick<ProbeSpec, "kind"> & { readonly parameters: object };
  it.each<[string, Asked | undefined]>([
    ["listen: 4102, health_check: /h?x=1", { kind: "http", parameters: { path: "/h?x=1" } }],
    [
      "listen: 4102, health_check: 'http://localhost:4102'",
      { kind: "http", parameters: { path: "/" } },
    ],
    [
      "listen: 4102, health_check: 'http://127.0.0.1:4103/h'",
      { kind: "http", parameters: { url: "http://127.0.0.1:4103/h" } },
    ],
    [
      "env: { PORT: 80 }, health_check: /h",
      { kind: "http", parameters: { url: "http://127.0.0.1:80/h" } },
    ],
    ["health_check: custom", undefined],
    ["health_check: { tcp: 6379 }", { kind: "tcp", parameters: { host: "127.0.0.1", port: 6379 } }],
    [
      "health_check: { command: test -e x, expect: { exit: 1 } }",
      {
        kind: "command",
        parameters: { command: ["test", "-e", "x"], expectExitCode: 1, cwd: "/srv/shop" },
      },
    ],
    [
      "health_check: { heartbeat: 30s, grace: 5s }",
      { kind: "heartbeat", parameters: { everyMs: 30_000, graceMs: 5000 } },
    ],
    ["health_check: custom, liveness: { tcp: 1 }", { kind: "tcp", parameters: { port: 1 } }],
    ["health_check: { tcp: 1 }, liveness: custom", undefined],
  ])("%s", (keys, expected) => {
    const { liveness } = service(keys);
    if (expected === undefined) expect(liveness).toBeUndefined();
    else expect(liveness).toMatchObject(expected);
  });

  it("on the listen address ask through no url at all", () => {
    const { liveness } = service("listen: 4102, health_check: http://127.0.0.1:4102/health");
    expect(Object.keys(liveness?.parameters ?? {})).not.toContain("url");
  });

  it("separate ones override what health_check gives", () => {
    const spec = service(
      "listen: 1, health_check: /h, readiness: /r, startup: { http: /s, interval: 20ms }",
    );
    expect(spec.liveness?.parameters["path"]).toBe("/h");
    expect(spec.readiness?.parameters["path"]).toBe("/r");
    expect(spec.startup).toMatchObject({ parameters: { path: "/s" }, intervalMs: 20, down: 2 });
  });

  it("a command is not asked twenty times a second at the start", () => {
    expect(service("health_check: { command: x }").startup?.intervalMs).toBe(250);
  });

  it("one of down and of alone moves the other", () => {
    expect(service("health_check: { tcp: 1, down: 5 }").liveness).toMatchObject({ down: 5, of: 5 });
    expect(service("health_check: { tcp: 1, of: 1 }").liveness).toMatchObject({ down: 1, of: 1 });
  });

  it("expectations", () => {
    const { liveness } = service(
      `listen: 1, health_check: { http: /, method: post, body: x, headers: { A: b }, expect:
        { status: [200, 204], body: /ok/i, headers: { etag: x }, json: { a.b: 1 }, max: 2s } }`,
    );
    expect(liveness?.parameters).toEqual({
      path: "/",
      method: "POST",
      headers: { A: "b" },
      body: "x",
      expect: {
        status: [200, 204],
        body: "/ok/i",
        headers: { etag: "x" },
        json: { "a.b": 1 },
        maxMs: 2000,
      },
    });
  });
});

it("hands thresholds of the machine to what measures it", () => {
  const written = "swap: 0.5, descriptors: 0.9, pressure_io: 0.2, network_errors: 5";
  const { resources } = load(`resources: { host/a: { thresholds: { ${written} } } }`);
  expect(resources["host/a"]?.probe.parameters).toMatchObject({
    thresholds: { swap: 0.5, descriptors: 0.9, pressureIo: 0.2, networkErrors: 5 },
  });
});

describe("hashes", () => {
  const base = service("listen: 1").hash;
  it.each(["health_check: /h", "instances: 2", "restart: never", "timeout: 1s", "mode: shadow"])(
    "of a service do not change with %s",
    (keys) => {
      expect(service(`listen: 1, ${keys}`).hash).toBe(base);
    },
  );

  it.each(["env: { A: b }", "cwd: x", "user: nobody", "limits: { memory: 1GB }"])(
    "of a service change with %s",
    (keys) => {
      expect(service(`listen: 1, ${keys}`).hash).not.toBe(base);
    },
  );

  it("of services that are run alike are not the same", () => {
    const { services } = load("services: { a: { command: x }, b: { command: x } }");
    expect(services["a"]?.hash).not.toBe(services["b"]?.hash);
  });

  it("of the fleet change with anything", () => {
    expect(load(example).hash).toBe(load(`# a remark\n${example}`).hash);
    expect(load(example).hash).not.toBe(load(example.replace("10s", "11s")).hash);
  });
});

describe("secrets", () => {
  const text = "services: { a: { command: x, env: { TOKEN: { env: SHOP_TOKEN } } } }";

  it("are taken from the environment and remembered as such", () => {
    const spec = load(text, { environment: { SHOP_TOKEN: "s3cret" } }).services["a"];
    expect(spec).toMatchObject({
      env: { TOKEN: "s3cret" },
      secrets: { TOKEN: { env: "SHOP_TOKEN" } },
    });
  });

  it("are never explained", () => {
    const loaded = loadFleet({
      files: [{ path: "f", text }],
      environment: { SHOP_TOKEN: "s3cret" },
      baseDir: "/",
      hash: (each) => each,
    });
    if (!loaded.ok) throw new Error("it does not load");
    expect(loaded.value.explain("services.a.env.TOKEN")?.value).toBe("***");
    expect(JSON.stringify(loaded.value.explain("services"))).not.toContain("SHOP_TOKEN");
  });
});
