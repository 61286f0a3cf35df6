/**
 * Processes that call the same dependency tell each other which circuits they have opened. Where
 * enough of them say so, the others open, too, before they have paid for it themselves.
 *
 * Q1. One bad instance opens nobody else's circuit: `needed` instances must say so.
 * Q2. Only what an instance has seen itself is a vote: a circuit that opened because others said so
 *     is none, or it would stay open for ever.
 * Q3. Votes are fetched in the background; no call ever waits for one.
 * Q4. A vote is forgotten when its instance is silent for `staleMs`, or the circuit's time is over.
 * Q5. A board that does not answer changes nothing: each process goes by what it sees.
 */
import {
  anyOption,
  callbackOption,
  checkOptions,
  havingOption,
  jittered,
  messageOf,
  optionsOf,
  requiredOption,
  textOption,
  wholeOption,
} from "../../kernel/index.ts";
import { harmless, type Tools } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import type { BreakerMemory } from "./breaker-memory.ts";

/** What one instance says; times are milliseconds since 1970. */
export interface Vote {
  readonly instance: string;
  readonly at: number;
  readonly open: readonly { readonly name: string; readonly nextRetryAt: number }[];
}

/** Where votes are put up. Both may be repeated at will; each instance has one vote at a time. */
export interface VoteBoard {
  post(vote: Vote): Promise<void>;
  /** Of all instances, stale ones included. */
  read(): Promise<readonly Vote[]>;
}

export interface Verdict {
  readonly votes: number;
  readonly instances: number;
  /** How long those that voted will keep it open at most. */
  readonly openForMs: number;
}

export interface QuorumRule {
  /** So many instances must say so. */
  readonly needed: number;
  readonly nowMs: number;
  readonly staleMs: number;
}

/** Circuits that enough instances have opened (Q1, Q4). */
export function tally(
  votes: readonly Vote[],
  { needed, nowMs, staleMs }: QuorumRule,
): ReadonlyMap<string, Verdict> {
  const latest = new Map<string, Vote>();
  for (const vote of votes) {
    if (Math.abs(nowMs - vote.at) > staleMs) continue;
    const known = latest.get(vote.instance);
    if (known === undefined || known.at < vote.at) latest.set(vote.instance, vote);
  }
  const counted = new Map<string, { votes: number; openForMs: number }>();
  for (const { open } of latest.values()) {
    for (const [name, nextRetryAt] of new Map(open.map((each) => [each.name, each.nextRetryAt]))) {
      const leftMs = nextRetryAt - nowMs;
      if (leftMs <= 0) continue;
      const sum = counted.get(name) ?? { votes: 0, openForMs: 0 };
      counted.set(name, { votes: sum.votes + 1, openForMs: Math.max(sum.openForMs, leftMs) });
    }
  }
  const enough = [...counted].filter(([, { votes: count }]) => count >= needed);
  return new Map(enough.map(([name, sum]) => [name, { ...sum, instances: latest.size }]));
}

export interface QuorumOptions {
  readonly memory: BreakerMemory;
  readonly board: VoteBoard;
  /** Names this process among those that share the board. */
  readonly instance: string;
  readonly tools?: Tools;
  /** So many instances must say so. Default 2. */
  readonly needed?: number;
  readonly intervalMs?: number;
  readonly staleMs?: number;
  /** Nobody keeps a circuit of ours open for longer. */
  readonly openForMaxMs?: number;
  readonly tell?: (message: string) => unknown;
}

const time = wholeOption({ min: 1, max: 2 ** 31 - 1 });
const shape = optionsOf({
  memory: requiredOption(
    havingOption(["ownOpens"], "a memory of circuits", "hand in the `memory` of a registry"),
  ),
  board: requiredOption(
    havingOption(["post", "read"], "a board for votes", "write for example folderBoard(PATH)"),
  ),
  instance: requiredOption(textOption()),
  tools: anyOption(),
  needed: wholeOption({ min: 1, max: 10_000 }),
  intervalMs: time,
  staleMs: time,
  openForMaxMs: time,
  tell: callbackOption(),
});

/** Opens a circuit here when `needed` instances (default 2) have opened theirs. */
export class Quorum {
  readonly #options: Required<QuorumOptions>;
  #cancel: (() => void) | undefined;
  #failures = 0;
  #isClosed = false;

  constructor(options: QuorumOptions) {
    checkOptions("Quorum", options, shape);
    this.#options = {
      tools: realTools,
      needed: 2,
      intervalMs: 2000,
      staleMs: 10_000,
      openForMaxMs: 600_000,
      ...options,
      tell: (message) => harmless(() => options.tell?.(message)),
    };
    this.#wait();
  }

  /** Votes and listens once; never rejects. */
  async look(): Promise<void> {
    const { board, memory, instance, tools, needed, staleMs, openForMaxMs, tell } = this.#options;
    try {
      await board.post({ instance, at: tools.wallMs(), open: memory.ownOpens() });
      const votes = await board.read();
      const rule = { needed, staleMs, nowMs: tools.wallMs() };
      for (const [name, verdict] of tally(votes, rule)) {
        if (this.#isClosed) return;
        const reason = `${verdict.votes} of ${verdict.instances} instances have opened it`;
        memory.induce(name, Math.min(verdict.openForMs, openForMaxMs), reason);
      }
      if (this.#failures > 0) tell("votes of other instances arrive again");
      this.#failures = 0;
    } catch (error) {
      this.#failures += 1;
      if (this.#failures === 1) tell(`votes of other instances are missing: ${messageOf(error)}`);
    }
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  #wait(): void {
    const { tools, intervalMs } = this.#options;
    const delayMs = jittered(tools.random, intervalMs, 0.1);
    this.#cancel = tools.background.after(delayMs, () => {
      void this.look().finally(() => {
        if (!this.#isClosed) this.#wait();
      });
    });
  }
}
