/** What policies do where nobody says anything, in the words of their options. */

export const retryDefaults = {
  attempts: 3,
  baseDelayMs: 1000,
  factor: 2,
  maxDelayMs: 30_000,
  jitter: "decorrelated",
  idempotent: false,
  maxRetryAfterMs: 30_000,
} as const;

export const retryBudgetDefaults = { ratio: 0.2, minimumPerSecond: 3 } as const;

export const bulkheadDefaults = { limit: 10, queue: 0 } as const;

export const rateLimitDefaults = { perMs: 1000, maxWaitMs: 0, queue: 1000 } as const;

export const hedgeDefaults = {
  hedges: 1,
  idempotent: false,
  budget: { ratio: 0.1, minimumPerSecond: 1 },
} as const;

export const circuitDefaults = { timeoutMs: 30_000 } as const;
