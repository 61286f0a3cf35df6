/**
 * A request where failover may only watch (mode `shadow` or `monitor`, or its switch is off): the
 * provider that was listed first is asked, as if there were no failover, and what would have been
 * done about a failure is told as detected.
 *
 * X1. The caller gets what the first provider gives: its promise, its stream, its error. No
 *     deadline of ours cuts it, and nobody else is asked.
 * X2. Each failure is told once, and judged as it would have been if failover had acted.
 */
import { harmless } from "../../resilience/index.ts";
import type { OpenCall } from "../operation.ts";
import { AnswerError } from "./answer-error.ts";
import { judgeFailOver } from "./fail-over-rule.ts";
import { givenUp } from "./given-up.ts";
import type { Group } from "./group.ts";
import { type Usage, usageOf } from "./ledger.ts";
import type { Member } from "./member.ts";
import type { StreamKind } from "./stream-kind.ts";
import { type Seen, watchReading } from "./watch-reading.ts";

export class FirstAsked {
  readonly #group: Group;
  readonly #signal: AbortSignal | undefined;
  readonly #call: OpenCall | undefined;
  readonly #startedMs: number;
  #isSettled = false;

  constructor(group: Group, signal: AbortSignal | null | undefined) {
    this.#group = group;
    this.#signal = signal ?? undefined;
    this.#call = group.meter?.(group.first.name).begin();
    this.#startedMs = group.tools.monotonicMs();
  }

  succeed(usage?: Usage, elapsedMs: number = this.#elapsedMs): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#call?.succeed();
    this.#group.succeeded(this.#group.first.name, elapsedMs, usage);
  }

  fail(error: unknown, stopBecause?: string): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const group = this.#group;
    if (this.#signal?.aborted === true) {
      this.#call?.fail(givenUp(group.first.name, error));
      return;
    }
    const judgement = group.judge(error);
    const { category } = judgement;
    this.#call?.fail(error);
    group.failed(group.first.name, judgement);
    if (category === "cancelled") return;
    const verdict =
      stopBecause === undefined
        ? judgeFailOver(judgement, group.failOverOn)
        : { goesOn: false, because: stopBecause };
    const limit = category === "context_length" ? group.first.contextTokens : undefined;
    const next = group.inOrder().find((member) => isOfUse(member, group.first, limit));
    const to = verdict.goesOn ? next?.name : undefined;
    const { because } = verdict;
    group.tell({ kind: "failover", from: group.first.name, to, category, error, because }, false);
  }

  /** Looks at a stream while it is read; it stays what it is. */
  stream<Chunk>(stream: AsyncIterable<Chunk>, kind: StreamKind<Chunk>): void {
    // Nobody knows when it is read, and whether to its end: its opening is what is timed.
    this.#call?.succeed();
    const watch = kind.watch();
    let spokenMs: number | undefined;
    const fail = (error: unknown): void => {
      if (watch.isWhole()) this.succeed(usageOf(watch.usage()), spokenMs);
      else this.fail(error, this.#stopOf(spokenMs !== undefined));
    };
    const seen: Seen<Chunk> = {
      chunk: (chunk) => {
        try {
          if (watch.see(chunk) !== "opening") spokenMs ??= this.#elapsedMs;
        } catch (error) {
          fail(error);
        }
      },
      failed: fail,
      ended: () => {
        const { name } = this.#group.first;
        if (watch.isWhole() || watch.mayEnd()) this.succeed(usageOf(watch.usage()), spokenMs);
        else fail(new AnswerError("truncated_stream", `${name} ended before its answer was whole`));
      },
    };
    harmless(() => watchReading(stream, seen));
  }

  #stopOf(hasSpoken: boolean): string | undefined {
    if (!hasSpoken || this.#group.restarts) return undefined;
    return "a part was delivered, and a restart is not allowed";
  }

  get #elapsedMs(): number {
    return this.#group.tools.monotonicMs() - this.#startedMs;
  }
}

function isOfUse(member: Member, first: Member, limit: number | undefined): boolean {
  if (member === first) return false;
  return limit === undefined || (member.contextTokens ?? Infinity) > limit;
}
