/**
 * One request's way along the ring: an attempt at one provider after another, until one has
 * answered, or the request cannot be helped, or nobody is left.
 *
 * T1. A provider is asked once per request at most.
 * T2. Each attempt has a signal of its own: a deadline that cut the first cuts no other.
 * T3. An attempt is settled once: succeeded, failed or abandoned. After it has succeeded its signal
 *     is not aborted (but by `hangUp`); in both other cases it always is, so that nothing goes on
 *     upstream.
 * T4. The caller's abort ends the request, and is told to the ring as nobody's failure.
 */
import { AllFailedError, CallTimeoutError, type Tools } from "../../resilience/index.ts";
import type { OpenCall } from "../operation.ts";
import { judgeFailOver, type Verdict } from "./fail-over-rule.ts";
import { givenUp } from "./given-up.ts";
import type { Group } from "./group.ts";
import type { AiJudgement } from "./judge.ts";
import type { Usage } from "./ledger.ts";
import type { Member } from "./member.ts";

/** Nobody is at fault: the caller gave up, or has seen enough. */
const cancelled: AiJudgement = {
  category: "cancelled",
  isFault: false,
  isTransient: false,
  neverStarted: false,
  scope: "request",
};

export class Turn<M extends Member = Member> {
  readonly group: Group<M>;
  readonly callerSignal: AbortSignal | undefined;
  /** What each provider that was asked has answered. */
  readonly errors: unknown[] = [];
  readonly tried: string[] = [];
  current: Attempt<M> | undefined;
  #left: M[];
  #allFailed: AllFailedError | undefined;

  constructor(group: Group<M>, callerSignal?: AbortSignal | null) {
    this.group = group;
    this.callerSignal = callerSignal ?? undefined;
    this.#left = group.inOrder();
  }

  get next(): M | undefined {
    return this.#left[0];
  }

  /** Throws the caller's reason when they have given up, and AllFailedError when nobody is left. */
  begin(): Attempt<M> {
    this.callerSignal?.throwIfAborted();
    const member = this.#left.shift();
    if (member === undefined) throw this.allFailed();
    this.tried.push(member.name);
    return new Attempt(this, member);
  }

  allFailed(): AllFailedError {
    this.#allFailed ??= this.#makeAllFailed();
    return this.#allFailed;
  }

  #makeAllFailed(): AllFailedError {
    const { operation, names } = this.group;
    const retryAfterMs = this.group.soonestMs();
    return new AllFailedError(operation, {
      asked: this.tried.length === 0 ? names : this.tried,
      errors: this.errors,
      ...(retryAfterMs > 0 ? { retryAfterMs } : {}),
    });
  }

  /** Leaves out all others. */
  keep(isUseful: (member: M) => boolean): void {
    this.#left = this.#left.filter(isUseful);
  }

  /** Of no use: those whose window is known to be no larger than the one that was too small. */
  leaveOutSmaller(than: M): void {
    const limit = than.contextTokens;
    if (limit === undefined) return;
    this.keep(({ contextTokens }) => (contextTokens ?? Infinity) > limit);
  }
}

export interface FailOptions {
  /** The request may not go on, whatever the error says: this is why. */
  readonly stopBecause?: string;
}

export class Attempt<M extends Member = Member> {
  readonly member: M;
  readonly turn: Turn<M>;
  readonly startedMs: number;
  /**
   * Aborted by the caller at any time, also when the answer's body is still being read. Such links
   * are held weakly: a caller's signal that lives for ever does not collect its calls.
   */
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #call: OpenCall | undefined;
  #isSettled = false;
  readonly #followCaller = (): void => this.abandon(this.turn.callerSignal?.reason);

  constructor(turn: Turn<M>, member: M) {
    this.turn = turn;
    this.member = member;
    this.startedMs = this.#tools.monotonicMs();
    this.#call = turn.group.meter?.(member.name).begin();
    turn.callerSignal?.addEventListener("abort", this.#followCaller, { once: true });
    turn.current = this;
    const { signal } = this.#controller;
    this.signal = turn.callerSignal ? AbortSignal.any([turn.callerSignal, signal]) : signal;
  }

  get elapsedMs(): number {
    return this.#tools.monotonicMs() - this.startedMs;
  }

  get isSettled(): boolean {
    return this.#isSettled;
  }

  /** `elapsedMs` is what this provider is compared by: to the first chunk where it streams. */
  succeed(usage?: Usage, elapsedMs: number = this.elapsedMs): void {
    if (!this.#settle()) return;
    this.turn.group.succeeded(this.member.name, elapsedMs, usage);
    this.#call?.succeed();
  }

  /** Says whether to go on with the next provider; told as a decision. */
  fail(error: unknown, options: FailOptions = {}): Verdict {
    if (!this.#settle()) return { goesOn: false, because: "it was settled before" };
    const { group } = this.turn;
    const judgement = group.judge(error);
    this.#controller.abort(error);
    group.failed(this.member.name, judgement);
    group.lookForRetries(this.member.name, error);
    this.#call?.fail(error);
    if (judgement.category !== "cancelled") this.turn.errors.push(error);
    const verdict = this.#verdictOn(judgement, options);
    if (judgement.category === "cancelled") return verdict;
    if (judgement.category === "context_length") this.turn.leaveOutSmaller(this.member);
    const to = verdict.goesOn ? this.turn.next?.name : undefined;
    const { category } = judgement;
    const { because } = verdict;
    const isEnforced = to !== undefined && group.stance === "act";
    group.tell(
      { kind: "failover", from: this.member.name, to, category, error, because },
      isEnforced,
    );
    return verdict;
  }

  /** A stream that has said all and does not end. */
  hangUp(): void {
    this.#controller.abort();
  }

  /**
   * Nobody wants it any more: what is under way upstream ends, and the ring counts neither success
   * nor failure. As a call, one that its reader has left ended well; one that its caller has given
   * up, for this reason, was cancelled.
   */
  abandon(reason?: unknown): void {
    if (!this.#settle()) return;
    this.#controller.abort(reason);
    this.turn.group.failed(this.member.name, cancelled);
    if (reason === undefined) this.#call?.succeed();
    else this.#call?.fail(givenUp(this.member.name, reason));
  }

  /**
   * Waits for `work` until `dueMs` after the attempt began or the caller gives up. What comes later
   * is handed to `late`, to be closed.
   */
  within<T>(work: PromiseLike<T>, dueMs: number, late?: (value: T) => void): Promise<T> {
    return this.waitFor(work, { waitMs: dueMs - this.elapsedMs, timeoutMs: dueMs, late });
  }

  waitFor<T>(work: PromiseLike<T>, wait: Wait<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      let isOver = false;
      const end = (): boolean => {
        if (isOver) return false;
        isOver = true;
        cancelTimer();
        this.signal.removeEventListener("abort", giveUp);
        return true;
      };
      const giveUp = (): void => {
        if (end()) reject(this.signal.reason as Error);
      };
      const cancelTimer = this.#tools.timers.after(wait.waitMs, () => {
        if (end()) reject(new CallTimeoutError(this.member.name, wait.timeoutMs));
      });
      this.signal.addEventListener("abort", giveUp, { once: true });
      if (this.signal.aborted) giveUp();
      work.then(
        (value) => {
          if (end()) resolve(value);
          else wait.late?.(value);
          return undefined;
        },
        (error: unknown) => {
          // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- as it came
          if (end()) reject(error);
        },
      );
    });
  }

  get #tools(): Tools {
    return this.turn.group.tools;
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.turn.callerSignal?.removeEventListener("abort", this.#followCaller);
    return true;
  }

  #verdictOn(judgement: AiJudgement, { stopBecause }: FailOptions): Verdict {
    if (stopBecause !== undefined) return { goesOn: false, because: stopBecause };
    return judgeFailOver(judgement, this.turn.group.failOverOn);
  }
}

interface Wait<T> {
  readonly waitMs: number;
  /** As told in the error. */
  readonly timeoutMs: number;
  readonly late?: ((value: T) => void) | undefined;
}

/** Asks one provider after another until one has answered. */
export async function walk<M extends Member, T>(
  turn: Turn<M>,
  ask: (attempt: Attempt<M>) => Promise<T>,
): Promise<T> {
  for (;;) {
    const attempt = turn.begin();
    try {
      return await ask(attempt);
    } catch (error) {
      const { goesOn } = attempt.fail(error);
      turn.callerSignal?.throwIfAborted();
      if (!goesOn) throw error;
    }
  }
}
