/** When a circuit opens, for how long, and what closes it again. */
export interface BreakerOptions {
  /** Opens after so many faults in a row; 0: never for that reason. */
  readonly failureThreshold: number;
  /** Closes after so many good probes in a row. As many are let through at once. */
  readonly successThreshold: number;
  /** How long it stays open before probes are let through. */
  readonly resetTimeoutMs: number;
  /** Each time a probe fails it stays open so many times as long as before... */
  readonly resetGrowth: number;
  /** ...but never longer than this. */
  readonly resetTimeoutMaxMs: number;
  /** Opens when this share of the calls within the window failed; undefined: never. */
  readonly failureRate: number | undefined;
  /** Opens when this share of the calls within the window was slow; undefined: never. */
  readonly slowCallRate: number | undefined;
  readonly slowCallMs: number;
  readonly windowMs: number;
  /** A window with fewer calls says nothing. */
  readonly minimumCalls: number;
}

export const breakerDefaults: BreakerOptions = {
  failureThreshold: 5,
  successThreshold: 2,
  resetTimeoutMs: 60_000,
  resetGrowth: 2,
  resetTimeoutMaxMs: 600_000,
  failureRate: undefined,
  slowCallRate: undefined,
  slowCallMs: 1000,
  windowMs: 10_000,
  minimumCalls: 20,
};

/** No circuit at all; known by being this very object. */
export const breakerOff: BreakerOptions = { ...breakerDefaults, failureThreshold: 0 };
