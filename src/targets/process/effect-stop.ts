/**
 * Ends processes: the polite signal first, SIGKILL to everything that is theirs at the end.
 *
 * S1. Only members of the run are signalled, each by pid and start.
 * S2. `done` means that nothing of the run is left, a zombie counting as gone.
 * S3. The router is told first, so that no new request goes to a process that is about to end.
 * S4. Who is stopped and not started again at once keeps no process for his next start.
 */
import type {
  AbortSignalLike,
  Command,
  Effector,
  ResourceId,
  StepResult,
} from "../../model/index.ts";
import { livingStat } from "../../system/index.ts";
import { killCgroups } from "./cgroups.ts";
import type { ProcessContext } from "./context.ts";
import { membersOf, signalProcess } from "./members.ts";
import { done, failure, numberOf, runsNamed, textOf } from "./parameters.ts";
import { pause } from "./pause.ts";
import type { Run } from "./run.ts";

export interface Ending {
  readonly signal: NodeJS.Signals;
  /** 0: no polite signal at all. */
  readonly graceMs: number;
  /** When it aborts, the rest of the grace is not waited for. */
  readonly abort?: AbortSignalLike;
}

const defaultGraceMs = 10_000;
/** How long the router may take to hear of it. */
const routerMs = 250;
/** How long the kernel may take to end what was killed (a process in state D cannot be). */
const killMs = 5000;
const pollMs = 5;
/** A restart stops and starts within so long. */
const restartMs = 5000;

export function stopEffector(context: ProcessContext): Effector {
  return {
    kind: "stop",
    async precheck() {
      return done("may be stopped");
    },
    act: (command, abort) => stop(context, command, abort),
  };
}

async function stop(
  context: ProcessContext,
  { step }: Command,
  abort: AbortSignalLike,
): Promise<StepResult> {
  const { resource, parameters } = step;
  const runs = runsNamed(context, resource, {
    which: textOf(parameters, "which"),
    fallback: "all",
  });
  if (runs.length === 0) {
    await endRemains(context, resource);
    dropSpareLater(context, resource);
    return done("nothing runs");
  }
  const results = await Promise.all(
    runs.map((run) => {
      const declared = context.specOf(run.specHash)?.stop;
      const signal = signalOf(textOf(parameters, "signal") ?? declared?.signal);
      const graceMs = numberOf(parameters, "graceMs") ?? declared?.graceMs ?? defaultGraceMs;
      return endRun(context, run, { signal, graceMs, abort });
    }),
  );
  dropSpareLater(context, resource);
  const left = results.filter((result) => result.left > 0);
  const text = results.map((result) => result.detail).join("; ");
  return left.length > 0 ? failure(text) : done(text);
}

/** S4. */
function dropSpareLater({ spares, table, later }: ProcessContext, resource: ResourceId): void {
  if (!spares.has(resource)) return;
  later(restartMs, () => {
    if (table.current(resource) === undefined) spares.drop(resource);
  });
}

/** `left` processes could not be ended. */
export async function endRun(
  context: ProcessContext,
  run: Run,
  { signal, graceMs, abort }: Ending,
): Promise<{ readonly detail: string; readonly left: number }> {
  const { clock, timers, table } = context;
  const begunMs = clock.now().monotonicMs;
  const elapsedMs = (): number => clock.now().monotonicMs - begunMs;
  run.isStopping = true;
  const told = context.routes.set(run, graceMs > 0 ? "drain" : "eject");
  // Whom there is no time for is not kept waiting for the router.
  if (graceMs > 0) await Promise.race([told, pause(timers, routerMs)]);
  if (graceMs > 0 && run.exit === undefined) {
    politely(run, signal);
    await until(context, run, {
      deadlineMs: graceMs,
      isOver: () => run.exit !== undefined || abort?.aborted === true,
    });
    // Children of a launcher that did not pass the signal on.
    for (const member of membersOf(run)) signalProcess(member, signal);
    const isOver = (): boolean => abort?.aborted === true || membersOf(run).length === 0;
    await until(context, run, { deadlineMs: graceMs - elapsedMs(), isOver });
  }
  const wasForced = await killAll(context, run);
  if (run.exit === undefined && livingStat(run.process) === undefined) {
    // Our own child's exit event is on its way; an adopted one has nobody who tells.
    await until(context, run, { deadlineMs: 50, isOver: () => run.exit !== undefined });
    table.ended(run, null, null);
  }
  table.sweep(run.resource);
  const left = membersOf(run).length;
  const how = wasForced ? "SIGKILL" : signal;
  const verb = left > 0 ? `${left} of its processes did not end on` : "ended by";
  return {
    left,
    detail: `pid ${run.process.pid} ${verb} ${how} after ${Math.round(elapsedMs())} ms`,
  };
}

/** What earlier runs of the instance left behind: never politely, they had their time. */
export async function endRemains(
  context: ProcessContext,
  resource: Run["resource"],
): Promise<void> {
  for (const run of context.table.remains(resource)) await killAll(context, run);
  context.table.sweep(resource);
}

function politely(run: Run, signal: NodeJS.Signals): void {
  signalProcess(run.process, signal);
  // A stopped process would not notice before it is continued; to any other this means nothing.
  signalProcess(run.process, "SIGCONT");
}

/** False when there was nothing left to kill. */
async function killAll(context: ProcessContext, run: Run): Promise<boolean> {
  let members = membersOf(run);
  if (members.length === 0 && run.exit !== undefined) return false;
  const begunMs = context.clock.now().monotonicMs;
  const wasForced = members.length > 0;
  for (let round = 0; members.length > 0; round += 1) {
    if (round === 0) killCgroups(run.cgroups);
    for (const member of members) signalProcess(member, "SIGKILL");
    if (context.clock.now().monotonicMs - begunMs > killMs) return wasForced;
    await pause(context.timers, round === 0 ? 1 : pollMs);
    members = membersOf(run);
  }
  return wasForced;
}

interface Wait {
  readonly deadlineMs: number;
  readonly isOver: () => boolean;
}

/** Looks every few milliseconds, and at once when the leader ends. */
async function until(
  context: ProcessContext,
  run: Run,
  { deadlineMs, isOver }: Wait,
): Promise<void> {
  const { clock, timers, table } = context;
  const endMs = clock.now().monotonicMs + deadlineMs;
  while (!isOver() && clock.now().monotonicMs < endMs) {
    await new Promise<void>((resolve) => {
      const finish = (): void => {
        forget();
        cancel();
        resolve();
      };
      const cancel = timers.after(Math.min(pollMs, endMs - clock.now().monotonicMs), finish);
      const forget = run.exit === undefined ? table.onEnd(run, finish) : () => {};
    });
    if (run.isAdopted && run.exit === undefined && !livingStat(run.process)) {
      table.ended(run, null, null);
    }
  }
}

export function signalOf(name: string | undefined): NodeJS.Signals {
  return name !== undefined && /^SIG[A-Z0-9]+$/.test(name) ? (name as NodeJS.Signals) : "SIGTERM";
}
