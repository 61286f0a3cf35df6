/**
 * One fault after another on a fleet under load: break it, watch the ledger until it is well again,
 * ask the journal what the daemon thought and did.
 *
 * D1. A fault begins on a calm fleet only: everything healthy for a while, no incident, clean
 *     requests; and so long after the last incident that the next one is no relapse of it.
 * D2. Whether and when it was healed is read from the ledger of the requests alone. What became of
 *     the writes that were acknowledged meanwhile is known at the end, when they are read back.
 * D3. Every fault is undone before the next one, also when the drill is interrupted.
 */
import { setTimeout as pause } from "node:timers/promises";
import {
  type DrillVerdict,
  type Fault,
  type FaultRecord,
  type FaultRun,
  type Injection,
  Refusal,
  rowOfNone,
  type Scene,
} from "../../chaos/index.ts";
import { messageOf, SoulMirrorError } from "../../kernel/index.ts";
import type { ServiceView } from "../../loop/index.ts";
import type { Action, Incident } from "../../model/index.ts";
import { realClock } from "../../system/index.ts";
import type { DaemonClient } from "../daemon-client.ts";
import { JournalTail } from "./journal-tail.ts";
import type { LedgerTail } from "./ledger-tail.ts";
import type { ShopLoad } from "./shop-load.ts";
import { unrestOf } from "./unrest.ts";

export interface Drill {
  readonly scene: Scene;
  readonly client: () => DaemonClient;
  readonly load: ShopLoad;
  readonly ledger: LedgerTail;
  readonly signal: AbortSignal;
  progress(text: string): void;
}

/** Longer than the time after which an analysis that is not finished counts as failed. */
const windowMs = 6000;
const lookEveryMs = 250;
const calmWithinMs = 120_000;
const calmWindowMs = 3000;
/** After the window, for the verdicts of the daemon. */
const verdictsWithinMs = 30_000;

export async function runFault(drill: Drill, fault: Fault): Promise<FaultRun> {
  const { scene } = drill;
  const none = (verdict: DrillVerdict): FaultRun => ({
    kind: "none",
    row: rowOfNone(fault, verdict),
  });
  const unavailable = await fault.unavailable?.(scene);
  if (unavailable !== undefined) return none({ kind: "not here", reason: unavailable });
  await calm(drill, fault);
  const journal = new JournalTail(drill.client);
  await journal.begin();
  let injection: Injection;
  try {
    injection = await fault.inject(scene);
  } catch (error) {
    const reason = messageOf(error);
    if (error instanceof Refusal) return none({ kind: "not here", reason });
    // One that does not land is taken back by itself; the others are no worse for it.
    return none({ kind: "failed", reasons: [`it did not land: ${reason}`] });
  }
  try {
    return await follow(drill, { fault, injection, journal });
  } finally {
    await injection.undo();
  }
}

interface Struck {
  readonly fault: Fault;
  readonly injection: Injection;
  readonly journal: JournalTail;
}

async function follow(drill: Drill, struck: Struck): Promise<FaultRun> {
  const { fault, injection, journal } = struck;
  const { clock } = drill.scene;
  drill.progress(`${fault.id}: ${injection.what}`);
  let fromMs = injection.at;
  if (fault.lastsMs !== undefined) {
    await pause(fault.lastsMs, undefined, { signal: drill.signal });
    await injection.undo();
    if (!fault.control) fromMs = clock.now().wallMs;
  }
  const untilMs = clock.now().wallMs + fault.healWithinMs + windowMs + verdictsWithinMs;
  let healing = await look(drill, fromMs);
  while (clock.now().wallMs < untilMs) {
    await pause(lookEveryMs, undefined, { signal: drill.signal });
    healing = await look(drill, fromMs);
    const waitedMs = clock.now().wallMs - fromMs;
    drill.progress(`${fault.id}: ${Math.round(waitedMs / 1000)} s, ${healing.kind}`);
    if (healing.kind === "open" || waitedMs < windowMs) continue;
    if (await isSettled(drill.client())) break;
  }
  await journal.read();
  const objection = await injection.proof?.();
  const figures = drill.load.countRequests(drill.ledger.lines, { fromMs: injection.at });
  const record = {
    fault,
    at: injection.at,
    failures: journal.failures(),
    strategies: journal.strategies(),
    healing,
    requests: figures.requests,
    failedRequests: figures.failed,
    ...(objection === undefined ? {} : { objection }),
  };
  return { kind: "seen", record };
}

async function look(drill: Drill, faultAtMs: number): Promise<FaultRecord["healing"]> {
  await drill.ledger.read();
  const nowMs = drill.scene.clock.now().wallMs;
  return drill.load.judgeHealing(drill.ledger.lines, { faultAtMs, nowMs, windowMs });
}

/** Keeps D1. */
async function calm(drill: Drill, fault: Fault): Promise<void> {
  const { clock } = drill.scene;
  const untilMs = clock.now().monotonicMs + calmWithinMs;
  for (;;) {
    const nowMs = clock.now().wallMs;
    drill.ledger.forgetBefore(nowMs - 60_000);
    await drill.ledger.read();
    const window = { fromMs: nowMs - calmWindowMs };
    const { requests, failed } = drill.load.countRequests(drill.ledger.lines, window);
    const unrest = unrestOfRequests(requests, failed) ?? (await unrestNow(drill.client()));
    if (unrest === undefined) return;
    drill.progress(`${fault.id}: waiting for a calm fleet: ${unrest}`);
    if (clock.now().monotonicMs > untilMs) {
      throw new SoulMirrorError("DRILL_FAILED", `the fleet does not become calm: ${unrest}`, {
        fix: "see `soulmirror status` and `soulmirror incidents`",
      });
    }
    await pause(lookEveryMs, undefined, { signal: drill.signal });
  }
}

function unrestOfRequests(requests: number, failed: number): string | undefined {
  if (requests === 0) return "no request was answered yet";
  return failed === 0 ? undefined : `${failed} of the last ${requests} requests failed`;
}

async function unrestNow(client: DaemonClient): Promise<string | undefined> {
  try {
    const [services, live, underWay, [last]] = await Promise.all([
      client.get<readonly ServiceView[]>("/api/v1/services"),
      client.get<readonly Incident[]>("/api/v1/incidents?live=true&limit=10"),
      client.get<readonly Action[]>("/api/v1/actions/under-way"),
      client.get<readonly Incident[]>("/api/v1/incidents?limit=1"),
    ]);
    return unrestOf({ services, live, underWay, last, nowMs: realClock.now().wallMs });
  } catch (error) {
    return `the daemon does not answer: ${messageOf(error)}`;
  }
}

/** Nothing is being done, judged or waited for. */
async function isSettled(client: DaemonClient): Promise<boolean> {
  try {
    const incidents = await client.get<readonly Incident[]>("/api/v1/incidents?live=true&limit=10");
    const actions = await client.get<readonly Action[]>("/api/v1/actions/under-way");
    return incidents.length === 0 && actions.length === 0;
  } catch {
    // No daemon answers just now.
    return false;
  }
}
