/**
 * A new daemon takes over what an earlier one has started: what is noted and lives runs on, what
 * has died meanwhile is told, and what nobody has noted is ended.
 */
import { basename } from "node:path";
import {
  type ExitedReading,
  instanceId,
  instanceOf,
  type Observation,
  type ProcessIdentity,
  type ProcessRun,
} from "../../model/index.ts";
import { isAlive, processAgeMs, processIdentity } from "../../system/index.ts";
import { cgroupPids, removeCgroups } from "./cgroups.ts";
import type { ProcessContext } from "./context.ts";
import { prepareNext } from "./launch.ts";
import type { Run } from "./run.ts";
import type { RunNote } from "./run-notes.ts";

/** A daemon that takes over has other things to do first. */
const adoptedSpareMs = 5000;

/** `noted` is what was noted beside the processes, `runs` what the journal knows. */
export function takeOver(
  context: ProcessContext,
  noted: readonly RunNote[],
  runs: readonly ProcessRun[],
): readonly Observation[] {
  const known = new Map(noted.map((note) => [keyOf(note.process), note]));
  for (const run of runs) {
    if (known.has(keyOf(run.process))) continue;
    const startedAt = context.clock.now().wallMs - processAgeMs(run.process);
    known.set(keyOf(run.process), { ...run, startedAt, role: "current", cgroups: [] });
  }
  // The older first, so that `current` is the one that was started last.
  const notes = [...known.values()].toSorted((a, b) => a.startedAt - b.startedAt);
  const observations = notes.flatMap((note) => adoptOne(context, note));
  findUnnoted(context);
  return observations;
}

function adoptOne(context: ProcessContext, note: RunNote): readonly Observation[] {
  const { table, clock, routes } = context;
  const instance = instanceOf(note.resource);
  if (!instance || table.find(note.process)) return [];
  const now = clock.now();
  const base = { resource: note.resource, sensor: "process", at: now.wallMs };
  if (!isAlive(note.process)) {
    const reading: ExitedReading = {
      kind: "exited",
      process: note.process,
      code: null,
      signal: null,
      uptimeMs: Math.max(0, now.wallMs - note.startedAt),
      expected: note.role === "previous",
    };
    keepRemains(context, note, instance);
    return [{ ...base, begunMs: now.monotonicMs, reading }];
  }
  // A process that was made ahead is older than its start.
  const ageMs = Math.min(processAgeMs(note.process), Math.max(0, now.wallMs - note.startedAt));
  const run = runOf(note, {
    ...instance,
    startedMs: now.monotonicMs - ageMs,
  });
  table.add(run);
  const spec = context.specOf(note.specHash);
  if (spec) routes.add(run, spec, run.role === "previous" ? "drain" : "join");
  if (spec && run.role === "current") prepareNext(context, run, adoptedSpareMs);
  return [table.startedObservation(run)];
}

/**
 * A daemon that is killed while it starts a process has not noted it: nobody knows that it runs,
 * and it would run on beside the next one. Its group has the name of its instance. What else a
 * daemon that was killed could not clear away are empty groups.
 */
function findUnnoted(context: ProcessContext): void {
  const { cgroups, groupPrefix, table, note } = context;
  const known = new Set(table.all().map(({ process }) => process.pid));
  const kept = new Set(table.all().flatMap((run) => run.cgroups));
  for (const path of cgroups.named(`${groupPrefix}.`)) {
    // One that a run is yet to be moved into is empty, too.
    if (!kept.has(path) && removeCgroups([path])) continue;
    const [, service, number] =
      /^(.+)\.(\d+)-\d+$/.exec(basename(path).slice(groupPrefix.length + 1)) ?? [];
    const pids = cgroupPids([path]);
    const process = pids[0] === undefined ? undefined : processIdentity(pids[0]);
    if (!service || !process || pids.some((pid) => known.has(pid))) continue;
    const instance = { service, number: Number(number) };
    const resource = instanceId(service, instance.number);
    note("process-without-a-note", { resource, pids: [...pids] });
    const { wallMs: startedAt } = context.clock.now();
    const found = { resource, process, specHash: "", startedAt, cgroups: [path] };
    keepRemains(context, { ...found, role: "current" }, instance);
  }
}

/** The process is dead, but what it started may live and hold its port. */
function keepRemains(context: ProcessContext, note: RunNote, instance: Instance): void {
  const run = runOf(note, { ...instance, startedMs: 0 });
  context.table.addRemains(run);
  context.table.sweep(run.resource);
}

function keyOf({ pid, startTicks, bootId }: ProcessIdentity): string {
  return `${pid}.${startTicks}.${bootId}`;
}

interface Instance {
  readonly service: string;
  readonly number: number;
}

interface Place extends Instance {
  readonly startedMs: number;
}

function runOf(note: RunNote, { service, number, startedMs }: Place): Run {
  const { resource, process, specHash, startedAt, role, cgroups, port, pidFile } = note;
  return {
    resource,
    service,
    number,
    process,
    specHash,
    startedAt,
    startedMs,
    cgroups,
    role,
    isInCgroups: cgroupPids(cgroups).includes(process.pid),
    isAdopted: true,
    isStopping: false,
    ...(port === undefined ? {} : { port }),
    ...(pidFile === undefined ? {} : { pidFile }),
  };
}
