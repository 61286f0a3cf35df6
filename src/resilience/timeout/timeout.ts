import { OpenAttempt, refuseAborted } from "../attempt.ts";
import type { Witness } from "../decision.ts";
import { CallTimeoutError } from "../errors.ts";
import type { CallOptions, Policy, Work } from "../policy.ts";
import type { Tools } from "../tools.ts";
import { Witnesses } from "../witnesses.ts";
import { type Late, within } from "./within.ts";

export interface TimeoutOptions {
  readonly name?: string;
  readonly timeoutMs: number;
  /** Shown the end of work that nobody waited for any more: it still ran, and may have acted. */
  readonly onLate?: (late: Late) => unknown;
}

/** Waits for work no longer than `timeoutMs` (`within.ts` has the rules). */
export class Timeout implements Policy {
  readonly name: string;
  readonly #options: TimeoutOptions;
  readonly #tools: Tools;
  readonly #witnesses: Witnesses;

  constructor(options: TimeoutOptions, tools: Tools) {
    this.name = options.name ?? "timeout";
    this.#options = options;
    this.#tools = tools;
    this.#witnesses = new Witnesses(this.name);
  }

  on(witness: Witness): () => void {
    return this.#witnesses.on(witness);
  }

  async execute<T>(work: Work<T>, call?: CallOptions): Promise<T> {
    refuseAborted(call);
    const { timeoutMs, onLate } = this.#options;
    return within(work, {
      attempt: new OpenAttempt(1, call?.signal),
      tools: this.#tools,
      timeoutMs,
      caller: call?.signal,
      onLate,
      onTimeout: (elapsedMs) => {
        this.#witnesses.tell({ kind: "timeout", timeoutMs, elapsedMs });
        return new CallTimeoutError(this.name, timeoutMs);
      },
    });
  }
}
