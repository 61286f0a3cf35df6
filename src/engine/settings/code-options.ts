/** What a program sets in code: the same words as in the file, in the spelling of JavaScript. */
import {
  durationOption,
  eitherOption,
  engineParts,
  flagOption,
  listOption,
  type Mode,
  namedOption,
  numberOption,
  type OptionPlace,
  type OptionReader,
  optionsOf,
  requiredOption,
  wholeOption,
  wordOption,
} from "../../kernel/index.ts";
import { modeOption, timeoutOption } from "../options.ts";
import {
  type Entry,
  type Layer,
  type Part,
  type SettingName,
  type SwitchName,
  switchNames,
} from "./setting.ts";

/** `30_000` or "30s". */
type Duration = number | string;

/** What the calls of an engine, a service or a method get. */
export interface CallOptionsInCode {
  readonly mode?: Mode;
  /** The parts that act in mode `limited`. */
  readonly limitedTo?: readonly Part[];
  /** Longest time for a call; 0, false or "none": no limit. Default 30 s. */
  readonly timeout?: Duration | false;
  /** True: its calls may be done twice. False: it retries by itself. */
  readonly autoRetry?: boolean;
  readonly retry?: {
    /** Calls at most, the first one included. Default 3. */
    readonly attempts?: number;
    readonly delay?: Duration;
    readonly growth?: number;
    readonly delayMax?: Duration;
    /** Share of retries among all calls, 0 to 1. Default 0.2. */
    readonly budget?: number;
  };
  readonly breaker?: boolean | BreakerOptionsInCode;
  readonly bulkhead?: { readonly limit: number; readonly queue?: number };
}

export interface BreakerOptionsInCode {
  /** Faults in a row that open it; 0: never for that reason. Default 5. */
  readonly failureThreshold?: number;
  /** Good probes in a row that close it. Default 2. */
  readonly successThreshold?: number;
  /** How long it stays open. Default 60 s. */
  readonly resetTimeout?: Duration;
  readonly resetGrowth?: number;
  readonly resetTimeoutMax?: Duration;
  /** Share of failed calls within `window` that opens it, 0 to 1. */
  readonly failureRate?: number;
  readonly slowCallRate?: number;
  readonly slowCall?: Duration;
  readonly window?: Duration;
  readonly minimumCalls?: number;
}

export interface ServiceOptionsInCode extends CallOptionsInCode {
  readonly recoveryStrategy?: string | readonly string[];
  /** A URL, a path such as `/health`, or "custom". */
  readonly healthCheck?: string;
  /** Where it listens: `http://127.0.0.1:4102`. */
  readonly address?: string;
  readonly methods?: Readonly<Record<string, CallOptionsInCode>>;
}

export interface EngineOptionsInCode extends CallOptionsInCode {
  readonly recoveryStrategy?: string | readonly string[];
  readonly switches?: Readonly<Partial<Record<SwitchName, boolean>>>;
  /** What the engine does with what is there already; all true. */
  readonly integration?: {
    /** False: `wrap` returns what it was handed. */
    readonly wrapExistingServices?: boolean;
    /** False: monitors that were handed in are listed, and neither heard nor asked. */
    readonly enhanceExistingMonitors?: boolean;
    /** False: the engine does not show itself to the daemon that has started it. */
    readonly unifiedDashboard?: boolean;
  };
  /** From where on something is ill. */
  readonly thresholds?: {
    /** Share of failed calls that is foreseen. Default 0.01. */
    readonly errorRate?: number;
    /** The p95 of an operation. Without it nothing is too slow. */
    readonly responseTime?: Duration;
    /** Share of the memory that may be used. Without it 0.75. */
    readonly memoryUsage?: number;
    /** Share of the processor time that is allowed. Without it 0.8. */
    readonly cpuUsage?: number;
  };
  readonly services?: Readonly<Record<string, ServiceOptionsInCode>>;
}

const attemptsMax = 20;
const strategyWords = ["retry", "reconnect", "restart", "failover", "escalate"] as const;

const rate = numberOption({ min: 0, max: 1 });
const growth = numberOption({ min: 1, max: 10 });
const strategy = wordOption(strategyWords);

const retryShape = optionsOf({
  attempts: wholeOption({ min: 1, max: attemptsMax }),
  delay: durationOption(),
  growth,
  delayMax: durationOption(),
  budget: rate,
});

const callShape = {
  mode: modeOption,
  limitedTo: listOption(wordOption(engineParts)),
  timeout: timeoutOption,
  autoRetry: flagOption(),
  retry: retryOption,
  breaker: eitherOption(
    flagOption(),
    optionsOf({
      failureThreshold: wholeOption(),
      successThreshold: wholeOption({ min: 1 }),
      resetTimeout: durationOption({ min: 1 }),
      resetGrowth: growth,
      resetTimeoutMax: durationOption({ min: 1 }),
      failureRate: rate,
      slowCallRate: rate,
      slowCall: durationOption({ min: 1 }),
      window: durationOption({ min: 10 }),
      minimumCalls: wholeOption({ min: 1 }),
    }),
  ),
  bulkhead: optionsOf({ limit: requiredOption(wholeOption({ min: 1 })), queue: wholeOption() }),
};

const serviceShape = {
  ...callShape,
  recoveryStrategy: eitherOption(listOption(strategy), strategy),
  healthCheck: healthCheckOption,
  address: urlOption,
  methods: namedOption(optionsOf(callShape)),
};

/** For `createEngine`, beside its own options. */
export const engineOptionReaders = {
  ...callShape,
  recoveryStrategy: eitherOption(listOption(strategy), strategy),
  switches: optionsOf(
    Object.fromEntries(switchNames.map((name) => [name, flagOption()])) as {
      readonly [K in SwitchName]: OptionReader<boolean>;
    },
  ),
  integration: optionsOf({
    wrapExistingServices: flagOption(),
    enhanceExistingMonitors: flagOption(),
    unifiedDashboard: flagOption(),
  }),
  thresholds: optionsOf({
    errorRate: rate,
    responseTime: durationOption({ min: 1 }),
    memoryUsage: rate,
    cpuUsage: rate,
  }),
  services: namedOption(optionsOf(serviceShape)),
} as const;

/** For `wrap` and `registerService`. */
export const serviceOptionReaders = serviceShape;

/** Options that went through `engineOptionReaders`. */
export function layerOfCode(options: EngineOptionsInCode): Layer {
  const entries = [...entriesOfService({}, options, "")];
  for (const [name, on] of Object.entries(options.switches ?? {})) {
    const key = `switches.${name}`;
    entries.push({ leaf: key as SettingName, value: on, key, from: inCode(key) });
  }
  for (const part of ["integration", "thresholds"] as const) {
    const given: Readonly<Record<string, Entry["value"]>> = options[part] ?? {};
    for (const [name, value] of Object.entries(given)) {
      const key = `${part}.${name}`;
      const leaf = `${part}.${withUnit(name)}` as SettingName;
      entries.push({ leaf, value, key, from: inCode(key) });
    }
  }
  for (const [service, given] of Object.entries(options.services ?? {})) {
    entries.push(...entriesOfService({ service }, given, `services.${service}.`));
  }
  return { name: "code", entries };
}

/** What was handed in beside a target, and went through `serviceOptionReaders`. */
export function entriesInCode(service: string, options: ServiceOptionsInCode): readonly Entry[] {
  return entriesOfService({ service }, options, `services.${service}.`);
}

type At = Pick<Entry, "service" | "method">;

/** What one service was given: at `wrap`, or below `services`. */
function entriesOfService(at: At, given: ServiceOptionsInCode, prefix: string): readonly Entry[] {
  const entries = [...entriesOfCalls(at, given, prefix)];
  const put = putter(at, prefix, entries);
  if (given.recoveryStrategy !== undefined) {
    const strategies = given.recoveryStrategy;
    put(
      "strategies",
      "recoveryStrategy",
      typeof strategies === "string" ? [strategies] : strategies,
    );
  }
  if (given.healthCheck !== undefined) put("healthCheck", "healthCheck", given.healthCheck);
  if (given.address !== undefined) put("address", "address", given.address);
  for (const [method, calls] of Object.entries(given.methods ?? {})) {
    entries.push(...entriesOfCalls({ ...at, method }, calls, `${prefix}methods.${method}.`));
  }
  return entries;
}

function entriesOfCalls(at: At, given: CallOptionsInCode, prefix: string): readonly Entry[] {
  const entries: Entry[] = [];
  const put = putter(at, prefix, entries);
  if (given.mode !== undefined) put("mode", "mode", given.mode);
  if (given.limitedTo !== undefined) put("limitedTo", "limitedTo", given.limitedTo);
  if (given.timeout !== undefined) put("timeoutMs", "timeout", given.timeout);
  if (given.autoRetry !== undefined) {
    put("retry.permission", "autoRetry", given.autoRetry ? "declared_idempotent" : "never");
  }
  for (const [key, value] of Object.entries(given.retry ?? {})) {
    put(`retry.${withUnit(key)}` as SettingName, `retry.${key}`, value);
  }
  if (typeof given.breaker === "boolean") put("breaker.enabled", "breaker", given.breaker);
  else {
    for (const [key, value] of Object.entries(given.breaker ?? {})) {
      put(`breaker.${withUnit(key)}` as SettingName, `breaker.${key}`, value as number);
    }
    if (given.breaker !== undefined) put("breaker.enabled", "breaker", true);
  }
  for (const [key, value] of Object.entries(given.bulkhead ?? {})) {
    put(`bulkhead.${key}` as SettingName, `bulkhead.${key}`, value);
  }
  return entries;
}

type Put = (leaf: SettingName, key: string, value: Entry["value"]) => void;

function putter(at: At, prefix: string, entries: Entry[]): Put {
  return (leaf, key, value) => {
    const name = `${prefix}${key}`;
    entries.push({ ...at, leaf, value, key: name, from: inCode(name) });
  };
}

function inCode(key: string): string {
  return `code (\`${key}\`)`;
}

const times: ReadonlySet<string> = new Set(
  "delay delayMax resetTimeout resetTimeoutMax slowCall window responseTime".split(" "),
);

/** Inside, the unit is part of the name. */
function withUnit(key: string): string {
  return times.has(key) ? `${key}Ms` : key;
}

/** Other packages take a number or a flag here. */
function retryOption(value: unknown, place: OptionPlace): ReturnType<typeof retryShape> {
  if (value === false || value === 0 || value === 1) {
    place.wrong(value, "an object with options", "write autoRetry: false beside it instead");
  } else if (value === true) {
    const fix = "write { attempts: 3 }, and autoRetry: true where calls may be done twice";
    place.wrong(value, "an object with options", fix);
  } else if (typeof value === "number" && value > 0) {
    const attempts = Math.min(Math.ceil(value), attemptsMax);
    place.wrong(value, "an object with options", `write { attempts: ${attempts} }`);
  } else return retryShape(value, place);
  return {};
}

function healthCheckOption(value: unknown, place: OptionPlace): string {
  if (typeof value === "string" && (value === "custom" || value.startsWith("/") || isUrl(value))) {
    return value;
  }
  place.wrong(value, "a URL, a path or custom", 'write "/health", "http://..." or "custom"');
  return "";
}

function urlOption(value: unknown, place: OptionPlace): string {
  if (typeof value === "string" && isUrl(value)) return value;
  place.wrong(value, "an address", "write http://HOST:PORT");
  return "";
}

function isUrl(value: string): boolean {
  return /^https?:\/\//.test(value) && URL.canParse(value);
}
