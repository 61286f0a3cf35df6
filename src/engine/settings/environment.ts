/**
 * The environment as settings, read without any package.
 *
 * V1. A number that cannot be is left out and told; what held before holds on.
 * V2. A switch with a word that nobody understands is off, and told: whoever sets a switch means to
 *     hold something back.
 */
import { type Mode, modes, nearest } from "../../kernel/index.ts";
import type { Entry, Layer, SettingName, SwitchName } from "./setting.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** A mistake in what people have set; the fields are those of a mistake in a file. */
export interface SettingProblem {
  /** The file, or `environment variable NAME`. */
  readonly file: string;
  /** 0 where there is no line. */
  readonly line: number;
  readonly column: number;
  readonly key: string;
  readonly message: string;
  readonly fix: string;
}

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

const texts: Readonly<Record<string, SettingName>> = {
  METRICS_REDIS_STREAM_KEY: "telemetry.redisStreamKey",
  REDIS_URL: "telemetry.redisUrl",
  ALERT_WEBHOOK_URL: "alerts.webhookUrl",
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

export function readEnvironment(environment: Environment): EnvironmentLayer {
  const entries: Entry[] = [];
  const problems: SettingProblem[] = [];
  const set = (name: string, leaf: SettingName, value: Entry["value"]): void => {
    entries.push({ leaf, value, key: name, from: `environment variable ${name}` });
  };
  const complain = (name: string, message: string, fix: string): void => {
    const file = `environment variable ${name}`;
    problems.push({ file, line: 0, column: 0, key: name, message, fix });
  };
  for (const [name, leaf] of Object.entries(texts)) {
    const value = said(environment, name);
    if (value !== undefined) set(name, leaf, value);
  }
  for (const [name, { leaf, min, usual }] of Object.entries(numbers)) {
    const value = said(environment, name);
    if (value === undefined) continue;
    const read = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
    if (read >= min && read <= delayMaxMs) set(name, leaf, read);
    else {
      const wants = `expected a whole number from ${min} to ${delayMaxMs}`;
      complain(name, `${wants}, found "${shortened(value)}"`, `write ${name}=${usual}`);
    }
  }
  for (const names of [switches, wishes]) {
    for (const [name, word] of Object.entries(names)) {
      const value = said(environment, name);
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
  readMode(environment, set, complain);
  return { layer: { name: "environment", entries }, problems };
}

function readMode(
  environment: Environment,
  set: (name: string, leaf: SettingName, value: Mode) => void,
  complain: (name: string, message: string, fix: string) => void,
): void {
  const name = "SOULMIRROR_MODE";
  const value = said(environment, name);
  if (value === undefined) return;
  const mode = modes.find((each) => each === value);
  if (mode !== undefined) return set(name, "mode", mode);
  const meant = nearest(value, modes) ?? "shadow";
  const message = `expected ${modes.join(" | ")}, found "${shortened(value)}"`;
  complain(name, message, `write ${name}=${meant}`);
}

/** Not there and empty are the same. */
function said(environment: Environment, name: string): string | undefined {
  const value = environment[name]?.trim();
  return value === "" ? undefined : value;
}

function switchOf(value: string): boolean | undefined {
  const word = value.toLowerCase();
  if (["true", "1", "yes", "on"].includes(word)) return true;
  return ["false", "0", "no", "off"].includes(word) ? false : undefined;
}

function shortened(value: string): string {
  return value.length > 40 ? `${value.slice(0, 37)}...` : value;
}
