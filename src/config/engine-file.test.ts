import { describe, expect, it } from "vitest";
import { readEngineFile } from "./engine-file.ts";
import { loadFleet } from "./load-fleet.ts";
import { formatProblem } from "./problem.ts";

const path = "config/reliability.yml";

function said(text: string, file = path): readonly string[] {
  const read = readEngineFile({ path: file, text });
  if (!read.ok) throw new Error(read.error.map(formatProblem).join("\n"));
  return read.value.map(({ service = "*", method = "*", leaf, value, from }) =>
    [service, method, leaf, JSON.stringify(value), from].join(" "),
  );
}

function complaints(text: string, file = path): readonly string[] {
  const read = readEngineFile({ path: file, text });
  return read.ok ? [] : read.error.map(formatProblem);
}

describe("config/reliability.yml for the engine", () => {
  it("tells of each value what it means and where it stands", () => {
    const text = [
      "services:",
      "  chat-analyzer:",
      "    auto_retry: true",
      "    timeout: 30s",
      "    health_check: /health",
      "    recovery_strategy: restart, reconnect",
      "    methods:",
      "      analyzeFile: { timeout: 0, breaker: false }",
      "  llm:openai: { auto_retry: false, breaker: { reset_timeout: 1m } }",
    ].join("\n");
    expect(said(text)).toEqual([
      `chat-analyzer * timeoutMs 30000 ${path}:4:14`,
      `chat-analyzer * retry.permission "declared_idempotent" ${path}:3:17`,
      `chat-analyzer * strategies ["restart","reconnect"] ${path}:6:24`,
      `chat-analyzer * healthCheck "/health" ${path}:5:19`,
      `chat-analyzer analyzeFile timeoutMs 0 ${path}:8:31`,
      `chat-analyzer analyzeFile breaker.enabled false ${path}:8:43`,
      `llm:openai * retry.permission "never" ${path}:9:29`,
      `llm:openai * breaker.resetTimeoutMs 60000 ${path}:9:62`,
    ]);
  });

  it("has a section of the engine's own, and a mode for everything", () => {
    const text = [
      "mode: monitor",
      "engine:",
      "  mode: limited",
      "  limited_to: breaker",
      "  switches: { retry: false }",
      "  defaults: { retry: { attempts: 5, delay: 100ms } }",
      "  telemetry: { flush_interval: 2s }",
      "  health: { interval: 10s }",
    ].join("\n");
    expect(said(text).map((line) => line.replace(/ config.*$/, ""))).toEqual([
      '* * mode "monitor"',
      '* * mode "limited"',
      '* * limitedTo ["breaker"]',
      "* * switches.retry false",
      "* * telemetry.flushIntervalMs 2000",
      "* * health.intervalMs 10000",
      "* * retry.attempts 5",
      "* * retry.delayMs 100",
    ]);
  });

  const mistakes: readonly (readonly [text: string, says: string])[] = [
    [
      "services:\n  chat:\n    timeuot: 30s\n",
      `${path}:3:5 services.chat.timeuot: unknown key "timeuot"\n  fix: did you mean "timeout"?`,
    ],
    [
      "services: { chat: { timeout: -5 } }",
      `${path}:1:30 services.chat.timeout: expected a duration, found -5\n  fix: write for example`,
    ],
    [
      "services: { chat: { recovery_strategy: restrat } }",
      `${path}:1:40 services.chat.recovery_strategy: expected a strategy, found "restrat"\n  fix: did you mean "restart"?`,
    ],
    [
      "services: { chat: { breaker: { failure_treshold: 5 } } }",
      `${path}:1:32 services.chat.breaker.failure_treshold: unknown key "failure_treshold"\n  fix: did you mean "failure_threshold"?`,
    ],
    [
      "services: { chat: { methods: { ask: { retry: { attempts: 0 } } } } }",
      `${path}:1:58 services.chat.methods.ask.retry.attempts: expected a whole number from 1 to 20, found 0`,
    ],
    [
      "engine: { limited_to: [breker] }",
      `${path}:1:24 engine.limited_to[0]: expected timeout | retry | breaker`,
    ],
    ["servces: {}", `${path}:1:1 servces: unknown key "servces"\n  fix: did you mean "services"?`],
    ["services:\n\tchat: {}\n", `${path}:2:1 Tabs are not allowed`],
  ];

  it.each(mistakes)("%j is told with its place, value and fix", (text, says) => {
    expect(complaints(text).map((each) => each.slice(0, says.length))).toEqual([says]);
  });

  it("leaves the keys of the daemon alone", () => {
    const text =
      "fleet: shop\nservices: { web: { command: node web.js, listen: 80, timeout: 5s } }";
    expect(said(text)).toEqual([
      `web * timeoutMs 5000 ${path}:2:63`,
      `web * address "http://127.0.0.1:80" ${path}:2:50`,
    ]);
  });
});

describe(".reliability-config.json for the engine", () => {
  const file = ".reliability-config.json";

  it("is read in its own words", () => {
    const text = JSON.stringify({
      engine: { mode: "production", autoRecover: true, silentErrorDetection: false },
      integration: { unifiedDashboard: true },
      thresholds: { errorRate: 0.02, responseTime: 500 },
    });
    expect(said(`// ours\n${text}`, file).map((line) => line.split(" ").slice(2, 4))).toEqual([
      ["mode", '"full"'],
      ["switches.autoRecovery", "true"],
      ["switches.silentErrors", "false"],
      ["integration.unifiedDashboard", "true"],
      ["thresholds.errorRate", "0.02"],
      ["thresholds.responseTimeMs", "500"],
    ]);
  });

  it("tells line and column of a mistake", () => {
    const text = '{\n  "engine": {\n    "mode": "prodution"\n  }\n}';
    expect(complaints(text, file)[0]).toMatch(
      /^\.reliability-config\.json:3:13 engine\.mode: expected production .* found "prodution"\n.*did you mean "production"/,
    );
  });
});

describe("the same file for the daemon", () => {
  const fleet = { path: "soulmirror.yaml", text: "services: { web: { command: node web.js } }" };

  function load(text: string): ReturnType<typeof loadFleet> {
    return loadFleet({ files: [fleet, { path, text }], baseDir: "/srv", hash: (each) => each });
  }

  it("is read without what concerns the engine alone", () => {
    const text = [
      "engine: { mode: shadow }",
      "services:",
      "  web:",
      "    timeout: 5s",
      "    recovery_strategy: reconnect, restart",
      "    breaker: { failure_threshold: 3 }",
      "    methods: { ask: { timeout: 1s } }",
      "  llm:openai: { timeout: 10s }",
    ].join("\n");
    const loaded = load(text);
    expect(loaded.ok ? loaded.value.fleet.mode : loaded.error).toBe("full");
    expect(loaded.ok && loaded.value.fleet.services["web"]?.timeoutMs).toBe(5000);
  });

  it("is not valid when that part is not", () => {
    const loaded = load("services: { web: { breaker: { failure_treshold: 3 }, timeout: soon } }");
    const told = loaded.ok ? [] : loaded.error.map(({ key }) => key);
    expect(told).toEqual(["services.web.breaker.failure_treshold", "services.web.timeout"]);
  });

  it("is complained about once where a service is none", () => {
    const files = [{ path, text: "services: { web: 5 }" }];
    const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
    expect(loaded.ok ? [] : loaded.error.map(({ key }) => key)).toEqual(["services.web"]);
  });
});

describe("a time limit without a unit", () => {
  it.each(["10", '"10"', "0.5"])("is refused where nobody can mean milliseconds: %s", (limit) => {
    const [said = ""] = complaints(`services: { chat: { timeout: ${limit} } }`);
    const number = limit.replaceAll('"', "");
    expect(said).toContain(`${number} is ${number} ms`);
    expect(said).toContain(`write ${number}s, or ${number}ms`);
  });

  it.each(["0", "100", "30000", "10ms", "0.5s"])("is taken where it is clear: %s", (limit) => {
    expect(complaints(`services: { chat: { timeout: ${limit} } }`)).toEqual([]);
  });
});

describe("settings of calls that stand where nobody reads them", () => {
  const fix = "write it below `engine.defaults`, for all services, or below `services.NAME`";

  it.each([
    ["timeout: 5s", 1, 1, "timeout", '"timeout" means nothing here'],
    ["mode: full\nretry: { attempts: 2 }", 2, 1, "retry", '"retry" means nothing here'],
    ["engine: { breaker: false }", 1, 11, "engine.breaker", '"breaker" means nothing here'],
    [
      "defaults:\n  timeout: 5s\n  probes: { interval: 3s }",
      2,
      3,
      "defaults.timeout",
      '"timeout" means nothing here: these defaults are the daemon\'s',
    ],
  ])("%j is told with the place where they belong", (...[text, line, column, key, message]) => {
    const read = readEngineFile({ path, text });
    expect(read.ok ? [] : read.error).toEqual([{ file: path, line, column, key, message, fix }]);
  });

  it("are those of the daemon where it reads them, and unknown ones as before", () => {
    expect(complaints("defaults: { probes: { interval: 3s }, services: { timeout: 5s } }")).toEqual(
      [],
    );
    expect(complaints("engine: { timeut: 5s }")[0]).toContain('unknown key "timeut"');
  });
});
