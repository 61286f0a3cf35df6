/**
 * The way of items to one sink: what waits, when it is sent, and what becomes of it when the sink
 * does not answer.
 *
 * L1. `add` never waits and never throws.
 * L2. One batch is under way at a time; it is sent again, the same, until it is taken or refused.
 * L3. After a failure the sink is left alone: 1 s, doubled up to 30 s, or what it has asked for,
 *     where that is a second or more: a sink that says "at once" may say so for ever.
 * L4. Nothing of it keeps the process alive, except a `flush` that somebody awaits.
 * L5. Everything lost or joined is counted, and told when a delivery ends.
 */
import { type CancelTimer, deferred, jittered, messageOf } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { type BufferLimits, type Joining, JoiningBuffer } from "./buffer.ts";
import { askedForMaxMs, DeliveryRefused, type Sink } from "./sink.ts";

export interface LaneOptions<T> {
  readonly sink: Sink<T>;
  readonly joining: Joining<T>;
  readonly limits: BufferLimits;
  readonly batchSize: number;
  readonly flushIntervalMs: number;
  readonly sendTimeoutMs: number;
  readonly tools: Tools;
  readonly onLoss: (loss: Loss) => void;
}

/** Since the start. */
export interface LaneFigures {
  readonly added: number;
  readonly delivered: number;
  /** No longer told apart from another one, for want of room. */
  readonly joined: number;
  readonly lost: number;
  readonly waiting: number;
}

export interface Loss {
  readonly sink: string;
  /** Since the last time that it was told. */
  readonly lost: number;
  readonly joined: number;
  /** What the sink said last, where it said something. */
  readonly reason: string | undefined;
  readonly figures: LaneFigures;
}

/** Between two attempts of the last flush. */
const firstPauseMs = 50;
const sinkCloseMs = 500;

const backoff = { firstMs: 1000, longestMs: 30_000, spread: 0.25 } as const;

export class Lane<T> {
  readonly #options: LaneOptions<T>;
  readonly #buffer: JoiningBuffer<T>;
  #added = 0;
  #delivered = 0;
  /** Was sent and not taken; goes first (L2). */
  #held: readonly T[] | undefined;
  #delivery: Promise<void> | undefined;
  #cancelTimer: CancelTimer | undefined;
  #cancelPause: CancelTimer | undefined;
  /** That somebody awaits. */
  #flushes = 0;
  /** Of the batch that is under way. */
  #aborter: AbortController | undefined;
  #failures = 0;
  #notBeforeMs = 0;
  #reason: string | undefined;
  #told = { lost: 0, joined: 0 };
  #isClosed = false;

  constructor(options: LaneOptions<T>) {
    this.#options = options;
    this.#buffer = new JoiningBuffer(options.joining, options.limits);
  }

  get figures(): LaneFigures {
    return {
      added: this.#added,
      delivered: this.#delivered,
      joined: this.#buffer.joinedAway,
      lost: this.#buffer.lost,
      waiting: this.#buffer.size + (this.#held?.length ?? 0),
    };
  }

  add(item: T): void {
    this.#added += 1;
    if (this.#isClosed) {
      this.#buffer.lose(1);
      return;
    }
    this.#buffer.add(item);
    this.#schedule();
  }

  /** Sends all that waits, whatever was said of later; resolves when it is there, or is not. */
  async flush(): Promise<void> {
    const { tools, sendTimeoutMs } = this.#options;
    const letGo = tools.timers.after(sendTimeoutMs, () => {});
    this.#flushes += 1;
    await this.#delivery;
    letGo();
    await this.#flush();
    this.#flushes -= 1;
  }

  async #flush(): Promise<void> {
    await this.#delivery;
    this.#notBeforeMs = 0;
    await this.#deliver(1);
  }

  /**
   * Sends all within `withinMs`, again and again where nobody is there yet: a client may still be
   * connecting. What is left then is lost, and so is what comes later.
   */
  async close(withinMs: number): Promise<void> {
    await this.#within(withinMs, this.#flushAll());
    this.#isClosed = true;
    this.#aborter?.abort(new Error("nobody waits for it any more"));
    this.#cancelPause?.();
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const left = [...(this.#held ?? []), ...this.#buffer.take(Number.MAX_SAFE_INTEGER)];
    this.#held = undefined;
    this.#buffer.lose(left.length);
    this.#tell();
    await this.#within(sinkCloseMs, this.#closeSink());
  }

  async #within(limitMs: number, work: Promise<void>): Promise<void> {
    const late = deferred<void>();
    const cancel = this.#options.tools.timers.after(limitMs, late.resolve);
    await Promise.race([work, late.promise]);
    cancel();
  }

  /** Of somebody else: it may be no promise, throw, or never end. */
  async #closeSink(): Promise<void> {
    try {
      await this.#options.sink.close?.();
    } catch {
      // All that it was to take has been told already.
    }
  }

  async #flushAll(): Promise<void> {
    const { timers } = this.#options.tools;
    for (let pauseMs = firstPauseMs; !this.#isClosed; pauseMs = Math.min(pauseMs * 2, 800)) {
      await this.#flush();
      if (this.#held === undefined && this.#buffer.size === 0) return;
      const { promise, resolve } = deferred<void>();
      this.#cancelPause = timers.after(pauseMs, resolve);
      await promise;
    }
  }

  #schedule(): void {
    if (this.#delivery !== undefined || this.#isClosed) return;
    const { batchSize, flushIntervalMs, tools } = this.#options;
    const waitMs = this.#notBeforeMs - tools.monotonicMs();
    const isFull = this.#buffer.size >= batchSize || this.#held !== undefined;
    if (isFull && waitMs <= 0) void this.#deliver(batchSize);
    else this.#cancelTimer ??= this.#sendAfter(Math.max(waitMs, isFull ? 0 : flushIntervalMs));
  }

  #sendAfter(delayMs: number): CancelTimer {
    return this.#options.tools.background.after(delayMs, () => {
      this.#cancelTimer = undefined;
      void this.#deliver(1);
    });
  }

  /** One batch after the other, as long as at least `atLeast` items wait. Never rejects. */
  #deliver(atLeast: number): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#delivery ??= this.#deliverAll(atLeast).finally(() => {
      this.#delivery = undefined;
      this.#tell();
      if (this.#held !== undefined || this.#buffer.size > 0) this.#schedule();
    });
    return this.#delivery;
  }

  async #deliverAll(atLeast: number): Promise<void> {
    while (this.#held !== undefined || this.#buffer.size >= atLeast) {
      this.#held ??= this.#buffer.take(this.#options.batchSize);
      if (!(await this.#sendHeld(this.#held))) return;
      this.#held = undefined;
    }
  }

  /** False when the batch is to be sent again. */
  async #sendHeld(batch: readonly T[]): Promise<boolean> {
    const { sink, tools, sendTimeoutMs } = this.#options;
    const { length: count } = batch;
    const aborter = new AbortController();
    this.#aborter = aborter;
    const late = `no answer within ${sendTimeoutMs} ms`;
    // L4.
    const timers = this.#flushes > 0 ? tools.timers : tools.background;
    const cancel = timers.after(sendTimeoutMs, () => aborter.abort(new Error(late)));
    try {
      await sink.send(batch, aborter.signal);
      this.#failures = 0;
      // What came after the end was called lost already; the same below.
      if (!this.#isClosed) this.#delivered += count;
      return true;
    } catch (error) {
      if (this.#isClosed) return true;
      this.#reason = messageOf(error);
      if (error instanceof DeliveryRefused) {
        const lost = Math.min(error.lost ?? count, count);
        this.#buffer.lose(lost);
        this.#delivered += count - lost;
        return true;
      }
      this.#leaveAlone(error);
      return false;
    } finally {
      cancel();
      this.#aborter = undefined;
    }
  }

  #leaveAlone(error: unknown): void {
    const { tools } = this.#options;
    const growing = Math.min(backoff.longestMs, backoff.firstMs * 2 ** Math.min(this.#failures, 9));
    this.#failures += 1;
    const asked = retryAfterOf(error);
    const delayMs =
      asked === undefined || asked < backoff.firstMs
        ? jittered(tools.random, growing, backoff.spread)
        : Math.min(asked, askedForMaxMs);
    this.#notBeforeMs = tools.monotonicMs() + delayMs;
  }

  #tell(): void {
    const { lost, joined } = this.figures;
    const since = { lost: lost - this.#told.lost, joined: joined - this.#told.joined };
    if (since.lost === 0 && since.joined === 0) return;
    this.#told = { lost, joined };
    const { sink, onLoss } = this.#options;
    onLoss({ sink: sink.name, ...since, reason: this.#reason, figures: this.figures });
  }
}

function retryAfterOf(error: unknown): number | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { retryAfterMs } = error as { retryAfterMs?: unknown };
  const isDuration = typeof retryAfterMs === "number" && retryAfterMs >= 0;
  return isDuration ? retryAfterMs : undefined;
}
