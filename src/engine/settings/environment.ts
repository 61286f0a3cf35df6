/**
 * The environment as settings, read without any package.
 *
 * V1. A number, a text or an address that cannot be is left out and told; what held before holds
 *     on.
 * V2. A switch with a word that nobody understands is off, and told: whoever sets a switch means to
 *     hold something back. So does whoever sets a mode: one that nobody knows counts as `shadow`.
 * V3. What is empty was not set. Addresses may hold secrets: of those only the beginning is told.
 */
import { modes, nearest } from "../../kernel/index.ts";
import type { Entry, Layer, SettingName, SwitchName } from "./setting.ts";
import type { SettingProblem } from "./setting-problem.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvironmentLayer {
  readonly layer: Layer;
  readonly problems: readonly SettingProblem[];
}

interface Numeric {
  readonly leaf: SettingName;
  readonly min: number;
  readonly usual: number;
}

const delayMaxMs = 2 ** 31 - 1;

const numbers: Readonly<Record<string, Numeric>> = {
  METRICS_BATCH_SIZE: { leaf: "telemetry.batchSize", min: 1, usual: 100 },
  METRICS_FLUSH_INTERVAL_MS: { leaf: "telemetry.flushIntervalMs", min: 10, usual: 1000 },
  HEALTH_CHECK_INTERVAL_MS: { leaf: "health.intervalMs", min: 10, usual: 30_000 },
  HEALTH_CHECK_TIMEOUT_MS: { leaf: "health.timeoutMs", min: 1, usual: 5000 },
  CIRCUIT_BREAKER_FAILURE_THRESHOLD: { leaf: "breaker.failureThreshold", min: 0, usual: 5 },
  CIRCUIT_BREAKER_SUCCESS_THRESHOLD: { leaf: "breaker.successThreshold", min: 1, usual: 2 },
  CIRCUIT_BREAKER_TIMEOUT_MS: { leaf: "timeoutMs", min: 0, usual: 30_000 },
  CIRCUIT_BREAKER_RESET_TIMEOUT_MS: { leaf: "breaker.resetTimeoutMs", min: 1, usual: 60_000 },
  RECOVERY_MAX_RETRY_ATTEMPTS: { leaf: "retry.attempts", min: 1, usual: 3 },
  RECOVERY_RETRY_BASE_DELAY_MS: { leaf: "retry.delayMs", min: 0, usual: 1000 },
};

interface Text {
  /** Undefined: telemetry reads it, here it is only looked at. */
  readonly leaf?: SettingName;
  readonly fits: (value: string) => boolean;
  readonly wants: string;
  readonly usual: string;
  readonly isSecret: boolean;
}

const http: Text = {
  fits: (value) => /^https?:\/\//i.test(value) && URL.canParse(value),
  wants: "an address that begins with http:// or https://",
  usual: "http://127.0.0.1:4318",
  isSecret: true,
};

const texts: Readonly<Record<string, Text>> = {
  METRICS_REDIS_STREAM_KEY: {
    leaf: "telemetry.redisStreamKey",
    fits: (value) => /^\P{Cc}{1,500}$/u.test(value),
    wants: "a key of 1 to 500 characters",
    usual: "metrics:stream",
    isSecret: false,
  },
  REDIS_URL: {
    leaf: "telemetry.redisUrl",
    fits: (value) => /^(?:rediss?|unix):\/\/\S/i.test(value) && URL.canParse(value),
    wants: "an address that begins with redis:// or rediss://",
    usual: "redis://127.0.0.1:6379",
    isSecret: true,
  },
  ALERT_WEBHOOK_URL: { ...http, leaf: "alerts.webhookUrl", usual: "https://HOST/PATH" },
  SOULMIRROR_ENDPOINT: http,
  OTEL_EXPORTER_OTLP_ENDPOINT: http,
  OTEL_EXPORTER_OTLP_HEADERS: {
    fits: (value) => value.split(",").every((pair) => /^\s*[^=\s][^=]*=/.test(pair)),
    wants: "a list of names and values",
    usual: "key1=value1,key2=value2",
    isSecret: true,
  },
  OTEL_EXPORTER_OTLP_TIMEOUT: {
    fits: (value) => /^\d+$/.test(value) && Number(value) >= 1 && Number(value) <= 600_000,
    wants: "milliseconds from 1 to 600000",
    usual: "10000",
    isSecret: false,
  },
};

const switches: Readonly<Record<string, SwitchName>> = {
  RELIABILITY_ENGINE_ENABLED: "engine",
  SELF_HEALING_ENABLED: "selfHealing",
  INSTRUMENTATION_ENABLED: "instrumentation",
  HEALTH_MONITORING_ENABLED: "healthMonitoring",
  CIRCUIT_BREAKERS_ENABLED: "breakers",
  AUTO_RECOVERY_ENABLED: "autoRecovery",
  RETRY_STRATEGY_ENABLED: "retry",
  FAILOVER_STRATEGY_ENABLED: "failover",
};

/** Off unless they say so. */
const wishes: Readonly<Record<string, SettingName>> = {
  ALERT_EMAIL_ENABLED: "alerts.email",
  ALERT_SMS_ENABLED: "alerts.sms",
};

/** Every variable that the engine reads. */
export const environmentNames: readonly string[] = [
  "SOULMIRROR_MODE",
  ...[numbers, texts, switches, wishes].flatMap((names) => Object.keys(names)),
];

export interface EnvironmentRule {
  readonly wants: string;
  /** What becomes of anything else. */
  readonly otherwise: string;
  /** Undefined: no setting. */
  readonly leaf?: SettingName | undefined;
}

/** What each of them may say, and what it sets. */
export function environmentRules(): ReadonlyMap<string, EnvironmentRule> {
  const rules = new Map<string, EnvironmentRule>();
  const add = (name: string, rule: EnvironmentRule): unknown => rules.set(name, rule);
  add("SOULMIRROR_MODE", {
    wants: modes.join(", "),
    otherwise: "counts as `shadow`",
    leaf: "mode",
  });
  const flag = { wants: "true or false", otherwise: "counts as `false`" };
  for (const [name, word] of Object.entries(switches)) {
    add(name, { ...flag, leaf: `switches.${word}` });
  }
  for (const [name, leaf] of Object.entries(wishes)) add(name, { ...flag, leaf });
  const otherwise = "is left out";
  for (const [name, { min, leaf }] of Object.entries(numbers)) {
    add(name, { wants: `a whole number from ${min}`, otherwise, leaf });
  }
  for (const [name, { wants, leaf }] of Object.entries(texts)) {
    add(name, { wants, leaf, otherwise: leaf === undefined ? "nothing is sent" : otherwise });
  }
  return rules;
}

export function readEnvironment(environment: Environment): EnvironmentLayer {
  const entries: Entry[] = [];
  const problems: SettingProblem[] = [];
  const reading: Reading = {
    said: (name) => {
      const value = environment[name]?.trim();
      return value === "" ? undefined : value;
    },
    set: (name, leaf, value) => {
      entries.push({ leaf, value, key: name, from: `environment variable ${name}` });
    },
    complain: (name, message, fix) => {
      const file = `environment variable ${name}`;
      problems.push({ file, line: 0, column: 0, key: name, message, fix });
    },
  };
  readTexts(reading);
  readNumbers(reading);
  readSwitches(reading);
  readMode(reading);
  return { layer: { name: "environment", entries }, problems };
}

interface Reading {
  /** V3. */
  readonly said: (name: string) => string | undefined;
  readonly set: (name: string, leaf: SettingName, value: Entry["value"]) => void;
  readonly complain: (name: string, message: string, fix: string) => void;
}

function readTexts({ said, set, complain }: Reading): void {
  for (const [name, { leaf, fits, wants, usual, isSecret }] of Object.entries(texts)) {
    const value = said(name);
    if (value === undefined) continue;
    if (!fits(value)) {
      const found = isSecret ? beginningOf(value) : `"${shortened(value)}"`;
      complain(name, `expected ${wants}, found ${found}`, `write ${name}=${usual}`);
    } else if (leaf !== undefined) set(name, leaf, value);
  }
}

function readNumbers({ said, set, complain }: Reading): void {
  for (const [name, { leaf, min, usual }] of Object.entries(numbers)) {
    const value = said(name);
    if (value === undefined) continue;
    const read = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (read >= min && read <= delayMaxMs) set(name, leaf, read);
    else {
      const wants = `expected a whole number from ${min} to ${delayMaxMs}`;
      complain(name, `${wants}, found "${shortened(value)}"`, `write ${name}=${usual}`);
    }
  }
}

function readSwitches({ said, set, complain }: Reading): void {
  for (const names of [switches, wishes]) {
    for (const [name, word] of Object.entries(names)) {
      const value = said(name);
      if (value === undefined) continue;
      const isOn = switchOf(value);
      const leaf = names === switches ? (`switches.${word}` as SettingName) : (word as SettingName);
      set(name, leaf, isOn ?? false);
      if (isOn === undefined) {
        const message = `expected true or false, found "${shortened(value)}"; it counts as false`;
        complain(name, message, `write ${name}=false to switch it off`);
      }
    }
  }
}

function readMode({ said, set, complain }: Reading): void {
  const name = "SOULMIRROR_MODE";
  const value = said(name);
  if (value === undefined) return;
  const mode = modes.find((each) => each === value.toLowerCase());
  set(name, "mode", mode ?? "shadow");
  if (mode !== undefined) return;
  const meant = nearest(value, modes);
  const wants = `expected ${modes.join(" | ")}`;
  const message = `${wants}, found "${shortened(value)}"; it counts as shadow`;
  const choices = `write ${name}=full (or limited, monitor, shadow, off)`;
  complain(name, message, meant === undefined ? choices : `write ${name}=${meant}`);
}

function switchOf(value: string): boolean | undefined {
  const word = value.toLowerCase();
  if (["true", "1", "yes", "on"].includes(word)) return true;
  return ["false", "0", "no", "off"].includes(word) ? false : undefined;
}

function shortened(value: string): string {
  return value.length > 40 ? `${value.slice(0, 37)}...` : value;
}

/** V3. */
function beginningOf(value: string): string {
  const shown = value.slice(0, Math.min(4, value.length / 2));
  return `${value.length} characters that begin with "${shown}"`;
}
