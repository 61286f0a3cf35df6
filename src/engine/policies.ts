/**
 * The policies by themselves, on real time: for code that wants one of them around one call, and
 * not a whole engine. Options are checked when the policy is made; what is wrong is told at once,
 * each mistake with its key, its value and the fix.
 */
import {
  callbackOption,
  checkOptions,
  durationOption,
  eitherOption,
  flagOption,
  listOption,
  numberOption,
  type OptionReader,
  optionsOf,
  requiredOption,
  textOption,
  wholeOption,
  wordOption,
} from "../kernel/index.ts";
import {
  Bulkhead,
  CircuitBreaker,
  type Classify,
  exponential,
  Fallback,
  type FallbackOptions,
  Hedge,
  type HedgeOptions,
  type Jitter,
  Pipeline,
  type Policy,
  RateLimit,
  Retry,
  RetryBudget,
  type RetryBudgetOptions,
  Timeout,
  type TimeoutOptions,
} from "../resilience/index.ts";
import { realTools } from "./real-tools.ts";

const longestMs = 2 ** 31 - 1;
const someTimeMs = durationOption({ min: 1, max: longestMs });
const anyTimeMs = durationOption({ max: longestMs });
const named = { name: textOption({ max: 200 }) };
const judging = { classify: callbackOption<Classify>() };

/** A `Duration` is milliseconds, or a text: `"30s"`, `"1m30s"`. */
export type Duration = number | string;

const budgetShape = optionsOf({
  ratio: numberOption({ min: 0, max: 100 }),
  minimumPerSecond: numberOption({ min: 0, max: 1e6 }),
});

const budgetOption: OptionReader<RetryBudget> = (value, place) =>
  value instanceof RetryBudget ? value : new RetryBudget(budgetShape(value, place));

/** When and how often failed work is done again. */
export interface RetryChoice {
  /** Shown with each decision. Default `retry`. */
  readonly name?: string;
  /** With the first one. Default 3. */
  readonly attempts?: number;
  /** The first pause, and the shortest. Default 1 s. */
  readonly baseDelayMs?: Duration;
  /** How pauses grow. Default 2. */
  readonly factor?: number;
  /** The longest pause. Default 30 s. */
  readonly maxDelayMs?: Duration;
  /** Default `decorrelated`. */
  readonly jitter?: Jitter;
  /** All calls may be done twice. Default false: only those that provably never started. */
  readonly idempotent?: boolean;
  /** For all attempts and pauses together. Default: none. */
  readonly deadlineMs?: Duration;
  /** Who asks (Retry-After) for a longer pause is not called again. Default 30 s. */
  readonly maxRetryAfterMs?: Duration;
  /** Retries per call and per second, or one that is shared. Default: 0.2, and 3 per second. */
  readonly budget?: RetryBudget | RetryBudgetOptions;
  readonly classify?: Classify;
  /** Asked before each retry: a switch. */
  readonly isOn?: () => boolean;
}

const retryShape = optionsOf({
  ...named,
  ...judging,
  attempts: wholeOption({ min: 1, max: 100 }),
  baseDelayMs: anyTimeMs,
  factor: numberOption({ min: 1, max: 100 }),
  maxDelayMs: anyTimeMs,
  jitter: wordOption(["none", "full", "decorrelated"]),
  idempotent: flagOption(),
  deadlineMs: someTimeMs,
  maxRetryAfterMs: anyTimeMs,
  budget: budgetOption,
  isOn: callbackOption<() => boolean>(),
});

/**
 * Does work again that failed: what is declared idempotent, or has provably never started.
 * Pauses grow and are spread, Retry-After is honoured, a budget keeps retries from becoming a
 * storm. A caller who gives up in a pause is answered at once. Throws OPTIONS_INVALID.
 */
export function retry(options: RetryChoice = {}): Retry {
  const { baseDelayMs, factor, maxDelayMs, jitter, ...rest } = checkOptions(
    "retry",
    options,
    retryShape,
  );
  const backoff = exponential({
    ...(baseDelayMs === undefined ? {} : { baseMs: baseDelayMs }),
    ...(factor === undefined ? {} : { factor }),
    ...(maxDelayMs === undefined ? {} : { maxMs: maxDelayMs }),
    ...(jitter === undefined ? {} : { jitter }),
  });
  return new Retry({ ...rest, backoff }, realTools);
}

export interface TimeoutChoice extends Omit<TimeoutOptions, "timeoutMs"> {
  readonly timeoutMs: Duration;
}

const timeoutShape = optionsOf({
  ...named,
  timeoutMs: requiredOption(someTimeMs),
  onLate: callbackOption<NonNullable<TimeoutOptions["onLate"]>>(),
});

/**
 * Waits for work no longer than that, then rejects with a `CallTimeoutError` and aborts the work's
 * signal. The work itself may go on: `onLate` is shown its end. Never aborts what has succeeded.
 */
export function timeout(options: Duration | TimeoutChoice): Timeout {
  if (typeof options === "object" && options !== null) {
    return new Timeout(checkOptions("timeout", options, timeoutShape), realTools);
  }
  return new Timeout({ timeoutMs: checkOptions("timeout", options, someTimeMs) }, realTools);
}

export interface BulkheadChoice {
  readonly name?: string;
  /** Calls at a time. Default 10. */
  readonly limit?: number;
  /** Calls that wait for a slot. Default 0. */
  readonly queue?: number;
  /** A call that waited so long is refused. Default: it waits as long as its caller. */
  readonly maxWaitMs?: Duration;
}

const bulkheadShape = optionsOf({
  ...named,
  limit: wholeOption({ min: 1 }),
  queue: wholeOption({ min: 0, max: 1_000_000 }),
  maxWaitMs: anyTimeMs,
});

/** So many calls at a time; rejects with a `BulkheadError` what finds neither slot nor queue. */
export function bulkhead(options: number | BulkheadChoice = {}): Bulkhead {
  const form = typeof options === "number" ? { limit: options } : options;
  return new Bulkhead(checkOptions("bulkhead", form, bulkheadShape), realTools);
}

export interface RateLimitChoice {
  readonly name?: string;
  /** So many calls... */
  readonly limit: number;
  /** ...per so long. Default 1 s. */
  readonly perMs?: Duration;
  /** So many may come at once after a pause. Default: `limit`. */
  readonly burst?: number;
  /** A call whose turn comes so soon waits for it, another is refused. Default 0: none waits. */
  readonly maxWaitMs?: Duration;
  /** So many wait at most. Default 1000. */
  readonly queue?: number;
}

const rateLimitShape = optionsOf({
  ...named,
  limit: requiredOption(numberOption({ min: 1e-6, max: 1e9 })),
  perMs: someTimeMs,
  burst: wholeOption({ min: 1 }),
  maxWaitMs: anyTimeMs,
  queue: wholeOption({ min: 0, max: 1_000_000 }),
});

/** So many calls per time; rejects with a `RateLimitError`, which says when to come back. */
export function rateLimit(options: RateLimitChoice): RateLimit {
  const read = checkOptions("rateLimit", options, rateLimitShape);
  const burst = read.burst ?? Math.max(1, Math.floor(read.limit));
  return new RateLimit({ ...read, burst }, realTools);
}

export interface HedgeChoice extends Omit<HedgeOptions, "delayMs" | "budget"> {
  /** How late an answer is; a function for a measured quantile (undefined: not known yet). */
  readonly delayMs: Duration | (() => number | undefined);
  readonly budget?: RetryBudget | RetryBudgetOptions;
}

const hedgeShape = optionsOf({
  ...named,
  ...judging,
  delayMs: requiredOption(eitherOption(callbackOption<() => number | undefined>(), anyTimeMs)),
  hedges: wholeOption({ min: 1, max: 10 }),
  idempotent: flagOption(),
  budget: budgetOption,
});

/** Asks again when an answer is late, and takes the first: for work that may be done twice. */
export function hedge(options: HedgeChoice): Hedge {
  return new Hedge(checkOptions("hedge", options, hedgeShape), realTools);
}

const fallbackShape = optionsOf({
  ...named,
  ...judging,
  when: callbackOption<NonNullable<FallbackOptions["when"]>>(),
  onFailure: callbackOption<NonNullable<FallbackOptions["onFailure"]>>(),
});

/**
 * Another answer where there would be an error: `answer` itself, or what it returns when it is a
 * function (of the error, and an attempt with a signal that the failed work has not used up).
 */
export function fallback(answer: unknown, options: Omit<FallbackOptions, "answer"> = {}): Fallback {
  return new Fallback({ ...checkOptions("fallback", options, fallbackShape), answer }, realTools);
}

export interface CircuitBreakerChoice {
  readonly name?: string;
  /** Opens after so many faults in a row; 0: not for that reason. Default 5. */
  readonly failureThreshold?: number;
  /** Closes after so many good probes in a row. Default 2. */
  readonly successThreshold?: number;
  /** A call that takes longer is a fault, and not awaited. Default 30 s. */
  readonly timeoutMs?: Duration;
  /** How long it stays open. Default 60 s. */
  readonly resetTimeoutMs?: Duration;
  /** So many times as long after each failed probe. Default 2. */
  readonly resetGrowth?: number;
  /** The longest it stays open. Default 10 minutes. */
  readonly resetTimeoutMaxMs?: Duration;
  /** Opens when this share of the calls within the window failed. Default: not for that. */
  readonly failureRate?: number;
  /** Opens when this share of the calls within the window was slow. Default: not for that. */
  readonly slowCallRate?: number;
  /** What slow is. Default 1 s. */
  readonly slowCallMs?: Duration;
  /** Default 10 s. */
  readonly windowMs?: Duration;
  /** A window with fewer calls says nothing. Default 20. */
  readonly minimumCalls?: number;
  readonly classify?: Classify;
}

const share = numberOption({ min: 1e-6, max: 1 });
const circuitShape = optionsOf({
  ...named,
  ...judging,
  failureThreshold: wholeOption({ min: 0, max: 1_000_000 }),
  successThreshold: wholeOption({ min: 1, max: 1000 }),
  timeoutMs: someTimeMs,
  resetTimeoutMs: someTimeMs,
  resetGrowth: numberOption({ min: 1, max: 100 }),
  resetTimeoutMaxMs: someTimeMs,
  failureRate: share,
  slowCallRate: share,
  slowCallMs: someTimeMs,
  windowMs: durationOption({ min: 10, max: 86_400_000 }),
  minimumCalls: wholeOption({ min: 1, max: 1_000_000 }),
});

/** Keeps calls away from what does not answer; rejects them with a `CircuitBreakerError`. */
export function circuitBreaker(options: CircuitBreakerChoice = {}): CircuitBreaker {
  return new CircuitBreaker(checkOptions("circuitBreaker", options, circuitShape), realTools);
}

export const policyOption: OptionReader<Policy> = (value, place) => {
  const policy = value as Policy;
  if (typeof value === "object" && value !== null && typeof policy.execute === "function") {
    return policy;
  }
  place.wrong(value, "a policy", "make one with retry(), timeout(), bulkhead() and so on");
  return policy;
};

const pipelineShape = optionsOf(named);
const policiesOption = listOption(policyOption, { max: 100 });

/**
 * Several policies as one, the outermost first. The usual order: fallback, retry, hedge,
 * circuitBreaker, rateLimit, timeout, bulkhead.
 */
export function pipeline(
  policies: readonly Policy[],
  options: { readonly name?: string } = {},
): Pipeline {
  const read = checkOptions("pipeline", policies, policiesOption);
  return new Pipeline(read, checkOptions("pipeline", options, pipelineShape).name);
}
