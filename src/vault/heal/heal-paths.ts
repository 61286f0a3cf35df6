/**
 * The healer: waits for quiet, looks, judges, restores what is lost, and proves by a fresh look
 * that it is whole. Paths that were found in the same moment go together, so that a folder of
 * thousands is one restore.
 *
 * F1. Nothing is touched without a verdict `heal` from facts of this very round.
 * F2. A damaged version is kept aside before anything takes its place.
 * F3. What was restored counts as healed only when a fresh look says that it is as expected; else
 *     it is taken back, and what was there before is there again.
 * F4. Each path has one outcome, whatever fails, and each outcome is recorded. What is to be
 *     touched is recorded before; after a crash the paths are looked at anew and judged as any
 *     others, for no step leaves less than there was.
 * F5. It ends: rounds are limited, and what has not come to rest then is asked about.
 */
import { messageOf } from "../../kernel/index.ts";
import type { RawPath } from "../raw-path.ts";
import type { SourceEntry } from "../tree-source.ts";
import type { HealFacts } from "./facts.ts";
import { defaultHealLimits, type HealLimits } from "./heal-limits.ts";
import type { HealOutcome, HealPorts, Repair } from "./heal-ports.ts";
import { judge } from "./judge.ts";
import type { Verdict } from "./verdict.ts";

export interface HealOptions {
  readonly limits?: HealLimits;
  /** Looks at one path. Each but the first comes after a wait of `shortestWaitMs` at least. */
  readonly rounds?: number;
  readonly shortestWaitMs?: number;
  /**
   * Ends waiting: what waits then is left as it is, with its last verdict. Never ends a restore.
   */
  readonly signal: AbortSignal;
}

interface Judged {
  readonly path: RawPath;
  readonly verdict: Verdict;
  readonly facts: HealFacts;
}

interface Work {
  readonly ports: HealPorts;
  readonly outcomes: HealOutcome[];
}

export async function healPaths(
  paths: readonly RawPath[],
  ports: HealPorts,
  options: HealOptions,
): Promise<readonly HealOutcome[]> {
  const { limits = defaultHealLimits, rounds = 400, shortestWaitMs = 10, signal } = options;
  const work: Work = { ports, outcomes: [] };
  const beganMs = ports.clock.now().monotonicMs;
  let waiting: readonly RawPath[] = [...new Set(paths)];
  for (let round = 1; waiting.length > 0; round++) {
    const waitedMs = ports.clock.now().monotonicMs - beganMs;
    const judged = await judgeAll(waiting, { ports, limits, waitedMs });
    const anew = await settle(judged, work);
    if (anew.length > 0 && (round === rounds || signal.aborted)) {
      for (const each of anew) await end(work, { ...told(each), kind: "asked" });
      break;
    }
    waiting = anew.map((each) => each.path);
    if (waiting.length > 0) await pause(waitOf(anew, shortestWaitMs), ports, signal);
  }
  return work.outcomes;
}

async function judgeAll(
  paths: readonly RawPath[],
  { ports, limits, waitedMs }: { ports: HealPorts; limits: HealLimits; waitedMs: number },
): Promise<readonly Judged[]> {
  const all = await ports.facts(paths);
  return all.map((seen) => {
    const facts = { ...seen, waitedMs };
    return { path: seen.path, facts, verdict: judge(facts, limits) };
  });
}

/** Resolves to what has to be judged anew. */
async function settle(judged: readonly Judged[], work: Work): Promise<readonly Judged[]> {
  const anew: Judged[] = [];
  const toHeal: Judged[] = [];
  for (const each of judged) {
    const { kind } = each.verdict;
    if (kind === "wait") anew.push(each);
    else if (kind === "heal") toHeal.push(each);
    else await end(work, { ...told(each), kind: kind === "ask" ? "asked" : "left" });
  }
  return toHeal.length === 0 ? anew : [...anew, ...(await heal(toHeal, work))];
}

interface Begun extends Judged {
  readonly repair: Repair;
  readonly aside: RawPath | undefined;
}

/** Resolves to those that changed since they were judged. */
async function heal(judged: readonly Judged[], work: Work): Promise<readonly Judged[]> {
  const { ports } = work;
  const atMs = ports.clock.now().wallMs;
  await ports.record({ kind: "begun", atMs, paths: judged.map((each) => each.path) });
  const begun: Begun[] = [];
  const anew: Judged[] = [];
  for (const each of judged) {
    const kept = await keptAside(each, work);
    if (kept === "changed") anew.push(each);
    else if (kept !== "failed") begun.push(kept);
  }
  if (begun.length === 0) return anew;
  const failures = await ports.restore(begun.map((each) => each.repair)).catch((error: unknown) => {
    return new Map(begun.map((each) => [each.path, messageOf(error)] as const));
  });
  for (const each of begun) {
    const why = failures.get(each.path);
    await (why === undefined
      ? prove(each, work)
      : end(work, { ...told(each), kind: "failed", why }));
  }
  return anew;
}

async function keptAside(each: Judged, work: Work): Promise<Begun | "changed" | "failed"> {
  const repair = repairOf(each);
  if (repair.replaces === undefined) return { ...each, repair, aside: undefined };
  try {
    const aside = await work.ports.setAside(repair);
    return aside === undefined ? "changed" : { ...each, repair, aside };
  } catch (error) {
    await end(work, { ...told(each), kind: "failed", why: messageOf(error) });
    return "failed";
  }
}

async function prove(each: Begun, work: Work): Promise<void> {
  const { ports } = work;
  const why = await ports.differs(each.repair).catch(messageOf);
  if (why === undefined) return end(work, { ...told(each), kind: "healed", aside: each.aside });
  const stuck = await ports.undo(each.repair, each.aside).then(() => undefined, messageOf);
  return end(
    work,
    stuck === undefined
      ? { ...told(each), kind: "undone", why }
      : { ...told(each), kind: "stuck", why: `${why}; ${stuck}`, aside: each.aside },
  );
}

async function end({ ports, outcomes }: Work, outcome: HealOutcome): Promise<void> {
  outcomes.push(outcome);
  await ports.record({ kind: "ended", atMs: ports.clock.now().wallMs, outcome });
}

function repairOf({ path, facts: { expected, now } }: Judged): Repair {
  return {
    path,
    // A verdict to heal has something that is expected (J3).
    expected: expected as SourceEntry,
    replaces: now.kind === "there" ? now.entry : undefined,
  };
}

function told({ path, verdict }: Judged): Pick<Judged, "path" | "verdict"> {
  return { path, verdict };
}

function waitOf(judged: readonly Judged[], shortestMs: number): number {
  const waits = judged.map(({ verdict }) => (verdict.kind === "wait" ? verdict.forMs : 0));
  return Math.max(shortestMs, Math.min(...waits));
}

function pause(delayMs: number, { timers }: HealPorts, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const stop = (): void => {
      cancel();
      resolve();
    };
    const cancel = timers.after(delayMs, () => {
      signal.removeEventListener("abort", stop);
      resolve();
    });
    signal.addEventListener("abort", stop, { once: true });
  });
}
