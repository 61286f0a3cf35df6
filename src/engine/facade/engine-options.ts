/** What an engine is made with. */
import type { BreakerStateStore } from "../breaker-states/index.ts";
import type { SamplingMode } from "../core/sampling.ts";
import type { HandedMonitors } from "../monitors/index.ts";
import type { RecoveryStore } from "../recovery/index.ts";
import type { EngineOptionsInCode } from "../settings/index.ts";

export interface EngineOptions extends EngineOptionsInCode, HandedMonitors {
  /** The name of this process in telemetry. Default: `SOULMIRROR_SERVICE`, else "service". */
  readonly service?: string;
  /** A configuration file that must be there; without it the usual ones are looked for. */
  readonly config?: string;
  /** Whether calls that come very often are all timed. Default `adaptive`: one of sixteen is. */
  readonly sampling?: SamplingMode;
  /** Where circuits are remembered across restarts: a store, or the path of a file. */
  readonly breakerStates?: BreakerStateStore | string;
  /** Where failures and recoveries are kept: a store, or the path of a file. Default: memory. */
  readonly recoveries?: RecoveryStore | string;
  /** An SQLite file with all of it, metrics and baselines as well: the five tables. */
  readonly database?: string;
}
