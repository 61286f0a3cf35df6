/**
 * Which living processes belong to a run: itself, its process group and session, and all that is
 * in its cgroup. Strangers never: a number that was given away again names somebody else.
 */
import {
  bootId,
  isDeadState,
  listProcesses,
  type ProcessStat,
  readProcessStat,
} from "../../system/index.ts";
import { cgroupPids } from "./cgroups.ts";
import type { Run } from "./run.ts";

export function membersOf(run: Run): readonly ProcessStat[] {
  const { pid, startTicks, bootId: boot } = run.process;
  if (boot !== bootId()) return [];
  const inGroup = cgroupPids(run.cgroups).flatMap((member) => livingOf(member));
  if (run.isInCgroups) return inGroup;
  const leader = readProcessStat(pid);
  // The kernel gives a number away only when no group and no session bears it any more.
  if (leader && leader.startTicks !== startTicks) return inGroup;
  const inSession = listProcesses().filter(
    (each) =>
      (each.group === pid || each.session === pid) &&
      each.startTicks >= startTicks &&
      !isDeadState(each.state) &&
      !inGroup.some((other) => other.pid === each.pid),
  );
  return [...inGroup, ...inSession];
}

function livingOf(pid: number): readonly ProcessStat[] {
  const stat = readProcessStat(pid);
  return stat && !isDeadState(stat.state) ? [stat] : [];
}

/** Sends a signal to one process, if it is still that very one. False when it is gone. */
export function signalProcess(
  { pid, startTicks }: Pick<ProcessStat, "pid" | "startTicks">,
  signal: NodeJS.Signals,
): boolean {
  if (readProcessStat(pid)?.startTicks !== startTicks) return false;
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    // It ended between the look and the signal.
    return false;
  }
}
