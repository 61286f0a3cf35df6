/**
 * Several policies as one. The first is the outermost: it sees the others as its work.
 *
 * P1. The chain is linked when the pipeline is made; a call walks it and builds nothing but the
 *     attempts that it makes.
 * P2. The work is told how often it has been begun for this call, by whichever policy.
 * P3. A bulkhead anywhere in the chain holds its slot until the work has really ended.
 *
 * The usual order, from the outside: fallback, retry, hedge, circuit breaker, rate limit, timeout,
 * bulkhead. A retry outside the breaker asks it again each time; a timeout inside the retry is one
 * attempt's, outside it is the whole call's.
 */
import { begin, callWithin, PlainAttempt, Renumbered } from "./attempt.ts";
import type { Witness } from "./decision.ts";
import type { CallOptions, Policy, Work } from "./policy.ts";
import { type Running, runningOf } from "./running.ts";

type Link = <T>(work: Work<T>, call: CallOptions | undefined) => Promise<T>;

export class Pipeline implements Policy {
  readonly name: string;
  readonly policies: readonly Policy[];
  readonly #run: Link;

  constructor(policies: readonly Policy[], name = "pipeline") {
    this.name = name;
    this.policies = policies;
    this.#run = policies.reduceRight<Link>(around, theWork);
  }

  /** Shows what each of its policies decides, under that policy's own name. */
  on(witness: Witness): () => void {
    const stops = this.policies.map((policy) => policy.on(witness));
    return () => {
      for (const stop of stops) stop();
    };
  }

  execute<T>(work: Work<T>, call?: CallOptions): Promise<T> {
    return this.#run(numbered(work), call);
  }
}

const theWork: Link = (work, call) => begin(work, new PlainAttempt(1, call?.signal));

function around(inner: Link, policy: Policy): Link {
  // The innermost policy calls the work itself.
  if (inner === theWork) return (work, call) => policy.execute(tracked(work, call), call);
  return (work, call) => policy.execute((attempt) => inner(work, callWithin(attempt, call)), call);
}

/** P2. */
function numbered<T>(work: Work<T>): Work<T> {
  let count = 0;
  return (attempt) => {
    count += 1;
    return work(attempt.number === count ? attempt : new Renumbered(count, attempt));
  };
}

/** P3. */
function tracked<T>(work: Work<T>, call: CallOptions | undefined): Work<T> {
  const running = runningOf(call);
  if (running === undefined) return work;
  // The work may be a pipeline of its own, whose work counts as well.
  return (attempt) =>
    counted(() => work(new Renumbered(attempt.number, attempt, running)), running);
}

async function counted<T>(work: () => T | PromiseLike<T>, running: Running): Promise<T> {
  running.begin();
  try {
    return await work();
  } finally {
    running.end();
  }
}
