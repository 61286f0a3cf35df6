/**
 * The autonomy ladder. `off` looks at nothing; `shadow` looks and stays silent; `monitor` also
 * reports; `limited` acts only through the strategies that are named; `full` acts.
 */
export const modes = ["off", "shadow", "monitor", "limited", "full"] as const;

export type Mode = (typeof modes)[number];

/** The most restrictive wins. */
export function strictest(first: Mode, ...others: readonly Mode[]): Mode {
  let lowest = modes.indexOf(first);
  for (const mode of others) lowest = Math.min(lowest, modes.indexOf(mode));
  return modes[lowest] ?? "off";
}

/** What of the engine inside of a service can be let act alone in mode `limited`. */
export const engineParts = [
  "timeout",
  "retry",
  "breaker",
  "bulkhead",
  "rate_limit",
  "hedge",
  "failover",
  "fallback",
  "recovery",
  "files",
  "optimize",
] as const;
