/** A circuit (`breaker/breaker.ts`) as a policy of its own, with the timeout that counts for it. */
import { begin, OpenAttempt, PlainAttempt, refuseAborted } from "../attempt.ts";
import { Breaker, refused } from "../breaker/breaker.ts";
import { type BreakerOptions, breakerDefaults } from "../breaker/breaker-options.ts";
import type { Classify } from "../category.ts";
import { createClassify, judgeCall } from "../classify/classify.ts";
import type { BreakerPhase, Witness } from "../decision.ts";
import { CallTimeoutError, CircuitBreakerError } from "../errors.ts";
import type { CallOptions, Policy, Work } from "../policy.ts";
import { circuitDefaults } from "../policy-defaults.ts";
import { within } from "../timeout/within.ts";
import type { Tools } from "../tools.ts";
import { Witnesses } from "../witnesses.ts";

export interface CircuitBreakerOptions extends Partial<BreakerOptions> {
  readonly name?: string;
  /** A call that takes longer is not awaited, and a fault. Default 30 000; infinite: none. */
  readonly timeoutMs?: number;
  readonly classify?: Classify;
}

export class CircuitBreaker implements Policy {
  readonly name: string;
  readonly #breaker: Breaker;
  readonly #timeoutMs: number;
  readonly #classify: Classify;
  readonly #tools: Tools;
  readonly #witnesses: Witnesses;
  #lastError: unknown;

  constructor(options: CircuitBreakerOptions, tools: Tools) {
    const {
      name = "circuitBreaker",
      timeoutMs = circuitDefaults.timeoutMs,
      classify,
      ...limits
    } = options;
    this.name = name;
    this.#timeoutMs = timeoutMs;
    this.#classify = classify ?? createClassify(tools.wallMs);
    this.#tools = tools;
    this.#witnesses = new Witnesses(name);
    const given = { ...breakerDefaults, ...limits };
    this.#breaker = new Breaker(given, (from, to, reason) => {
      const openForMs = this.#breaker.openLeftMs(tools.monotonicMs());
      const open = to === "open" ? { openForMs } : {};
      this.#witnesses.tell({ kind: "breaker", from, to, reason, ...open });
    });
  }

  /** Its state machine, for whoever keeps it across restarts. */
  get breaker(): Breaker {
    return this.#breaker;
  }

  get phase(): BreakerPhase {
    return this.#breaker.phase;
  }

  on(witness: Witness): () => void {
    return this.#witnesses.on(witness);
  }

  /** Refuses every call, until the returned function is called. */
  isolate(reason = "it was isolated by hand"): () => void {
    return this.#breaker.isolate(reason);
  }

  /** Opens it, for `forMs` or as long as it would by itself. */
  open(forMs: number = this.#breaker.options.resetTimeoutMs): void {
    this.#breaker.open(this.#tools.monotonicMs(), forMs, "it was opened by hand");
  }

  close(): void {
    this.#breaker.close("it was closed by hand");
  }

  async execute<T>(work: Work<T>, call?: CallOptions): Promise<T> {
    refuseAborted(call);
    const beganMs = this.#tools.monotonicMs();
    const breaker = this.#breaker;
    const ticket = breaker.isClosed ? breaker.ticket : breaker.admit(beganMs);
    if (ticket === refused) throw this.#refuse(beganMs);
    try {
      const value = await this.#do(work, call);
      const nowMs = this.#tools.monotonicMs();
      breaker.succeeded(ticket, nowMs, nowMs - beganMs);
      return value;
    } catch (error) {
      const nowMs = this.#tools.monotonicMs();
      if (judgeCall(this.#classify, error, call?.signal).isFault) {
        this.#lastError = error;
        breaker.failed(ticket, nowMs, nowMs - beganMs);
      } else {
        breaker.dismissed(ticket);
      }
      throw error;
    }
  }

  #do<T>(work: Work<T>, call: CallOptions | undefined): Promise<T> {
    const timeoutMs = this.#timeoutMs;
    if (timeoutMs === Number.POSITIVE_INFINITY) {
      return begin(work, new PlainAttempt(1, call?.signal));
    }
    return within(work, {
      attempt: new OpenAttempt(1, call?.signal),
      tools: this.#tools,
      timeoutMs,
      caller: call?.signal,
      onTimeout: (elapsedMs) => {
        this.#witnesses.tell({ kind: "timeout", timeoutMs, elapsedMs });
        return new CallTimeoutError(this.name, timeoutMs);
      },
    });
  }

  #refuse(nowMs: number): CircuitBreakerError {
    const { phase } = this.#breaker;
    const leftMs = Math.ceil(this.#breaker.openLeftMs(nowMs));
    const retryAfterMs = phase === "open" ? { retryAfterMs: leftMs } : {};
    const reason = `the circuit is ${phase}`;
    this.#witnesses.tell({ kind: "rejected", by: "breaker", reason, ...retryAfterMs });
    return new CircuitBreakerError(this.name, retryAfterMs.retryAfterMs, {
      cause: this.#lastError,
      isolatedBecause: this.#breaker.isolatedBecause,
    });
  }
}
