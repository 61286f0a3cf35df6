/**
 * What the Linux kernel says about processes, read from /proc as cheaply as it goes.
 *
 * P1. A pid alone names nobody: pids are given away again. A process is pid, start and boot.
 * P2. A zombie is dead: it only waits for its parent to take notice.
 * P3. Nothing here reads /proc/PID/environ: it is full of secrets.
 * Where there is no /proc, everything answers undefined or nothing.
 */
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { cutOff } from "../kernel/index.ts";
import type { ProcessIdentity } from "../model/index.ts";

export interface ProcessStat {
  readonly pid: number;
  readonly name: string;
  /** R running, S sleeping, D waiting for the disk, T stopped, t traced, Z zombie, X dead. */
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks spent in user and kernel mode. */
  readonly cpuTicks: number;
  readonly threads: number;
  readonly startTicks: number;
  readonly rssBytes: number;
}

const buffer = Buffer.allocUnsafe(4096);

/** The facts of /proc/PID/stat, or undefined when there is no such process. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  const text = readSmall(`/proc/${pid}/stat`);
  return text === undefined ? undefined : parseProcessStat(text);
}

/** The name is in parentheses and may itself hold any character, so the last one counts. */
export function parseProcessStat(text: string): ProcessStat | undefined {
  const open = text.indexOf("(");
  const close = text.lastIndexOf(")");
  if (open < 0 || close < open) return undefined;
  const fields = text.slice(close + 2).split(" ");
  if (fields.length < 22) return undefined;
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid: Number(text.slice(0, open)),
    name: text.slice(open + 1, close),
    state: fields[0] ?? "",
    parent: field(4),
    group: field(5),
    session: field(6),
    cpuTicks: field(14) + field(15),
    threads: field(20),
    startTicks: field(22),
    rssBytes: field(24) * kernelUnits().pageBytes,
  };
}

/** Undefined when there is no such process (a zombie still has an identity). */
export function processIdentity(pid: number): ProcessIdentity | undefined {
  const stat = readProcessStat(pid);
  return stat && { pid, startTicks: stat.startTicks, bootId: bootId() };
}

/** One call of the kernel and no file: true for a zombie and for whoever has that pid by now. */
export function hasPid(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Keeps P1 and P2. */
export function isAlive(identity: ProcessIdentity): boolean {
  return livingStat(identity) !== undefined;
}

/** The facts of that very process while it lives. */
export function livingStat(identity: ProcessIdentity): ProcessStat | undefined {
  if (identity.bootId !== bootId()) return undefined;
  const stat = readProcessStat(identity.pid);
  if (stat === undefined || stat.startTicks !== identity.startTicks) return undefined;
  return isDeadState(stat.state) ? undefined : stat;
}

export function isDeadState(state: string): boolean {
  return state === "Z" || state === "X" || state === "x";
}

/** How long a process that is alive now has been running. */
export function processAgeMs(identity: ProcessIdentity): number {
  const uptimeMs = Number((readSmall("/proc/uptime") ?? "0").split(" ")[0]) * 1000;
  return Math.max(0, uptimeMs - (identity.startTicks * 1000) / kernelUnits().ticksPerSecond);
}

/** Open descriptors, or undefined where we may not look. */
export function descriptorCount(pid: number): number | undefined {
  const path = `/proc/${pid}/fd`;
  try {
    // Since Linux 6.2 the size of this folder is the answer; before, it is 0.
    return statSync(path).size || readdirSync(path).length;
  } catch {
    // Gone, or somebody else's.
    return undefined;
  }
}

/** The command line with spaces between its words, at most 200 characters; "" when unknown. */
export function commandLine(pid: number): string {
  const text = readSmall(`/proc/${pid}/cmdline`) ?? "";
  const words = text.split("\0").filter((word) => word !== "");
  return words.length > 0 ? cutOff(words.join(" "), 200) : (readProcessStat(pid)?.name ?? "");
}

/** Every process that can be seen from here. */
export function listProcesses(): readonly ProcessStat[] {
  let names: readonly string[] = [];
  try {
    names = readdirSync("/proc");
  } catch {
    // No /proc: nothing can be seen.
  }
  return names.flatMap((name) => {
    const first = name.charCodeAt(0);
    const stat = first >= 48 && first <= 57 ? readProcessStat(Number(name)) : undefined;
    return stat ? [stat] : [];
  });
}

/** All that descends from `pid`, without itself. */
export function descendantsOf(
  pid: number,
  processes: readonly ProcessStat[] = listProcesses(),
): readonly ProcessStat[] {
  const found: ProcessStat[] = [];
  const parents = new Set([pid]);
  // A child may be listed before its parent: go round until nothing new turns up.
  for (let before = -1; before !== found.length; ) {
    before = found.length;
    for (const each of processes) {
      if (parents.has(each.pid) || !parents.has(each.parent)) continue;
      parents.add(each.pid);
      found.push(each);
    }
  }
  return found;
}

/** The members of /proc/PID/status by name: `State`, `VmRSS`, `Threads`, `SigCgt`, ... */
export function readProcessStatus(pid: number): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  for (const line of (readSmall(`/proc/${pid}/status`) ?? "").split("\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) members.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return members;
}

/** True when the process has a handler of its own for that signal. */
export function catchesSignal(pid: number, signal: number): boolean {
  const mask = readProcessStatus(pid).get("SigCgt");
  if (mask === undefined || !/^[0-9a-f]+$/.test(mask)) return false;
  return ((BigInt(`0x${mask}`) >> BigInt(signal - 1)) & 1n) === 1n;
}

let knownBootId: string | undefined;

/** Changes with every boot of the machine; "" where unknown. */
export function bootId(): string {
  knownBootId ??= (readSmall("/proc/sys/kernel/random/boot_id") ?? "").trim();
  return knownBootId;
}

interface KernelUnits {
  readonly pageBytes: number;
  readonly ticksPerSecond: number;
}

let knownUnits: KernelUnits | undefined;

/** The kernel tells every program its units in the auxiliary vector: pairs of 64-bit words. */
function kernelUnits(): KernelUnits {
  if (knownUnits) return knownUnits;
  const found = new Map<bigint, number>();
  try {
    const vector = readFileSync("/proc/self/auxv");
    for (let at = 0; at + 16 <= vector.length; at += 16) {
      found.set(vector.readBigUInt64LE(at), Number(vector.readBigUInt64LE(at + 8)));
    }
  } catch {
    // The values below are right on almost every machine.
  }
  knownUnits = { pageBytes: found.get(6n) ?? 4096, ticksPerSecond: found.get(17n) ?? 100 };
  return knownUnits;
}

export function ticksToMs(ticks: number): number {
  return (ticks * 1000) / kernelUnits().ticksPerSecond;
}

/** Files of /proc are made up while they are read: one read into a kept buffer is the cheapest. */
function readSmall(path: string): string | undefined {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    return buffer.toString("utf8", 0, readSync(file, buffer, 0, buffer.length, 0));
  } catch {
    // Gone between two looks, or not ours to read.
    return undefined;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}
