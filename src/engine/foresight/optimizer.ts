/**
 * Recommendations for all operations of an engine, and trials of those that are applied: by whoever
 * asks for it, or by itself where it may.
 *
 * Z1. One trial of an operation at a time, and `trialsMax` in all: what helped must be clear.
 * Z2. What was undone, because it did not help or somebody wanted it, is not tried again by itself
 *     for `restMs`. What was only no longer allowed has not been judged, and may be tried again.
 * Z3. What is no longer allowed (the mode, a switch) is taken back at once.
 */
import type { OperationReport } from "../operation.ts";
import type { Entry, OperationSettings } from "../settings/index.ts";
import { type Figures, figuresBetween, type Look, lookAt } from "./figures.ts";
import { type Recommendation, recommend } from "./recommend.ts";
import {
  beginTrial,
  endTrial,
  judgeTrial,
  type Trial,
  type TrialRules,
  trialRules,
} from "./trial.ts";

/** What the optimizer needs of an engine. */
export interface OptimizerHouse {
  /** Monotonic. */
  readonly nowMs: () => number;
  readonly operations: () => Iterable<OperationReport>;
  /** Undefined: an operation of no service of ours. */
  readonly settingsOf: (operation: string) => Place | undefined;
  /** What holds at run time from now on: all entries of all trials that go on or were kept. */
  readonly set: (entries: readonly Entry[]) => void;
  /** Each recommendation once, each trial when it begins and ends. */
  readonly tell?: (message: string, details: Readonly<Record<string, unknown>>) => void;
}

export interface Place {
  readonly service: string;
  readonly method: string | undefined;
  readonly settings: OperationSettings;
}

export interface OptimizerOptions {
  readonly rules?: TrialRules;
  /** Figures are of at least this long, so that they hold a whole rhythm of the day's traffic. */
  readonly windowMs?: number;
  readonly restMs?: number;
}

const trialsMax = 3;
const operationsMax = 500;
const keptMax = 1000;

interface Watched {
  /** Where the figures begin: one to two windows ago, once it has been watched for so long. */
  from: Look;
  /** Where they will begin next. */
  next: Look;
  last: Look;
}

interface Running {
  trial: Trial;
  /** The look at which it began. */
  readonly since: Look;
}

export class Optimizer {
  readonly #house: OptimizerHouse;
  readonly #rules: TrialRules;
  readonly #windowMs: number;
  readonly #restMs: number;
  readonly #watched = new Map<string, Watched>();
  readonly #running = new Map<string, Running>();
  readonly #kept = new Map<string, Recommendation>();
  /** By id, when it was undone. */
  readonly #undone = new Map<string, number>();

  constructor(house: OptimizerHouse, options: OptimizerOptions = {}) {
    const { rules = trialRules, windowMs = 900_000, restMs = 86_400_000 } = options;
    this.#house = house;
    this.#rules = rules;
    this.#windowMs = windowMs;
    this.#restMs = restMs;
  }

  /** Looks at the operations; to be called every few seconds. `isAuto`: it may apply by itself. */
  tick({ mayAct, isAuto }: { readonly mayAct: boolean; readonly isAuto: boolean }): void {
    const nowMs = this.#house.nowMs();
    let isChanged = false;
    for (const report of [...this.#house.operations()].slice(0, operationsMax)) {
      this.#see(lookAt(report, nowMs), report.name);
    }
    for (const [operation, running] of this.#running) {
      const last = this.#watched.get(operation)?.last ?? running.since;
      const since = figuresBetween(running.since, last);
      running.trial = mayAct
        ? judgeTrial(running.trial, since, { nowMs, rules: this.#rules })
        : endTrial(running.trial, "it may not act any more", nowMs);
      if (running.trial.kind === "watching") continue;
      this.#ended(operation, running.trial, nowMs);
      if (!mayAct) this.#undone.delete(running.trial.recommendation.id);
      isChanged = true;
    }
    if (!mayAct && this.#kept.size > 0) {
      this.#kept.clear();
      isChanged = true;
    }
    if (isChanged) this.#setAll();
    if (mayAct && isAuto) this.#applyOwn(nowMs);
  }

  /** What should be set differently. The trials that go on are not recommended again. */
  recommendations(): readonly Recommendation[] {
    return [...this.#watched].flatMap(([operation, watched]) => {
      const place = this.#house.settingsOf(operation);
      if (place === undefined || this.#running.has(operation)) return [];
      const { timeoutMs } = place.settings;
      const figures = figuresBetween(watched.from, watched.last, timeoutMs);
      return recommend({ operation, ...place, figures });
    });
  }

  /** All trials that go on. */
  trials(): readonly Trial[] {
    return [...this.#running.values()].map(({ trial }) => trial);
  }

  /**
   * Tries a recommendation. The trial is undone by itself when it does not help.
   * Undefined: there is no such recommendation now, too few calls to compare with, or a trial of
   * that operation goes on.
   */
  apply(id: string): Trial | undefined {
    const found = this.recommendations().find((each) => each.id === id);
    return found === undefined ? undefined : this.#begin(found);
  }

  /** Takes back a trial, or what was kept. */
  undo(id: string): boolean {
    const nowMs = this.#house.nowMs();
    const wasKept = this.#kept.delete(id);
    const [operation, running] =
      [...this.#running].find(([, { trial }]) => trial.recommendation.id === id) ?? [];
    if (operation !== undefined && running !== undefined) {
      this.#ended(operation, endTrial(running.trial, "somebody took it back", nowMs), nowMs);
    }
    const isUndone = wasKept || running !== undefined;
    if (isUndone) this.#setAll();
    return isUndone;
  }

  /** It was tried, and was taken back. */
  isUndone(id: string): boolean {
    return this.#undone.has(id);
  }

  #see(look: Look, operation: string): void {
    const known = this.#watched.get(operation);
    if (known === undefined) {
      this.#watched.set(operation, { from: look, next: look, last: look });
      return;
    }
    if (look.atMs - known.next.atMs >= this.#windowMs) {
      known.from = known.next;
      known.next = look;
    }
    known.last = look;
  }

  #applyOwn(nowMs: number): void {
    for (const each of this.recommendations()) {
      const undoneMs = this.#undone.get(each.id);
      if (undoneMs !== undefined && nowMs - undoneMs < this.#restMs) continue;
      const watched = this.#watched.get(each.operation);
      const isLong = watched !== undefined && nowMs - watched.from.atMs >= this.#windowMs;
      if (isLong) this.#begin(each);
    }
  }

  #begin(recommendation: Recommendation): Trial | undefined {
    const { operation } = recommendation;
    const watched = this.#watched.get(operation);
    if (watched === undefined || this.#running.size >= trialsMax) return undefined;
    if (this.#running.has(operation)) return undefined;
    const before: Figures = figuresBetween(watched.from, watched.last);
    const nowMs = this.#house.nowMs();
    const trial = beginTrial(recommendation, before, { nowMs, rules: this.#rules });
    if (trial === undefined) return undefined;
    this.#running.set(operation, { trial, since: watched.last });
    this.#setAll();
    this.#tell(`tried: ${recommendation.message}`, { id: recommendation.id, before });
    return trial;
  }

  #ended(operation: string, trial: Trial, nowMs: number): void {
    this.#running.delete(operation);
    if (trial.kind === "watching") return;
    const { recommendation, before, after, reason } = trial;
    const { id } = recommendation;
    if (trial.kind === "kept") this.#kept.set(id, recommendation);
    else this.#undone.set(id, nowMs);
    for (const rows of [this.#kept, this.#undone]) {
      const oldest = rows.keys().next();
      if (rows.size > keptMax && oldest.done !== true) rows.delete(oldest.value);
    }
    // Figures from here on are of other settings.
    const watched = this.#watched.get(operation);
    if (watched !== undefined) {
      watched.from = watched.last;
      watched.next = watched.last;
    }
    this.#tell(`${trial.kind}: ${id} (${reason})`, { id, before, after });
  }

  #setAll(): void {
    const running = [...this.#running.values()].map(({ trial }) => trial.recommendation);
    const all = [...this.#kept.values(), ...running];
    this.#house.set(
      all.flatMap(({ id, changes }) =>
        changes.map((change) => ({ ...change, key: change.leaf, from: `optimization (${id})` })),
      ),
    );
  }

  #tell(message: string, details: Readonly<Record<string, unknown>>): void {
    this.#house.tell?.(message, details);
  }
}
