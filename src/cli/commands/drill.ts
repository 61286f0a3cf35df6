/**
 * `soulmirror drill`: breaks the example fleet for real, one fault after another, and prints what
 * became of each. Runs on the fleet that is up, else on a copy with a daemon of its own.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import {
  type DrillRow,
  type Fault,
  type FaultRun,
  faults,
  isPassed,
  judgeRuns,
  judgeTable,
} from "../../chaos/index.ts";
import { errorTable, SoulMirrorError } from "../../kernel/index.ts";
import type { Context, Run } from "../command.ts";
import { openScene } from "../drill/drill-scene.ts";
import { LedgerTail } from "../drill/ledger-tail.ts";
import { chooseGround, type Ground } from "../drill/own-ground.ts";
import { runFault } from "../drill/run-drill.ts";
import { findLoad, type ReadBack } from "../drill/shop-load.ts";
import { startDaemon } from "../start-daemon.ts";
import { endDaemon, livingDaemon, stopServices } from "../stop-fleet.ts";
import { ToldToStop } from "../told-to-stop.ts";

const ratePerSecond = 40;
const loadSecondsMax = 3600;
const warmUpMs = 4000;
const verifyWaitMs = 40_000;
const verifyLimitMs = 120_000;

export const drill: Run = async (context) => {
  const chosen = chooseFaults(context);
  const ground = await chooseGround(context.place);
  using told = new ToldToStop();
  try {
    return await runOn(context, { ground, chosen, told });
  } finally {
    await ground.clear();
  }
};

interface Round {
  readonly ground: Ground;
  readonly chosen: readonly Fault[];
  readonly told: ToldToStop;
}

async function runOn(context: Context, round: Round): Promise<number> {
  const { out } = context;
  const { ground, chosen, told } = round;
  const { place } = ground;
  const { signal } = told;
  await using teardown = new AsyncDisposableStack();
  const folder = mkdtempSync(join(tmpdir(), "soulmirror-ledger-"));
  teardown.defer(() => rmSync(folder, { recursive: true, force: true }));
  const ledgerFile = join(folder, "requests.jsonl");
  const load = await findLoad(dirname(place.fleetPath));
  const runs: FaultRun[] = [];
  try {
    if (ground.isOwn) {
      out.note("No daemon runs here: the drill brings up a copy of the fleet for itself.");
      await bringUp(context, ground);
      teardown.defer(() => takeDown(context, ground));
    }
    const { scene, client } = await openScene(place, ground);
    const running = load.startLoad({ ledgerFile, ratePerSecond, seconds: loadSecondsMax });
    teardown.defer(async () => void (await running.stop()));
    out.progress("warming up");
    await pause(warmUpMs, undefined, { signal });
    const ledger = new LedgerTail(load, ledgerFile);
    for (const fault of chosen) {
      const progress = (text: string): void =>
        out.progress(`[${runs.length + 1}/${chosen.length}] ${text}`);
      const run = await runFault({ scene, client, load, ledger, signal, progress }, fault);
      runs.push(run);
      out.progress("");
      for (const row of judgeRuns([run], [])) out.note(lineOf(row));
    }
    await running.stop();
    out.progress("reading back every acknowledged write");
    const targets = load.FRONT_DOORS;
    const limits = { waitMs: verifyWaitMs, limitMs: verifyLimitMs, signal };
    const writes = await load.verifyLedger({ targets, ledgerFile, ...limits });
    out.progress("");
    signal.throwIfAborted();
    return tell(context, judgeRuns(runs, writes.damagedAt), writes);
  } catch (error) {
    if (!told.isCauseOf(error)) throw error;
    out.progress("");
    tellInterrupted(context, round, runs);
    return told.exitCode;
  }
}

/** What the faults say and what the ledger says: both must be well. */
function tell({ out }: Context, rows: readonly DrillRow[], writes: ReadBack): number {
  const { acknowledged, verified, lost, duplicated, wrong, unreadable, inProgress } = writes;
  const passed = isPassed(rows) && lost + duplicated + wrong + unreadable === 0;
  const kept = { acknowledged, verified, lost, duplicated, wrong, unreadable, inProgress };
  out.show({ passed, rows, writes: kept }, () => {
    const read = `${acknowledged} acknowledged writes were read back, each by itself and in the sums`;
    const damage = `${read}: ${verified} answers as they must be, ${lost} lost, ${duplicated} doubled, ${wrong} wrong, ${unreadable} not to be read, ${inProgress} under way.`;
    return `\n${judgeTable(rows, columnsOf())}\n${damage}\n`;
  });
  return passed ? 0 : errorTable.DRILL_FAILED.exitCode;
}

/** The fault in progress is undone by now; its row would tell nothing. */
function tellInterrupted({ out }: Context, { chosen }: Round, runs: readonly FaultRun[]): void {
  const rows = judgeRuns(runs, []);
  out.show({ passed: false, interrupted: true, rows }, () => {
    const done = `Interrupted after ${rows.length} of ${chosen.length} faults; the one in progress was undone, the writes were not read back.`;
    return rows.length === 0 ? done : `\n${judgeTable(rows, columnsOf())}\n${done}\n`;
  });
}

async function bringUp({ out }: Context, { place, env }: Ground): Promise<void> {
  if (env) Object.assign(process.env, env);
  const { fleetPath, dataPath, port } = place;
  await startDaemon({ fleetPath, dataPath, port, progress: (text) => out.progress(text) });
}

async function takeDown({ out }: Context, { place }: Ground): Promise<void> {
  await stopServices(place, { progress: (text) => out.progress(text) });
  await endDaemon(livingDaemon(place.dataPath));
  out.progress("");
}

function chooseFaults({ options }: Context): readonly Fault[] {
  const only = options
    .text("only")
    ?.split(",")
    .map((id) => id.trim().toUpperCase());
  if (only === undefined) return faults;
  const unknown = only.find((id) => !faults.some((fault) => fault.id === id));
  if (unknown !== undefined) {
    throw new SoulMirrorError("BAD_REQUEST", `there is no fault ${unknown}`, {
      fix: `one of ${faults.map(({ id }) => id).join(" ")}`,
    });
  }
  return faults.filter((fault) => only.includes(fault.id));
}

function columnsOf(): { columns?: number } {
  return process.stdout.columns === undefined ? {} : { columns: process.stdout.columns };
}

function lineOf(row: DrillRow): string {
  const { fault, title, verdict } = row;
  const why =
    verdict.kind === "failed"
      ? `: ${verdict.reasons.join("; ")}`
      : verdict.kind === "not here"
        ? `: ${verdict.reason}`
        : "";
  return `${fault} ${title}: ${verdict.kind}${why}`;
}
