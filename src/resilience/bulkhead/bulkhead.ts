/**
 * So many calls at a time; a few more wait in line. What a slow dependency can take from its caller
 * is thereby limited.
 *
 * K1. Never more than `limit` pieces of work are under way. Within a pipeline a slot is held until
 *     the work has really ended, also when a timeout or a hedge has stopped waiting for it.
 * K2. Never more than `queue` calls wait; they are let in as they came.
 * K3. A call that is given up while it waits leaves at once, and its work is never begun.
 * K4. Every slot is given back exactly once.
 */
import { begin, onAbort, PlainAttempt, refuseAborted } from "../attempt.ts";
import type { Witness } from "../decision.ts";
import { BulkheadError } from "../errors.ts";
import type { CallOptions, Policy, Work } from "../policy.ts";
import { bulkheadDefaults } from "../policy-defaults.ts";
import { Running, runningOf } from "../running.ts";
import type { Tools } from "../tools.ts";
import { Witnesses } from "../witnesses.ts";

export interface BulkheadOptions {
  readonly name?: string;
  /** Calls at a time. Default 10. */
  readonly limit?: number;
  /** Calls that wait when all slots are taken. Default 0. */
  readonly queue?: number;
  /** A call that waited so long is refused. Default: as long as its caller waits. */
  readonly maxWaitMs?: number;
}

export interface BulkheadReport {
  readonly limit: number;
  readonly queue: number;
  readonly inUse: number;
  readonly waiting: number;
  /** Since the start. */
  readonly refused: number;
}

/** Gives the slot back. */
export type Leave = () => void;

interface Waiter {
  readonly enter: (leave: Leave) => void;
}

export class Bulkhead implements Policy {
  readonly name: string;
  readonly #tools: Tools;
  readonly #maxWaitMs: number | undefined;
  readonly #witnesses: Witnesses;
  /** In the order in which they came; a set, because anyone may leave at any time. */
  readonly #waiting = new Set<Waiter>();
  #limit: number;
  #queue: number;
  #inUse = 0;
  #refused = 0;

  constructor(options: BulkheadOptions, tools: Tools) {
    this.name = options.name ?? "bulkhead";
    this.#tools = tools;
    this.#limit = options.limit ?? bulkheadDefaults.limit;
    this.#queue = options.queue ?? bulkheadDefaults.queue;
    this.#maxWaitMs = options.maxWaitMs;
    this.#witnesses = new Witnesses(this.name);
  }

  on(witness: Witness): () => void {
    return this.#witnesses.on(witness);
  }

  report(): BulkheadReport {
    return {
      limit: this.#limit,
      queue: this.#queue,
      inUse: this.#inUse,
      waiting: this.#waiting.size,
      refused: this.#refused,
    };
  }

  /** Other limits from now on: who is inside or waits may stay, and waits no longer than needed. */
  resize(limit: number, queue: number): void {
    this.#limit = limit;
    this.#queue = queue;
    while (this.#inUse < this.#limit && this.#waiting.size > 0) this.#admitNext();
  }

  async execute<T>(work: Work<T>, call?: CallOptions): Promise<T> {
    refuseAborted(call);
    const entered = this.enter(call?.signal);
    const leave = typeof entered === "function" ? entered : await entered;
    const running = new Running(runningOf(call));
    try {
      // K3: it may have been let in and given up in one breath.
      refuseAborted(call);
      return await begin(work, new PlainAttempt(1, call?.signal, running));
    } finally {
      running.whenIdle(leave);
    }
  }

  /** For work that begins and ends in different places. Rejects with a `BulkheadError`. */
  enter(signal?: AbortSignal): Promise<Leave> | Leave {
    if (this.#inUse < this.#limit) return this.#take();
    if (this.#waiting.size >= this.#queue) {
      return Promise.reject(this.#refuse(`${this.#limit} calls are under way`));
    }
    return this.#wait(signal);
  }

  #wait(signal: AbortSignal | undefined): Promise<Leave> {
    return new Promise<Leave>((resolve, reject) => {
      const stop = (): void => {
        this.#waiting.delete(waiter);
        cancel?.();
        forget();
      };
      const waiter: Waiter = {
        enter: (leave) => {
          stop();
          resolve(leave);
        },
      };
      const maxWaitMs = this.#maxWaitMs;
      const cancel =
        maxWaitMs === undefined
          ? undefined
          : this.#tools.timers.after(maxWaitMs, () => {
              stop();
              reject(this.#refuse(`no slot was free within ${maxWaitMs} ms`));
            });
      const forget = onAbort(signal, (reason) => {
        stop();
        reject(reason);
      });
      this.#waiting.add(waiter);
    });
  }

  #take(): Leave {
    this.#inUse += 1;
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      this.#inUse -= 1;
      if (this.#inUse < this.#limit) this.#admitNext();
    };
  }

  #admitNext(): void {
    const [next] = this.#waiting;
    next?.enter(this.#take());
  }

  #refuse(reason: string): BulkheadError {
    this.#refused += 1;
    this.#witnesses.tell({ kind: "rejected", by: "bulkhead", reason });
    return new BulkheadError(this.name, this.#limit, this.#waiting.size);
  }
}
