/**
 * Which strategy next? First the ones that the fleet file names, in its order; then the others that
 * heal this type of failure, by their turn, corrected by what has worked before on the same
 * signature.
 *
 * What was tried in this incident gives way to what was not; only when nothing new applies, what
 * may be repeated is repeated, the least tried first. What is not meant to heal, as quarantine, is
 * no attempt: it is there for the next crash loop as it was for the first.
 *
 * An order that names `escalate` ends there: each of the named is tried once, then a person is
 * told. Two things go on all the same: requests are kept away from what is not ready, and the
 * restart policy brings back a process that is gone, where the order says nothing about that.
 */
import { type ExperienceBook, type Failure, scoreOf, signatureOf } from "../model/index.ts";
import { strategies, strategyNamed } from "./strategies/index.ts";
import type { Context, Strategy } from "./strategy.ts";

export interface Choice {
  readonly strategy: Strategy | undefined;
  /** Why this one, or why none. */
  readonly reason: string;
}

export interface Past {
  readonly book: ExperienceBook;
  /** Names of strategies that were tried in this incident. */
  readonly tried: readonly string[];
  /** Wall milliseconds. */
  readonly at: number;
}

/** Experience moves a strategy by at most this many turns of 10. */
const experienceReach = 40;

export function choose(context: Context, past: Past): Choice {
  const against: string[] = [];
  const { ordered, isClosed } = inOrder(context, past);
  const mayRepeat = (strategy: Strategy): boolean =>
    strategy.repeatable && (!isClosed || strategy.protects === true);
  const fresh = ordered.filter(
    (strategy) => strategy.terminal || !past.tried.some((name) => isKin(strategy, name)),
  );
  const again = ordered
    .filter(
      (strategy) => !fresh.includes(strategy) && (mayRepeat(strategy) || !isTried(strategy, past)),
    )
    .toSorted((a, b) => triesOf(a, past) - triesOf(b, past));
  for (const strategy of [...fresh, ...again]) {
    const reason = strategy.against(context);
    if (reason === undefined) return { strategy, reason: reasonFor(strategy, context, past) };
    against.push(`${strategy.name}: ${reason}`);
  }
  for (const strategy of ordered) {
    if (!fresh.includes(strategy) && !again.includes(strategy)) {
      against.push(`${strategy.name}: tried already`);
    }
  }
  if (against.length === 0) {
    against.push(`nothing is known that heals ${context.failure.type} of ${context.resource}`);
  }
  const end = endsThere(context) ? "the declared order ends with escalate: " : "";
  return { strategy: undefined, reason: `${end}${against.join("; ")}` };
}

function isTried(strategy: Strategy, past: Past): boolean {
  return past.tried.includes(strategy.name);
}

function triesOf(strategy: Strategy, past: Past): number {
  return past.tried.filter((name) => name === strategy.name).length;
}

/** Two ways to do the same: when one did not help, the other will hardly. */
function isKin(strategy: Strategy, tried: string): boolean {
  const renewals = ["restart", "drain_restart"];
  return strategy.name === tried || (renewals.includes(strategy.name) && renewals.includes(tried));
}

interface Order {
  readonly ordered: readonly Strategy[];
  /** Nothing of it is tried again. */
  readonly isClosed: boolean;
}

function inOrder(context: Context, past: Past): Order {
  const { failure } = context;
  const fits = (strategy: Strategy): boolean => strategy.fits?.(context) ?? true;
  const named = declared(context)
    .flatMap((name) => family(name, failure))
    .filter(fits);
  const others = strategies
    .filter((strategy) => strategy.heals[failure.type] !== undefined && !named.includes(strategy))
    .filter(fits)
    .map((strategy) => ({ strategy, turn: turnOf(strategy, failure, past) }))
    .sort((a, b) => a.turn - b.turn)
    .map(({ strategy }) => strategy);
  const first = others.filter((strategy) => strategy.protects);
  if (!endsThere(context)) {
    const rest = others.filter((strategy) => !strategy.protects);
    return { ordered: [...first, ...named, ...rest], isClosed: false };
  }
  // A hook may be declared for anything; only a strategy that heals this says what is to be done.
  const isSaid = named.some((strategy) => strategy.heals[failure.type] !== undefined);
  const upkeep = isSaid ? [] : others.filter((strategy) => keepsUp(strategy, failure));
  return { ordered: [...first, ...named, ...upkeep], isClosed: isSaid };
}

function endsThere(context: Context): boolean {
  return declared(context).includes("escalate");
}

/** The restart policy: what the service was handed over for. */
function keepsUp({ name }: Strategy, { type }: Failure): boolean {
  const isGone = type === "process_exited" || type === "crash_loop" || type === "start_failed";
  return isGone && (name === "restart" || name === "quarantine");
}

function declared(context: Context): readonly string[] {
  return context.service?.strategies ?? context.spec?.strategies ?? [];
}

/** "restart" means: without losing requests where that is possible. */
function family(name: string, failure: Failure): readonly Strategy[] {
  const names = name === "restart" ? ["wait_for_port", "drain_restart", "restart"] : [name];
  return names.flatMap((each) => {
    const strategy = strategyNamed(each);
    if (strategy === undefined) return [];
    const isHook = Object.keys(strategy.heals).length === 0;
    return isHook || strategy.heals[failure.type] !== undefined ? [strategy] : [];
  });
}

function turnOf(strategy: Strategy, failure: Failure, past: Past): number {
  const turn = strategy.heals[failure.type] ?? 50;
  const key = { signature: signatureOf(failure), strategy: strategy.name };
  const { score, weight } = scoreOf(past.book, key, past.at);
  return turn + (0.5 - score) * Math.min(1, weight / 4) * experienceReach * 2;
}

function reasonFor(strategy: Strategy, context: Context, past: Past): string {
  const { failure } = context;
  const key = { signature: signatureOf(failure), strategy: strategy.name };
  const { score, weight } = scoreOf(past.book, key, past.at);
  const known = weight < 0.5 ? "" : `; it helped ${Math.round(score * 100)} % of the time before`;
  const order = declared(context).some((name) => strategyNamed(name)?.name === strategy.name)
    ? "declared"
    : "the first that applies";
  const after = past.tried.length > 0 ? `, after ${tally(past)}` : "";
  return `${strategy.name} for ${failure.type} (${order}${after})${known}: ${failure.reason}`;
}

/** What was tried, each name once: a case may last for weeks. */
function tally(past: Past): string {
  const names = [...new Set(past.tried)];
  return names
    .map((name) => {
      const times = past.tried.filter((each) => each === name).length;
      return times === 1 ? name : `${name} (${times} times)`;
    })
    .join(", ");
}
