/**
 * The strategies, in one list. A new one is a file here, its line below, and a fault that proves
 * it.
 */
import type { Strategy } from "../strategy.ts";
import { clean } from "./clean.ts";
import { drainRestart } from "./drain-restart.ts";
import { eject } from "./eject.ts";
import { hookStrategy } from "./hooks.ts";
import { quarantine } from "./quarantine.ts";
import { reconnect } from "./reconnect.ts";
import { restart } from "./restart.ts";
import { restartCause } from "./restart-cause.ts";
import { restartProxy } from "./restart-proxy.ts";
import { rollbackConfig } from "./rollback-config.ts";
import { rotateLogs } from "./rotate-logs.ts";
import { scale } from "./scale.ts";
import { switchAlternative } from "./switch-alternative.ts";
import { tendVault } from "./tend-vault.ts";
import { waitForPort } from "./wait-for-port.ts";

export const strategies: readonly Strategy[] = [
  eject,
  waitForPort,
  reconnect,
  scale,
  rotateLogs,
  restartCause,
  drainRestart,
  clean,
  switchAlternative,
  restart,
  restartProxy,
  rollbackConfig,
  tendVault,
  quarantine,
];

/** Names that people may use for a strategy besides its own. */
const aliases: Readonly<Record<string, string>> = {
  failover: "switch_alternative",
  restart_rolling: "drain_restart",
};

export function strategyNamed(name: string): Strategy | undefined {
  const wanted = aliases[name] ?? name;
  return strategies.find((strategy) => strategy.name === wanted) ?? hookStrategy(wanted);
}
