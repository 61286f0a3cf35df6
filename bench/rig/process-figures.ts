/** What the kernel says about processes while they are measured, and how they are ended. */
import { readdirSync, readFileSync } from "node:fs";
import { readProcessStat, ticksToMs } from "../../src/system/index.ts";

/** Processor time of the process and all its threads. NaN when it is gone. */
export function cpuMs(pid: number): number {
  const stat = readProcessStat(pid);
  return stat === undefined ? Number.NaN : ticksToMs(stat.cpuTicks);
}

/** Resident bytes: now, or the highest ever. 0 when it is gone. */
export function residentBytes(pid: number, figure: "VmRSS" | "VmHWM"): number {
  return kilobytes(`/proc/${pid}/status`, figure);
}

/** Memory of its own plus its part of what is shared: these may be added up. */
export function proportionalBytes(pid: number): number {
  return kilobytes(`/proc/${pid}/smaps_rollup`, "Pss");
}

function kilobytes(path: string, name: string): number {
  const line = new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(readOrEmpty(path));
  return Number(line?.[1] ?? 0) * 1024;
}

/** Pids of processes whose command line has all these words. */
export function findProcesses(...words: readonly string[]): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      const command = readOrEmpty(`/proc/${name}/cmdline`).replaceAll("\0", " ");
      return words.every((word) => command.includes(word));
    })
    .map(Number);
}

/**
 * Sends a signal to a process, or with a negative number to a group; one that is gone is no error.
 * Throws when no pid is known: 0 would be our own group, with whoever has started us.
 */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  if (!Number.isInteger(pid) || pid === 0) throw new Error(`there is no pid ${pid} to signal`);
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already: what was asked for.
  }
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // It ended between the list and the look.
    return "";
  }
}
