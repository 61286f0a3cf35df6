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
  checkOptions,
  createIds,
  deferred,
  type Ids,
  messageOf,
  SoulMirrorError,
} from "../../kernel/index.ts";
import { harmless } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import { FailoverStrategy, RetryStrategy } from "./built-in-strategies.ts";
import type { ActionRow, FailureEvent, FailureRow } from "./failure.ts";
import { withOnceBegun } from "./once-begun.ts";
import { RecoveryLedger } from "./recovery-ledger.ts";
import {
  checkFailure,
  checkStrategy,
  engineParts,
  type Recovery,
  type RecoveryEngineOptions,
  type RecoveryOutcome,
  strategiesMax,
} from "./recovery-options.ts";
import { plain, rowOf } from "./recovery-rows.ts";
import { memoryRecoveryStore, type RecoveryStore } from "./recovery-store.ts";
import type { RecoveryStrategy } from "./recovery-strategy.ts";
import { executed, type Tried, takenBack, within } from "./try-strategy.ts";

interface Waiting {
  readonly failure: FailureEvent;
  readonly row: FailureRow;
  readonly finish: (outcome: RecoveryOutcome) => void;
}

const servicesMax = 1000;
/** A store that is slower than this is not waited for. */
const writeMaxMs = 5000;

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
    checkOptions("RecoveryEngine", options, engineParts);
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
      onStrategy: () => {},
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
    checkStrategy(strategy);
    const { name } = strategy;
    const others = this.#strategies.filter((each) => each.name !== name);
    if (others.length >= strategiesMax) {
      throw new SoulMirrorError("CONFLICT", `there are ${strategiesMax} strategies already`, {
        fix: "register each strategy once, when the service starts",
      });
    }
    this.#strategies = [...others, strategy].sort((a, b) => a.priority - b.priority);
    harmless(() => this.#options.onStrategy(strategy));
  }

  /**
   * Begins to heal it, and returns at once. Throws SoulMirrorError OPTIONS_INVALID for what is no
   * failure with its type and service, and nothing else.
   */
  handleFailure(failure: FailureEvent): Recovery {
    checkFailure(failure);
    const eventId = failure.eventId ?? this.#ids.next("flr");
    const { tools } = this.#options;
    const row = rowOf(failure, eventId, tools.wallMs());
    const { promise, resolve } = deferred<RecoveryOutcome>();
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

  /**
   * Turns away what waits and writes down what is not written; false when that was not all. What is
   * under way goes on, and is no longer written down: nothing opens the store again. One that does
   * not answer is waited for during 5 s, and 5 s for its end.
   */
  async close(): Promise<boolean> {
    this.#isClosed = true;
    for (const { finish } of this.#waiting.splice(0)) {
      finish({ kind: "turned_away", reason: "the engine was closed" });
    }
    const isWritten = await this.#written(this.#ledger.flush());
    this.#ledger.end();
    await this.#written(this.#closeStore());
    return isWritten ?? false;
  }

  async #closeStore(): Promise<void> {
    try {
      await this.#store.close?.();
    } catch (error) {
      const message = `${this.#store.name} did not end well: ${messageOf(error)}`;
      harmless(() => this.#options.tell(message));
    }
  }

  #refusal(failure: FailureEvent): RecoveryOutcome | undefined {
    const turnedAway = (reason: string): RecoveryOutcome => ({ kind: "turned_away", reason });
    if (this.#isClosed) return turnedAway("the engine was closed");
    const fitting = this.#fitting(failure);
    if (fitting.length === 0) return turnedAway(`no strategy for ${failure.failureType}`);
    if (!this.#mayAct(failure))
      return { kind: "held_back", wouldTry: fitting.map(({ name }) => name) };
    const { queue, budget, budgetWindowMs } = this.#options;
    if (this.#waiting.length >= queue) return turnedAway(`${queue} failures wait already`);
    if (!this.#takeFromBudget(failure.affectedService)) {
      const spent = `${budget} recoveries within ${budgetWindowMs} ms`;
      return turnedAway(`the budget of ${failure.affectedService} is spent (${spent})`);
    }
    return undefined;
  }

  #fitting({ failureType, strategies }: FailureEvent): readonly RecoveryStrategy[] {
    const fitting = this.#strategies.filter(({ applicableFailureTypes }) =>
      applicableFailureTypes.some((type) => type === failureType || type === "*"),
    );
    if (strategies === undefined) return fitting;
    return strategies.flatMap((name) => fitting.filter((each) => each.name === name));
  }

  /** Who cannot say that it may, or only later, may not. */
  #mayAct(failure: FailureEvent): boolean {
    let may: unknown;
    harmless(() => (may = this.#options.mayAct(failure)));
    return may === true;
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
    const handed = withOnceBegun(failure, tools);
    for (const strategy of this.#fitting(failure)) {
      if (!this.#mayAct(failure)) {
        reasons.push("acting was switched off");
        break;
      }
      const tried = await this.#try(strategy, handed, row);
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

  /** H2, but no store holds up a recovery, or an end, for ever: then it is undefined. */
  async #written<T>(writing: Promise<T>): Promise<T | undefined> {
    const { timers } = this.#options.tools;
    let cancel = (): void => {};
    const late = new Promise<undefined>((resolve) => {
      cancel = timers.after(writeMaxMs, () => resolve(undefined));
    });
    const written = await Promise.race([writing, late]);
    cancel();
    return written;
  }

  #tellOutcome(failure: FailureEvent, outcome: RecoveryOutcome): void {
    const { onOutcome, tell } = this.#options;
    const told = async (): Promise<void> => {
      try {
        // Whoever hears of it may well be async.
        const heard: unknown = onOutcome(failure, outcome);
        await heard;
      } catch (error) {
        tell(`a listener of recoveries failed: ${messageOf(error)}`);
      }
    };
    harmless(told);
  }
}
