/**
 * Which processes are ours, and what became of them.
 *
 * T1. Every run that was added ends exactly once, and its end is reported in the tick in which it
 *     is known, before anything else is done about it.
 * T2. An instance has at most one current and one previous run.
 * T3. What runs is always in the instance's note below `run/`, so that it can be adopted.
 */
import type { Clock } from "../../kernel/index.ts";
import type {
  ExitedReading,
  Observation,
  ProcessIdentity,
  ProgramFiles,
  Report,
  ResourceId,
  StartedReading,
} from "../../model/index.ts";
import { sameProcess } from "../../model/index.ts";
import { oomKillsOf, removeCgroups } from "./cgroups.ts";
import { membersOf } from "./members.ts";
import type { Run, RunExit } from "./run.ts";
import { type RunNotes, removePidFile } from "./run-notes.ts";

interface Slot {
  current: Run | undefined;
  previous: Run | undefined;
  /** Ended runs that may have left processes behind, oldest first. */
  remains: Run[];
  lastEnded: Run | undefined;
}

interface TableOptions {
  readonly clock: Clock;
  readonly report: Report;
  readonly notes: RunNotes;
  readonly logEnd: (run: Run) => number;
  readonly programOf: (specHash: string) => ProgramFiles | undefined;
}

export class ProcessTable {
  readonly #options: TableOptions;
  readonly #slots = new Map<ResourceId, Slot>();
  readonly #waiting = new Map<Run, Set<() => void>>();

  constructor(options: TableOptions) {
    this.#options = options;
  }

  current(resource: ResourceId): Run | undefined {
    return this.#slots.get(resource)?.current;
  }

  previous(resource: ResourceId): Run | undefined {
    return this.#slots.get(resource)?.previous;
  }

  /** The run that ended last. */
  lastEnded(resource: ResourceId): Run | undefined {
    return this.#slots.get(resource)?.lastEnded;
  }

  all(): readonly Run[] {
    return [...this.#slots.values()].flatMap(runsOf);
  }

  find(process: ProcessIdentity): Run | undefined {
    for (const { current, previous } of this.#slots.values()) {
      if (current && sameProcess(current.process, process)) return current;
      if (previous && sameProcess(previous.process, process)) return previous;
    }
    return undefined;
  }

  /** A new current run; one that runs already becomes the previous one. Reports nothing. */
  add(run: Run): void {
    const slot = this.#slotOf(run.resource);
    if (run.role === "previous") slot.previous = run;
    else {
      if (slot.current) {
        slot.current.role = "previous";
        slot.previous = slot.current;
      }
      slot.current = run;
    }
    this.#writeNote(run.resource);
  }

  reportStarted(run: Run): void {
    this.#options.report(this.startedObservation(run));
  }

  startedObservation(run: Run): Observation {
    const reading: StartedReading = {
      kind: "started",
      process: run.process,
      specHash: run.specHash,
      adopted: run.isAdopted,
      startedAt: run.startedAt,
      ...(run.port === undefined ? {} : { port: run.port }),
    };
    return this.#observation(run.resource, reading);
  }

  /** The end of a run, told by its parent's signal or found by looking. */
  ended(run: Run, code: number | null, signal: string | null): void {
    if (run.exit !== undefined) return;
    const uptimeMs = Math.max(0, this.#options.clock.now().monotonicMs - run.startedMs);
    const exit: RunExit = { code, signal, uptimeMs, logOffset: this.#options.logEnd(run) };
    run.exit = exit;
    const program = this.#options.programOf(run.specHash);
    const reading = { ...exitedReading(run, exit), ...(program === undefined ? {} : { program }) };
    this.#options.report(this.#observation(run.resource, reading));
    this.#forget(run);
    for (const wake of this.#waiting.get(run) ?? []) wake();
    this.#waiting.delete(run);
  }

  /** Calls `wake` when the run ends; the returned function takes that back. */
  onEnd(run: Run, wake: () => void): () => void {
    if (run.exit !== undefined) {
      wake();
      return () => {};
    }
    const waiting = this.#waiting.get(run) ?? new Set();
    this.#waiting.set(run, waiting.add(wake));
    return () => waiting.delete(wake);
  }

  /** Ended runs of the instance whose processes or cgroups are still there. */
  remains(resource: ResourceId): readonly Run[] {
    return this.#slots.get(resource)?.remains ?? [];
  }

  /** A run that ended while nobody looked; what it left behind is ended before the next start. */
  addRemains(run: Run): void {
    const slot = this.#slotOf(run.resource);
    // Without a cgroup, nobody can say any more what was its own.
    if (run.cgroups.length > 0) slot.remains.push(run);
    slot.lastEnded = run;
    this.#writeNote(run.resource);
  }

  /** Drops the remains that nothing is left of. */
  sweep(resource: ResourceId): void {
    const slot = this.#slots.get(resource);
    if (!slot) return;
    slot.remains = slot.remains.filter((run) => {
      if (membersOf(run).length > 0) return true;
      return !removeCgroups(run.cgroups);
    });
  }

  resources(): readonly ResourceId[] {
    return [...this.#slots.keys()];
  }

  #forget(run: Run): void {
    const slot = this.#slotOf(run.resource);
    if (slot.current === run) slot.current = undefined;
    if (slot.previous === run) slot.previous = undefined;
    // The one that was to be replaced is the instance again.
    if (slot.current === undefined && slot.previous && !slot.previous.isStopping) {
      slot.current = slot.previous;
      slot.current.role = "current";
      slot.previous = undefined;
      this.reportStarted(slot.current);
    }
    slot.remains.push(run);
    slot.lastEnded = run;
    // Files can wait until it is decided what to do: to whom they name a process, it is dead.
    queueMicrotask(() => {
      this.#writeNote(run.resource);
      removePidFile(run);
    });
  }

  #writeNote(resource: ResourceId): void {
    this.#options.notes.write(resource, runsOf(this.#slotOf(resource)));
  }

  #slotOf(resource: ResourceId): Slot {
    let slot = this.#slots.get(resource);
    if (slot === undefined) {
      slot = { current: undefined, previous: undefined, remains: [], lastEnded: undefined };
      this.#slots.set(resource, slot);
    }
    return slot;
  }

  #observation(resource: ResourceId, reading: StartedReading | ExitedReading): Observation {
    const now = this.#options.clock.now();
    return { resource, sensor: "process", at: now.wallMs, begunMs: now.monotonicMs, reading };
  }
}

function runsOf(slot: Slot): readonly Run[] {
  return [slot.previous, slot.current].filter((run) => run !== undefined);
}

/** The end of a previous run changes nothing for those who ask: it counts as expected. */
function exitedReading(run: Run, { code, signal, uptimeMs }: RunExit): ExitedReading {
  const wasKilled = signal === "SIGKILL" || (code === null && signal === null) || code === 137;
  const reading: ExitedReading = {
    kind: "exited",
    process: run.process,
    code,
    signal,
    uptimeMs,
    expected: run.isStopping || run.role === "previous",
  };
  return wasKilled && oomKillsOf(run.cgroups) > 0 ? { ...reading, outOfMemory: true } : reading;
}
