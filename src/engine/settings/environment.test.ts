/** V1 to V3: each variable with a good, a bad and an empty value. */
import { describe, expect, it } from "vitest";
import { EngineSettings } from "./engine-settings.ts";
import { environmentNames, readEnvironment } from "./environment.ts";

interface Row {
  readonly name: string;
  readonly leaf?: string;
  readonly good: readonly (readonly [written: string, value: unknown])[];
  readonly bad: readonly string[];
  /** What a bad value counts as; undefined: nothing is set. */
  readonly counts?: string | boolean;
  readonly isSecret?: boolean;
}

function whole(name: string, leaf: string, tooLittle: string): Row {
  const bad = [tooLittle, "-5", "30s", "1.5", "NaN", "1e3", "0x10", "2147483648", "99999999999"];
  const good = [
    ["7000", 7000],
    [" 2147483647 ", 2_147_483_647],
  ] as const;
  return { name, leaf, good, bad };
}

function flag(name: string, leaf: string): Row {
  const on = ["true", "1", "yes", "on", "TRUE"].map((word) => [word, true] as const);
  const off = ["false", "0", "no", "off", "Off"].map((word) => [word, false] as const);
  return { name, leaf, good: [...on, ...off], bad: ["flase", "2", "enabled"], counts: false };
}

function text(name: string, good: string, ...bad: string[]): Row {
  return { name, good: [[good, good]], bad };
}

function secret(row: Row): Row {
  return { ...row, isSecret: true };
}

const notHttp = ["collector:4318", "http://", "ftp://h/x", "https//h"];

const rows: readonly Row[] = [
  flag("RELIABILITY_ENGINE_ENABLED", "switches.engine"),
  flag("SELF_HEALING_ENABLED", "switches.selfHealing"),
  flag("INSTRUMENTATION_ENABLED", "switches.instrumentation"),
  flag("HEALTH_MONITORING_ENABLED", "switches.healthMonitoring"),
  flag("CIRCUIT_BREAKERS_ENABLED", "switches.breakers"),
  flag("AUTO_RECOVERY_ENABLED", "switches.autoRecovery"),
  flag("RETRY_STRATEGY_ENABLED", "switches.retry"),
  flag("FAILOVER_STRATEGY_ENABLED", "switches.failover"),
  {
    name: "SOULMIRROR_MODE",
    leaf: "mode",
    good: ["off", "shadow", "monitor", "limited", "full", "Full"].map((word) => [
      word,
      word.toLowerCase(),
    ]),
    bad: ["bogus", "ful", "production", "true"],
    counts: "shadow",
  },
  whole("METRICS_BATCH_SIZE", "telemetry.batchSize", "0"),
  whole("METRICS_FLUSH_INTERVAL_MS", "telemetry.flushIntervalMs", "9"),
  {
    ...text("METRICS_REDIS_STREAM_KEY", "a:b", "a\nb", "x".repeat(501)),
    leaf: "telemetry.redisStreamKey",
  },
  secret({
    ...text("REDIS_URL", "rediss://u:p@h:1/0", "h:6379", "http://h"),
    leaf: "telemetry.redisUrl",
  }),
  whole("HEALTH_CHECK_INTERVAL_MS", "health.intervalMs", "9"),
  whole("HEALTH_CHECK_TIMEOUT_MS", "health.timeoutMs", "0"),
  whole("CIRCUIT_BREAKER_FAILURE_THRESHOLD", "breaker.failureThreshold", "-1"),
  whole("CIRCUIT_BREAKER_SUCCESS_THRESHOLD", "breaker.successThreshold", "0"),
  whole("CIRCUIT_BREAKER_TIMEOUT_MS", "timeoutMs", "-1"),
  whole("CIRCUIT_BREAKER_RESET_TIMEOUT_MS", "breaker.resetTimeoutMs", "0"),
  whole("RECOVERY_MAX_RETRY_ATTEMPTS", "retry.attempts", "0"),
  whole("RECOVERY_RETRY_BASE_DELAY_MS", "retry.delayMs", "-1"),
  flag("ALERT_EMAIL_ENABLED", "alerts.email"),
  flag("ALERT_SMS_ENABLED", "alerts.sms"),
  secret({ ...text("ALERT_WEBHOOK_URL", "https://h/x", ...notHttp), leaf: "alerts.webhookUrl" }),
  secret(text("SOULMIRROR_ENDPOINT", "http://h:5050", ...notHttp)),
  secret(text("OTEL_EXPORTER_OTLP_ENDPOINT", "http://h", ...notHttp)),
  secret(text("OTEL_EXPORTER_OTLP_HEADERS", "a=b==, c=", "token", "a=b,", "=b")),
  text("OTEL_EXPORTER_OTLP_TIMEOUT", "500", "10s", "0", "600001"),
];

it("each variable is here", () => {
  expect(rows.map(({ name }) => name).toSorted()).toEqual(environmentNames.toSorted());
});

describe.each(rows)("$name", ({ name, leaf, good, bad, counts, isSecret = false }) => {
  it.each(good)("takes %j", (written, value) => {
    const { layer, problems } = readEnvironment({ [name]: written });
    expect(problems).toEqual([]);
    expect(layer.entries).toEqual(
      leaf === undefined ? [] : [{ leaf, value, key: name, from: `environment variable ${name}` }],
    );
  });

  it.each(bad)("tells of %j, with the value and the fix", (written) => {
    const { layer, problems } = readEnvironment({ [name]: written });
    expect(layer.entries.map(({ value }) => value)).toEqual(counts === undefined ? [] : [counts]);
    expect(problems).toHaveLength(1);
    const [{ file, key, message, fix } = { file: "", key: "", message: "", fix: "" }] = problems;
    expect([file, key]).toEqual([`environment variable ${name}`, name]);
    const shown = isSecret ? written.slice(0, written.length / 4) : written.slice(0, 37);
    expect(message).toMatch(/^expected .*, found /s);
    expect(message).toContain(`"${shown}`);
    if (isSecret) expect(message.split(", found ")[1]).not.toContain(written);
    if (counts !== undefined) expect(message).toContain(`; it counts as ${String(counts)}`);
    expect(fix).toMatch(new RegExp(`^write ${name}=.`));
    const advice = fix.replace(/^write [A-Z_]+=/, "").replace(/ to switch it off$| \(or .*\)$/, "");
    expect(readEnvironment({ [name]: advice }).problems).toEqual([]);
  });

  it.each(["", "  "])("takes %j for not set", (written) => {
    expect(readEnvironment({ [name]: written })).toEqual(readEnvironment({}));
  });
});

it("what cannot be changes no number, holds back a switch, and lets nothing act in a mode", () => {
  const environment = {
    CIRCUIT_BREAKER_TIMEOUT_MS: "x",
    RETRY_STRATEGY_ENABLED: "x",
    RELIABILITY_ENGINE_ENABLED: "on",
  };
  const all = new EngineSettings([readEnvironment(environment).layer]);
  expect(all.defaults.timeoutMs).toBe(30_000);
  expect(all.defaults.acts).toMatchObject({ retry: false, breaker: true });
  expect(all.mode).toBe("full");
  const { layer } = readEnvironment({ ...environment, SOULMIRROR_MODE: "bogus" });
  expect(new EngineSettings([layer]).mode).toBe("shadow");
});

it("names all modes where nobody can tell which one was meant", () => {
  const fixOf = (mode: string) => readEnvironment({ SOULMIRROR_MODE: mode }).problems[0]?.fix;
  expect(fixOf("prod")).toBe("write SOULMIRROR_MODE=full (or limited, monitor, shadow, off)");
  expect(fixOf("shadwo")).toBe("write SOULMIRROR_MODE=shadow");
});
