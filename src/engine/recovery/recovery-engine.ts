/**
 * Heals failures beside the calls: it tries the strategies that fit, one after the other, and
 * believes none of them before fresh evidence says that all is well.
 *
 * H1. `handleFailure` returns at once. No caller waits for a recovery, and none of them can throw
 *     into a call.
 * H2. Every failure and every attempt is written down, an attempt before it acts.
 * H3. Resolved is what was verified; what was not is undone, and the next strategy is tried.
 * H4. Queue, concurrency, time and budget are bounded; what is turned away is told with the reason.
 * H5. Where nothing may act (`mayAct`), it is told what would have been done, and nothing is.
 */
import {
  callbackOption,
  checkOptions,
  createIds,
  type Ids,
  listOption,
  messageOf,
  numberOption,
  optionsOf,
  requiredOption,
  SoulMirrorError,
  textOption,
} from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import { FailoverStrategy, RetryStrategy } from "./built-in-strategies.ts";
import type { ActionRow, FailureEvent, FailureRow } from "./failure.ts";
import { RecoveryLedger } from "./recovery-ledger.ts";
import { plain, rowOf } from "./recovery-rows.ts";
import { memoryRecoveryStore, type RecoveryStore } from "./recovery-store.ts";
import type { RecoveryStrategy } from "./recovery-strategy.ts";
import { executed, type Tried, takenBack, within } from "./try-strategy.ts";

export type RecoveryOutcome =
  | {
      readonly kind: "resolved";
      readonly strategy: string;
      readonly attempts: number;
      readonly elapsedMs: number;
      /** What the operation returned this time, where a strategy did it again. */
      readonly value: unknown;
    }
  | { readonly kind: "unresolved"; readonly attempts: number; readonly reason: string }
  /** Nothing was tried. */
  | { readonly kind: "turned_away"; readonly reason: string }
  /** H5. */
  | { readonly kind: "held_back"; readonly wouldTry: readonly string[] };

/** What `handleFailure` returns at once. */
export interface Recovery {
  readonly eventId: string;
  /** Never rejects. */
  readonly done: Promise<RecoveryOutcome>;
}

export interface RecoveryEngineOptions {
  /** Default: real time. */
  readonly tools?: Tools;
  /** Default: memory. */
  readonly store?: RecoveryStore;
  /** Asked before each recovery: the mode and the switches. Default: always. */
  readonly mayAct?: () => boolean;
  /** Recoveries at once. Default 2. */
  readonly concurrency?: number;
  /** Failures that wait. Default 100. */
  readonly queue?: number;
  /** Of one strategy, its verification included. Default 30 s. */
  readonly deadlineMs?: number;
  /** Recoveries of one service within `budgetWindowMs`. Default 20 within 10 minutes. */
  readonly budget?: number;
  readonly budgetWindowMs?: number;
  /** Told of every end of a recovery. */
  readonly onOutcome?: (failure: FailureEvent, outcome: RecoveryOutcome) => void;
  /** One sentence for people: a store that does not answer. */
  readonly tell?: (message: string) => void;
  /** Default: repetition and failover. */
  readonly strategies?: readonly RecoveryStrategy[];
}

interface Waiting {
  readonly failure: FailureEvent;
  readonly row: FailureRow;
  readonly finish: (outcome: RecoveryOutcome) => void;
}

const strategiesMax = 100;
const servicesMax = 1000;
/** A store that is slower than this is not waited for. */
const writeMaxMs = 5000;

const strategyParts = {
  name: requiredOption(textOption({ max: 100 })),
  applicableFailureTypes: requiredOption(listOption(textOption(), { min: 1 })),
  priority: requiredOption(numberOption()),
  actionType: textOption({ max: 100 }),
  execute: requiredOption(callbackOption()),
  undo: callbackOption(),
  verify: callbackOption(),
};

/**
 * Tries strategies on failures, in order of priority, and keeps the record.
 *
 *     const recovery = new RecoveryEngine({ store: fileRecoveryStore("recoveries.jsonl") });
 *     recovery.registerStrategy({ name: "reconnect", priority: 3, ... });
 *     const { eventId, done } = recovery.handleFailure(failure);
 */
export class RecoveryEngine {
  readonly #options: Required<Omit<RecoveryEngineOptions, "store" | "strategies">>;
  readonly #ledger: RecoveryLedger;
  readonly #store: RecoveryStore;
  readonly #ids: Ids;
  #strategies: readonly RecoveryStrategy[] = [];
  #waiting: Waiting[] = [];
  #running = 0;
  #isClosed = false;
  /** When recoveries of each service began, within the window. */
  readonly #begun = new Map<string, number[]>();

  constructor(options: RecoveryEngineOptions = {}) {
    const { store = memoryRecoveryStore(), strategies, ...rest } = options;
    this.#options = {
      tools: realTools,
      mayAct: () => true,
      concurrency: 2,
      queue: 100,
      deadlineMs: 30_000,
      budget: 20,
      budgetWindowMs: 600_000,
      onOutcome: () => {},
      tell: () => {},
      ...rest,
    };
    this.#store = store;
    this.#ledger = new RecoveryLedger(store, (message) => this.#options.tell(message));
    const { wallMs, monotonicMs, random } = this.#options.tools;
    const clock = { now: () => ({ wallMs: wallMs(), monotonicMs: monotonicMs() }) };
    this.#ids = createIds(clock, random);
    for (const strategy of strategies ?? [new RetryStrategy(), new FailoverStrategy()]) {
      this.registerStrategy(strategy);
    }
  }

  /** In the order in which they are tried. */
  get strategies(): readonly RecoveryStrategy[] {
    return this.#strategies;
  }

  /** One of the same name is replaced. Throws SoulMirrorError OPTIONS_INVALID, CONFLICT. */
  registerStrategy(strategy: RecoveryStrategy): void {
    // Also the methods of a class, which are no own keys of its instance.
    const keys = Object.keys(strategyParts) as (keyof RecoveryStrategy)[];
    const given = Object.fromEntries(keys.map((key) => [key, strategy[key]]));
    checkOptions("registerStrategy", given, optionsOf(strategyParts));
    const { name } = strategy;
    const others = this.#strategies.filter((each) => each.name !== name);
    if (others.length >= strategiesMax) {
      throw new SoulMirrorError("CONFLICT", `there are ${strategiesMax} strategies already`, {
        fix: "register each strategy once, when the service starts",
      });
    }
    this.#strategies = [...others, strategy].sort((a, b) => a.priority - b.priority);
  }

  /** Begins to heal it, and returns at once. Never throws. */
  handleFailure(failure: FailureEvent): Recovery {
    const eventId = failure.eventId ?? this.#ids.next("flr");
    const { tools } = this.#options;
    const row = rowOf(failure, eventId, tools.wallMs());
    const { promise, resolve } = Promise.withResolvers<RecoveryOutcome>();
    const finish = (outcome: RecoveryOutcome): void => {
      resolve(outcome);
      this.#tellOutcome(failure, outcome);
    };
    const written = this.#ledger.failure(row);
    const refusal = this.#refusal(failure);
    if (refusal === undefined) {
      this.#waiting.push({ failure, row, finish });
      // Never within the caller's own turn.
      void this.#written(written).then(() => tools.timers.after(0, () => this.#next()));
    } else {
      finish(refusal);
    }
    return { eventId, done: promise };
  }

  /** Failures and attempts that are kept. */
  records(): ReturnType<RecoveryStore["read"]> {
    return this.#store.read();
  }

  /** Turns away what waits and writes down what is not written. What is under way goes on. */
  async close(): Promise<boolean> {
    this.#isClosed = true;
    for (const { finish } of this.#waiting.splice(0)) {
      finish({ kind: "turned_away", reason: "the engine was closed" });
    }
    const isWritten = await this.#ledger.flush();
    await this.#store.close?.();
    return isWritten;
  }

  #refusal(failure: FailureEvent): RecoveryOutcome | undefined {
    const turnedAway = (reason: string): RecoveryOutcome => ({ kind: "turned_away", reason });
    if (this.#isClosed) return turnedAway("the engine was closed");
    const fitting = this.#fitting(failure);
    if (fitting.length === 0) return turnedAway(`no strategy for ${failure.failureType}`);
    if (!this.#mayAct()) return { kind: "held_back", wouldTry: fitting.map(({ name }) => name) };
    const { queue, budget, budgetWindowMs } = this.#options;
    if (this.#waiting.length >= queue) return turnedAway(`${queue} failures wait already`);
    if (!this.#takeFromBudget(failure.affectedService)) {
      const spent = `${budget} recoveries within ${budgetWindowMs} ms`;
      return turnedAway(`the budget of ${failure.affectedService} is spent (${spent})`);
    }
    return undefined;
  }

  #fitting({ failureType }: FailureEvent): readonly RecoveryStrategy[] {
    return this.#strategies.filter(({ applicableFailureTypes }) =>
      applicableFailureTypes.some((type) => type === failureType || type === "*"),
    );
  }

  #mayAct(): boolean {
    try {
      return this.#options.mayAct();
    } catch {
      // Who cannot say that it may, may not.
      return false;
    }
  }

  #takeFromBudget(service: string): boolean {
    const { budget, budgetWindowMs, tools } = this.#options;
    const nowMs = tools.monotonicMs();
    const begun = (this.#begun.get(service) ?? []).filter((at) => nowMs - at < budgetWindowMs);
    if (begun.length >= budget) return false;
    this.#begun.delete(service);
    this.#begun.set(service, [...begun, nowMs]);
    const oldest = this.#begun.keys().next();
    if (this.#begun.size > servicesMax && oldest.done !== true) this.#begun.delete(oldest.value);
    return true;
  }

  #next(): void {
    while (this.#running < this.#options.concurrency) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running += 1;
      void this.#heal(next).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  async #heal({ failure, row, finish }: Waiting): Promise<void> {
    const { tools } = this.#options;
    const beganMs = tools.monotonicMs();
    const reasons: string[] = [];
    for (const strategy of this.#fitting(failure)) {
      if (!this.#mayAct()) {
        reasons.push("acting was switched off");
        break;
      }
      const tried = await this.#try(strategy, failure, row);
      if (tried.isHealed) {
        const resolved = { ...row, resolved: true, resolvedAt: tools.wallMs() };
        await this.#written(this.#ledger.failure(resolved));
        const elapsedMs = tools.monotonicMs() - beganMs;
        const attempts = reasons.length + 1;
        const { name } = strategy;
        finish({ kind: "resolved", strategy: name, attempts, elapsedMs, value: tried.value });
        return;
      }
      reasons.push(`${strategy.name}: ${tried.reason}`);
    }
    finish({ kind: "unresolved", attempts: reasons.length, reason: reasons.join("; ") });
  }

  async #try(strategy: RecoveryStrategy, failure: FailureEvent, row: FailureRow): Promise<Tried> {
    const { tools, deadlineMs } = this.#options;
    const beganMs = tools.monotonicMs();
    const begun: ActionRow = {
      actionId: this.#ids.next("act"),
      failureEventId: row.eventId,
      timestamp: tools.wallMs(),
      actionType: strategy.actionType ?? strategy.name,
      actionStrategy: strategy.name,
      status: "initiated",
      automated: true,
      triggeredBy: "system",
      parameters: row.context,
      result: null,
      durationMs: null,
      completedAt: null,
    };
    await this.#written(this.#ledger.action(begun));
    const end = async (status: ActionRow["status"], result: unknown): Promise<void> => {
      const durationMs = Math.round(tools.monotonicMs() - beganMs);
      const completedAt = tools.wallMs();
      const ended = { ...begun, status, result: plain(result), durationMs, completedAt };
      await this.#written(this.#ledger.action(ended));
    };
    const done = await within(deadlineMs, tools, (signal) =>
      executed(strategy, failure, { signal, tools }),
    );
    if (done.isHealed) {
      await end("succeeded", { message: done.reason, ...done.metadata });
      return done;
    }
    const undone = await within(deadlineMs, tools, (signal) =>
      takenBack(strategy, failure, { signal, tools }),
    );
    const message = undone === undefined ? done.reason : `${done.reason}; ${undone.reason}`;
    await end(undone?.isHealed === true ? "rolled_back" : "failed", { message, ...done.metadata });
    return { ...done, reason: message };
  }

  /** H2, but no store holds up a recovery for ever. */
  async #written(writing: Promise<void>): Promise<void> {
    const { timers } = this.#options.tools;
    let cancel = (): void => {};
    const late = new Promise<void>((resolve) => {
      cancel = timers.after(writeMaxMs, resolve);
    });
    await Promise.race([writing, late]);
    cancel();
  }

  #tellOutcome(failure: FailureEvent, outcome: RecoveryOutcome): void {
    try {
      this.#options.onOutcome(failure, outcome);
    } catch (error) {
      this.#options.tell(`a listener of recoveries failed: ${messageOf(error)}`);
    }
  }
}
