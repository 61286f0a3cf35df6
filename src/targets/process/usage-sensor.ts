/**
 * The numbers of a running process: memory, processor, descriptors, threads. Asked several times a
 * second for every instance, so it is a handful of reads from /proc and nothing else.
 *
 * U1. A process that is stopped says so as a check that is not ok: it is alive and silent.
 * U2. Where a run has a cgroup, or a limit, the numbers are those of all its members: what the
 *     launcher of a service uses says nothing about the service.
 * U3. Where no limit is declared, the one that the machine sets all the same is said: the memory
 *     that is left, and the number of descriptors at which the kernel refuses the next one.
 */
import type { Clock, JsonRecord } from "../../kernel/index.ts";
import type { Reading, ReadRequest, Sample, Sensor } from "../../model/index.ts";
import {
  descriptorCount,
  livingStat,
  type ProcessStat,
  readProcessStat,
  ticksToMs,
} from "../../system/index.ts";
import { cgroupPids, taskCountOf } from "./cgroups.ts";
import { softLimit } from "./descriptor-limit.ts";
import { membersOf } from "./members.ts";
import { createMemoryLeft } from "./memory-left.ts";
import { numberOf } from "./parameters.ts";
import type { ProcessTable } from "./process-table.ts";
import type { Run } from "./run.ts";

interface Before {
  readonly pid: number;
  readonly cpuTicks: number;
  readonly atMs: number;
  readonly descriptorsMax: number | undefined;
}

const membersMax = 64;

export function usageSensor({ clock, table }: { clock: Clock; table: ProcessTable }): Sensor {
  const before = new Map<string, Before>();
  const memoryLeft = createMemoryLeft({ clock });
  return {
    kind: "process-usage",
    async read({ spec, process }: ReadRequest): Promise<readonly Reading[]> {
      const leader = process && livingStat(process);
      // Its exit is reported elsewhere, at once.
      if (!process || !leader) return [];
      const nowMs = clock.now().monotonicMs;
      const usage = usageOf(leader, table.find(process), hasLimits(spec.parameters));
      const known = before.get(spec.key);
      const last = known?.pid === leader.pid ? known : undefined;
      const descriptorsMax = descriptorsMaxOf(leader.pid, usage, last?.descriptorsMax);
      const left = { memoryBytes: memoryLeft(), descriptorsMax };
      const samples = samplesOf(usage, spec.parameters, left);
      const { cpuTicks } = usage;
      before.set(spec.key, { pid: leader.pid, cpuTicks, atMs: nowMs, descriptorsMax });
      if (last && nowMs > last.atMs) {
        const busyMs = Math.max(0, ticksToMs(usage.cpuTicks - last.cpuTicks));
        const value = (100 * busyMs) / (nowMs - last.atMs);
        // Without its limit: who is held to a share of the processor is slower, and well.
        samples.push({ series: "cpu.percent", value, unit: "percent" });
      }
      const stopped = stoppedReading(leader);
      return stopped ? [stopped, { kind: "samples", samples }] : [{ kind: "samples", samples }];
    },
    forget: (key) => void before.delete(key),
  };
}

function hasLimits(parameters: JsonRecord): boolean {
  return ["memoryBytes", "processes"].some((name) => numberOf(parameters, name) !== undefined);
}

interface Usage {
  readonly rssBytes: number;
  readonly cpuTicks: number;
  readonly threads: number;
  /** The largest of all members, because the limit is on each. */
  readonly descriptors: number | undefined;
  readonly processes: number;
}

function usageOf(leader: ProcessStat, run: Run | undefined, isLimited: boolean): Usage {
  const tasks = run && taskCountOf(run.cgroups);
  // As many tasks as it has threads: there is nobody else, and one file less to read.
  const isAlone = tasks === leader.threads;
  const others = run && !isAlone ? othersOf(run, isLimited).slice(0, membersMax) : [];
  const members = [
    leader,
    ...others.flatMap((pid) => (pid === leader.pid ? [] : (readProcessStat(pid) ?? []))),
  ];
  const counts = members.flatMap((member) => descriptorCount(member.pid) ?? []);
  const sum = (of: (member: ProcessStat) => number): number =>
    members.reduce((total, member) => total + of(member), 0);
  return {
    rssBytes: sum((member) => member.rssBytes),
    cpuTicks: sum((member) => member.cpuTicks),
    threads: sum((member) => member.threads),
    descriptors: counts.length > 0 ? Math.max(...counts) : undefined,
    processes: tasks ?? members.length,
  };
}

/** Without a cgroup all processes have to be looked through: only where a limit asks for it. */
function othersOf(run: Run, isLimited: boolean): readonly number[] {
  const [group] = run.isInCgroups ? run.cgroups : [];
  if (group !== undefined) return cgroupPids([group]);
  return isLimited ? membersOf(run).map(({ pid }) => pid) : [];
}

/** Read once; and again where it begins to matter, for a service may raise its own at its start. */
function descriptorsMaxOf(
  pid: number,
  { descriptors = 0 }: Usage,
  known: number | undefined,
): number | undefined {
  return known === undefined || descriptors > known / 2 ? softLimit(pid) : known;
}

interface Left {
  readonly memoryBytes: number | undefined;
  readonly descriptorsMax: number | undefined;
}

type Limit = Pick<Sample, "limit" | "isShared">;

function samplesOf(usage: Usage, parameters: JsonRecord, left: Left): Sample[] {
  const limit = (name: string, otherwise?: Limit): Limit => {
    const value = numberOf(parameters, name);
    return value === undefined ? (otherwise ?? {}) : { limit: value };
  };
  const { rssBytes, threads, processes, descriptors } = usage;
  const { memoryBytes, descriptorsMax } = left;
  const ofMachine: Limit =
    memoryBytes === undefined ? {} : { limit: rssBytes + memoryBytes, isShared: true };
  const ofKernel: Limit = descriptorsMax === undefined ? {} : { limit: descriptorsMax };
  return [
    { series: "memory.rss", value: rssBytes, unit: "bytes", ...limit("memoryBytes", ofMachine) },
    { series: "threads", value: threads, unit: "count" },
    { series: "processes", value: processes, unit: "count", ...limit("processes") },
    ...(descriptors === undefined
      ? []
      : [
          {
            series: "descriptors",
            value: descriptors,
            unit: "count",
            ...limit("descriptors", ofKernel),
          } as const,
        ]),
  ];
}

const stoppedStates: Readonly<Record<string, string>> = {
  T: "stopped (state T)",
  t: "held by a debugger (state t)",
};

function stoppedReading({ pid, state }: ProcessStat): Reading | undefined {
  const how = stoppedStates[state];
  if (how === undefined) return undefined;
  const reason = `pid ${pid} is ${how}`;
  return { kind: "check", ok: false, elapsedMs: 0, symptom: "timeout", reason };
}
