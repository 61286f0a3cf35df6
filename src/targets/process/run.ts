/** One process of one instance, from its start to the end of everything that it left behind. */
import type { ProcessIdentity, ResourceId } from "../../model/index.ts";

export interface Run {
  readonly resource: ResourceId;
  readonly service: string;
  readonly number: number;
  readonly process: ProcessIdentity;
  readonly specHash: string;
  /** Wall milliseconds. */
  readonly startedAt: number;
  /** Monotonic milliseconds; before this daemon's own origin for an adopted one. */
  readonly startedMs: number;
  /** True when it is not our child: its end must be looked for. */
  readonly isAdopted: boolean;
  readonly port?: number;
  /** Folders below /sys/fs/cgroup that are its own. */
  readonly cgroups: readonly string[];
  readonly pidFile?: string;
  /** False until it has been moved into its cgroups, where it was not born there. */
  isInCgroups: boolean;
  /** `previous` lives on beside a newer one until it is stopped. */
  role: "current" | "previous";
  /** We asked it to end. */
  isStopping: boolean;
  exit?: RunExit;
}

export interface RunExit {
  readonly code: number | null;
  readonly signal: string | null;
  readonly uptimeMs: number;
  /** Where its log ended. */
  readonly logOffset: number;
}

/** The name of a run at the router. */
export function upstreamIdOf(run: Run): string {
  return `${run.service}.${run.number}@${run.process.pid}`;
}

export function exitTextOf(exit: RunExit): string {
  if (exit.signal !== null) return `ended by ${exit.signal}`;
  return exit.code === null ? "ended" : `exited with code ${exit.code}`;
}
