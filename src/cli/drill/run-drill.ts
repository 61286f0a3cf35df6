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
/** Longer than `healthy_run` of the example fleet: what comes sooner is taken for a relapse. */
const usualRunMs = 6000;
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
  drill.progress(`${fault.id}: waiting for a calm fleet`);
  await calm(drill);
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
async function calm(drill: Drill): Promise<void> {
  const { clock } = drill.scene;
  const untilMs = clock.now().wallMs + calmWithinMs;
  for (;;) {
    const nowMs = clock.now().wallMs;
    drill.ledger.forgetBefore(nowMs - 60_000);
    await drill.ledger.read();
    const window = { fromMs: nowMs - calmWindowMs };
    const { requests, failed } = drill.load.countRequests(drill.ledger.lines, window);
    if (requests > 0 && failed === 0 && (await isCalm(drill.client()))) return;
    if (nowMs > untilMs) {
      throw new SoulMirrorError("DRILL_FAILED", "the fleet does not become calm", {
        fix: "see `soulmirror status` and `soulmirror incidents`",
      });
    }
    await pause(lookEveryMs, undefined, { signal: drill.signal });
  }
}

async function isCalm(client: DaemonClient): Promise<boolean> {
  try {
    const services = await client.get<readonly ServiceView[]>("/api/v1/services");
    const isUsual = services.every(
      ({ state, instances }) => state === "healthy" && instances.every(hasRunLong),
    );
    return isUsual && (await isSettled(client)) && (await isLongSettled(client));
  } catch {
    // No daemon answers just now: that is not calm.
    return false;
  }
}

/** As services have that are met by a fault at night: a run that counts as healthy, a spare. */
function hasRunLong({ startedAt }: ServiceView["instances"][number]): boolean {
  return startedAt !== null && realClock.now().wallMs - startedAt >= usualRunMs;
}

async function isLongSettled(client: DaemonClient): Promise<boolean> {
  const [last] = await client.get<readonly Incident[]>("/api/v1/incidents?limit=1");
  if (last?.state.kind !== "resolved") return last === undefined;
  return realClock.now().wallMs - last.state.at >= usualRunMs;
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
