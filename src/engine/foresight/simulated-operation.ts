/** An operation that a test drives: how many calls, how long, how many fail. For tests. */
import { createRandom, type Random } from "../../kernel/index.ts";
import { LogSketch } from "../../statistics/index.ts";
import type { OperationReport } from "../operation.ts";

export interface Traffic {
  readonly calls: number;
  /** Milliseconds of one call; default 10. */
  readonly takesMs?: (random: Random) => number;
  readonly failedShare?: number;
  readonly rejected?: number;
  readonly turns?: number;
  readonly poolExhausted?: number;
  readonly inFlight?: number;
}

export class SimulatedOperation {
  readonly name: string;
  readonly #random: Random;
  readonly #latency = new LogSketch();
  #calls = 0;
  #failed = 0;
  #timeouts = 0;
  #poolExhausted = 0;
  #rejected = 0;
  #turns = 0;
  #inFlight = 0;
  /** Calls that take longer end then, and fail. */
  timeoutMs = Number.POSITIVE_INFINITY;

  constructor(name: string, seed = 1) {
    this.name = name;
    this.#random = createRandom(seed);
  }

  run(traffic: Traffic): void {
    const { calls, takesMs = () => 10, failedShare = 0 } = traffic;
    for (let call = 0; call < calls; call += 1) {
      const wouldTakeMs = takesMs(this.#random);
      const isLate = wouldTakeMs > this.timeoutMs;
      this.#latency.add(Math.min(wouldTakeMs, this.timeoutMs));
      if (isLate) this.#timeouts += 1;
      if (isLate || this.#random.next() < failedShare) this.#failed += 1;
    }
    this.#calls += calls;
    this.#rejected += traffic.rejected ?? 0;
    this.#turns += traffic.turns ?? 0;
    this.#poolExhausted += traffic.poolExhausted ?? 0;
    this.#inFlight = traffic.inFlight ?? 0;
  }

  report(): OperationReport {
    const failures = { timeout: this.#timeouts, pool_exhausted: this.#poolExhausted };
    return {
      name: this.name,
      calls: this.#calls,
      succeeded: this.#calls - this.#failed,
      failed: this.#failed,
      failures,
      inFlight: this.#inFlight,
      latency: this.#latency,
      sampledEvery: 1,
      decisions: {
        rejected: { detected: this.#rejected, enforced: 0 },
        breaker: { detected: this.#turns, enforced: 0 },
      },
      silentErrors: 0,
      breaker: "closed",
    };
  }
}
