/** What `wrap` and `registerService` are handed. */
import type { HealthCheck } from "./health/index.ts";
import type { RecoveryMeans } from "./recovery/index.ts";
import type { ServiceOptionsInCode } from "./settings/index.ts";

export interface WrapOptions extends ServiceOptionsInCode {
  /** Wraps the methods of objects inside as well, so many levels deep. Default 1: none. */
  readonly depth?: number;
  /** Answers instead of an error, where the dependency is at fault. */
  readonly fallback?: (error: unknown) => unknown;
}

export interface RegisterOptions extends WrapOptions {
  /** Its health, asked for by `getSystemHealth`; for `healthCheck: "custom"`. */
  readonly check?: HealthCheck;
  /**
   * What it is healed by when it is ill, under the words of `recoveryStrategy`. Default: what it
   * can by itself; see docs/engine/recovery.md.
   */
  readonly recovery?: RecoveryMeans;
}
