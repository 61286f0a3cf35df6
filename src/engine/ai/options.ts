/** What the caller may say about a failover; the same for functions, clients and models. */
import {
  callbackOption,
  checkOptions,
  durationOption,
  flagOption,
  numberOption,
  type OptionPlace,
  type OptionReader,
  optionsOf,
  textOption,
  wholeOption,
  wordOption,
} from "../../kernel/index.ts";
import {
  type AllFailedError,
  type ErrorCategory,
  errorCategories,
  type RingOptions,
  type Tools,
} from "../../resilience/index.ts";
import type { Notice } from "../events.ts";
import type { CallMeter, GroupEngine } from "../operation.ts";
import type { FailOverOn } from "./fail-over-rule.ts";

export type ProviderOrder = "order" | "latency" | "cost" | "health";

/** `30_000` or "30s". */
export type Duration = number | string;

/** A stream broke after a part of it had been delivered. */
export interface Restart {
  readonly from: string;
  /** `degraded`: nobody was left but the declared last resort. */
  readonly to: string;
  /** 1 for the first restart of this request. */
  readonly number: number;
  readonly error: unknown;
  /** Chunks that were delivered so far: what they said is to be thrown away. */
  readonly deliveredChunks: number;
}

/** Nobody has answered. */
export interface Outage {
  /** `chat.completions.create`, `doStream`, or the name of the failover. */
  readonly operation: string;
  readonly request: unknown;
  readonly isStream: boolean;
  readonly error: AllFailedError;
}

/** When a provider is not asked for a while. Never all of them are ejected. */
export interface EjectionOptions {
  /** Faults in a row; 0: never for that reason. Default 5. */
  readonly consecutiveFaults?: number;
  /** Share of faults within the window, 0 to 1. Default 0.5. */
  readonly failureRate?: number;
  /** With fewer calls the window says nothing. Default 20. */
  readonly minimumCalls?: number;
  readonly windowMs?: Duration;
  /** The first ejection; each further one is twice as long. Default 30 s. */
  readonly baseEjectionMs?: Duration;
  readonly maxEjectionMs?: Duration;
  /** A longer Retry-After counts as this. Default 60 s. */
  readonly maxHoldMs?: Duration;
  /** Share of all providers that may be ejected at a time. Default 0.5. */
  readonly maxEjectedShare?: number;
}

export interface FailoverOptions<Degraded> {
  /** Shown in events and errors. Default `llm`. */
  readonly name?: string;
  /** Whom to ask first among those that are well. Default `order`: as listed. */
  readonly prefer?: ProviderOrder;
  /** For one provider's whole answer. Default 120 s. Streams have the two limits below. */
  readonly timeoutMs?: Duration;
  /** From the request to the first word of a stream. Default 60 s. */
  readonly firstChunkMs?: Duration;
  /** From one chunk to the next while somebody waits for it. Default 30 s. */
  readonly betweenChunksMs?: Duration;
  /**
   * `error`: a stream that breaks after something of it was delivered ends in an error. `restart`:
   * it begins anew on the next provider; `onRestart` tells it, and what was delivered so far is to
   * be thrown away. Default `error`.
   */
  readonly onMidStreamFailure?: "restart" | "error";
  readonly onRestart?: (restart: Restart) => void;
  /** The answer when nobody has one; without it the call rejects with `AllFailedError`. */
  readonly whenAllFail?: Degraded;
  /** Categories that are to be treated otherwise than usual: `{ content_policy: true }`. */
  readonly failOverOn?: FailOverOn;
  readonly ejection?: EjectionOptions;
  /** `off` (default): a client's own retries are switched off in each call. `keep`: only told. */
  readonly clientRetries?: "off" | "keep";
  /**
   * The engine that it belongs to, as `createEngine` has made it: its modes and switches hold for
   * the settings of a service of that `name`, each provider is one of its operations, and what is
   * decided is counted there. Default: none, and it acts.
   */
  readonly engine?: GroupEngine;
  /** Told of stacked retries. */
  readonly onNotice?: (notice: Notice) => void;
  /** Counts and times the attempts of each provider. Default: the engine's, if there is one. */
  readonly meter?: (name: string) => CallMeter;
  /** Time, timers and chance. Default: the real ones. */
  readonly tools?: Tools;
}

export interface StreamLimits {
  readonly timeoutMs: number;
  readonly firstChunkMs: number;
  readonly betweenChunksMs: number;
}

export interface ReadOptions {
  readonly limits: StreamLimits;
  readonly ring: RingOptions;
}

const limit = durationOption({ min: 1 });
const share = numberOption({ min: 0, max: 1 });
const anything: OptionReader<unknown> = (value) => value;

const failOverOn = optionsOf(
  Object.fromEntries(errorCategories.map((category) => [category, flagOption()])) as Record<
    ErrorCategory,
    OptionReader<boolean>
  >,
);

const shape = optionsOf({
  name: textOption(),
  prefer: wordOption(["order", "latency", "cost", "health"]),
  timeoutMs: limit,
  firstChunkMs: limit,
  betweenChunksMs: limit,
  onMidStreamFailure: wordOption(["restart", "error"]),
  onRestart: callbackOption(),
  whenAllFail: anything,
  failOverOn,
  ejection: optionsOf({
    consecutiveFaults: wholeOption(),
    failureRate: numberOption({ min: 1e-6, max: 1 }),
    minimumCalls: wholeOption({ min: 1 }),
    windowMs: durationOption({ min: 10, max: 86_400_000 }),
    baseEjectionMs: limit,
    maxEjectionMs: limit,
    maxHoldMs: durationOption(),
    maxEjectedShare: share,
  }),
  clientRetries: wordOption(["off", "keep"]),
  engine: engineOption,
  onNotice: callbackOption(),
  meter: callbackOption(),
  tools: anything,
});

function engineOption(value: unknown, place: OptionPlace): GroupEngine {
  const { providers, meter } = (value ?? {}) as Partial<GroupEngine>;
  if (typeof providers?.stanceOf !== "function" || typeof meter !== "function") {
    place.wrong(value, "an engine", "hand in what createEngine() has returned");
  }
  return value as GroupEngine;
}

/** Throws OPTIONS_INVALID with every mistake. */
export function readOptions(options: FailoverOptions<unknown>): ReadOptions {
  const read = checkOptions("failover", options, shape);
  return {
    limits: {
      timeoutMs: read.timeoutMs ?? 120_000,
      firstChunkMs: read.firstChunkMs ?? 60_000,
      betweenChunksMs: read.betweenChunksMs ?? 30_000,
    },
    ring: { ...read.ejection, prefer: read.prefer ?? "order" },
  };
}
