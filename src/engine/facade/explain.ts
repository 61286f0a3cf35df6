/** What an engine says of its settings when it is asked: what somebody has set comes first. */
import {
  builtInDefault,
  type EngineSettings,
  type Explained,
  type SettingProblem,
} from "../settings/index.ts";
import type { SettingsInUse } from "./settings-in-use.ts";
import type { ReachTeller } from "./tell-reach.ts";

export interface Explanation {
  /** What somebody has set for it, from where, and what that won over. */
  readonly values: readonly Explained[];
  /** How many values are built-in defaults, and what lists them. */
  readonly more: string;
  readonly problems: readonly SettingProblem[];
  /** The service or method that was asked for and that nobody knows, with what may be meant. */
  readonly unknown: readonly string[];
  /** Configured, and neither wrapped nor called here: another process's, or written wrongly. */
  readonly unused: readonly SettingProblem[];
  /** Methods that a wrapper does not reach, and the `depth` with which it would. */
  readonly unreached: readonly string[];
}

interface Sources {
  readonly settings: EngineSettings;
  readonly problems: readonly SettingProblem[];
  readonly inUse: SettingsInUse;
  readonly reach: ReachTeller;
}

export function explain(
  { settings, problems, inUse, reach }: Sources,
  service: string | undefined,
  method: string | undefined,
): Explanation {
  const all = settings.explain(service, method);
  const values = all.filter(
    ({ from, overridden }) => from !== builtInDefault || overridden.length > 0,
  );
  const asked = [service, method].filter((word) => word !== undefined);
  const call = `engine.settings.explain(${asked.map((word) => JSON.stringify(word)).join(", ")})`;
  return {
    values,
    more: `${all.length - values.length} more are built-in defaults: ${call} lists them`,
    problems,
    unknown: inUse.unknown(service, method),
    unused: inUse.unused(),
    unreached: reach.of(service),
  };
}
