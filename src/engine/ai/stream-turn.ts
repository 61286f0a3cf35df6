/**
 * A stream that is read through the ring: chunks of the first provider whose stream goes well.
 *
 * S1. Nothing is delivered before a chunk says something: until then a failure goes unseen.
 * S2. What broke after a part was delivered never ends clean: it ends in a TruncatedStreamError, or
 *     begins anew elsewhere where the caller has allowed that, and is told so.
 * S3. A tool call is delivered once per request at most: where a second stream may follow, only
 *     when the answer is whole.
 * S4. The outcome is told at the end of the stream; a consumer who stops reading is no failure.
 * S5. However it ends, nothing goes on upstream.
 * S6. Chunks are asked for only when the reader asks; a slow reader is not a slow provider.
 */
import { AnswerError } from "./answer-error.ts";
import { endReading } from "./end-reading.ts";
import { usageOf } from "./ledger.ts";
import type { Member } from "./member.ts";
import type { Restart } from "./options.ts";
import type { Delivery, Sight, StreamKind, StreamWatch } from "./stream-kind.ts";
import { TruncatedStreamError } from "./truncated-stream-error.ts";
import type { Attempt, Turn } from "./turn.ts";

export interface StreamPlan<M extends Member, Chunk> {
  readonly turn: Turn<M>;
  readonly kind: StreamKind<Chunk>;
  /** An attempt that was begun already, and is the first one to be opened. */
  readonly begun?: Attempt<M>;
  readonly open: (attempt: Attempt<M>) => PromiseLike<AsyncIterable<Chunk>>;
  /** What is delivered when nobody is left; undefined: nothing was declared. */
  readonly degraded: () => Promise<AsyncIterable<Chunk> | undefined>;
}

/** More chunks than any tool call or opening has; a longer one is delivered as it comes. */
const mostHeld = 10_000;

export async function* readThrough<M extends Member, Chunk>(
  plan: StreamPlan<M, Chunk>,
): AsyncGenerator<Chunk, void, undefined> {
  const { turn, kind } = plan;
  const reader = new Reader(kind.delivery(), (restart) => turn.group.restarted(restart));
  let { begun } = plan;
  for (;;) {
    if (begun === undefined && turn.next === undefined) return yield* lastAnswer(plan, reader);
    const attempt = begun ?? turn.begin();
    begun = undefined;
    yield* reader.restart(attempt.member.name);
    const source = new Source(attempt, plan);
    try {
      yield* deliver(source, reader, plan);
      attempt.succeed(usageOf(source.watch.usage()), source.spokenElapsedMs);
      if (source.hangsOn) attempt.hangUp();
      return;
    } catch (error) {
      turn.callerSignal?.throwIfAborted();
      if (!goesOn(attempt, reader, error)) {
        throw reader.delivered === 0
          ? error
          : new TruncatedStreamError(attempt.member.name, reader.delivered, error);
      }
      reader.broken = { from: attempt.member.name, error };
    } finally {
      source.close();
    }
  }
}

async function* deliver<M extends Member, Chunk>(
  source: Source<M, Chunk>,
  reader: Reader<Chunk>,
  { kind, turn }: StreamPlan<M, Chunk>,
): AsyncGenerator<Chunk, void, undefined> {
  let held: Chunk[] = [];
  let holdsTools = false;
  for (;;) {
    const chunk = await source.next();
    if (chunk === ended) break;
    const sight = source.see(chunk);
    holdsTools ||= kind.isHeld(chunk, sight, turn.group.restarts);
    held.push(chunk);
    const mustWait = (!source.hasSpoken || holdsTools) && !source.watch.isWhole();
    if (mustWait && held.length < mostHeld) continue;
    yield* reader.give(held);
    held = [];
  }
  if (!source.watch.isWhole() && !source.watch.mayEnd()) {
    throw new AnswerError("truncated_stream", `${source.name} ended before its answer was whole`);
  }
  yield* reader.give(held);
}

async function* lastAnswer<M extends Member, Chunk>(
  { turn, degraded }: StreamPlan<M, Chunk>,
  reader: Reader<Chunk>,
): AsyncGenerator<Chunk, void, undefined> {
  turn.callerSignal?.throwIfAborted();
  const answer = await degraded();
  if (answer === undefined) throw turn.allFailed();
  yield* reader.restart("degraded");
  for await (const chunk of answer) yield* reader.give([chunk]);
}

function goesOn<M extends Member>(
  attempt: Attempt<M>,
  reader: Reader<unknown>,
  error: unknown,
): boolean {
  if (reader.delivered === 0) return attempt.fail(error).goesOn;
  const { group } = attempt.turn;
  const { category } = group.judge(error);
  const isCut = category === "connection_reset" || category === "unknown";
  const told = isCut ? new AnswerError("truncated_stream", "the stream broke", error) : error;
  if (!group.restarts) {
    const stopBecause = "a part was delivered, and a restart is not allowed";
    return attempt.fail(told, { stopBecause }).goesOn;
  }
  if (reader.hasToolCall) {
    const stopBecause = "a tool call was delivered; a restart would have it done twice";
    return attempt.fail(told, { stopBecause }).goesOn;
  }
  return attempt.fail(told).goesOn;
}

/** The reader's side: how much was delivered, and by whom. */
class Reader<Chunk> {
  delivered = 0;
  /** Whose stream broke after a part of it was delivered. */
  broken: { readonly from: string; readonly error: unknown } | undefined;
  readonly #delivery: Delivery<Chunk>;
  #restarts = 0;

  readonly #tell: (restart: Restart) => void;

  constructor(delivery: Delivery<Chunk>, tell: (restart: Restart) => void) {
    this.#delivery = delivery;
    this.#tell = tell;
  }

  get hasToolCall(): boolean {
    return this.#delivery.hasToolCall();
  }

  *give(chunks: readonly Chunk[]): Generator<Chunk> {
    for (const chunk of chunks) {
      const passed = this.#delivery.pass(chunk);
      if (passed === undefined) continue;
      this.delivered += 1;
      yield passed;
    }
  }

  *restart(to: string): Generator<Chunk> {
    if (this.broken === undefined || this.delivered === 0) return;
    this.#restarts += 1;
    const { from, error } = this.broken;
    const mark = { from, to, number: this.#restarts };
    this.#tell({ ...mark, error, deliveredChunks: this.delivered });
    yield* this.#delivery.restart(mark);
  }
}

const ended: unique symbol = Symbol("ended");

/** One provider's stream, with its two deadlines. */
class Source<M extends Member, Chunk> {
  readonly watch: StreamWatch<Chunk>;
  /** When the first chunk came that said something. */
  spokenElapsedMs: number | undefined;
  /** The answer is whole, and its stream does not end by itself. */
  hangsOn = false;
  readonly #attempt: Attempt<M>;
  readonly #plan: StreamPlan<M, Chunk>;
  #iterator: AsyncIterator<Chunk> | undefined;

  constructor(attempt: Attempt<M>, plan: StreamPlan<M, Chunk>) {
    this.#attempt = attempt;
    this.#plan = plan;
    this.watch = plan.kind.watch();
  }

  get name(): string {
    return this.#attempt.member.name;
  }

  async next(): Promise<Chunk | typeof ended> {
    try {
      const result = await this.#pull();
      if (result.done === true) return ended;
      return result.value;
    } catch (error) {
      // All parts are there: that the connection then broke or hung takes nothing away.
      if (!this.watch.isWhole() || this.#attempt.isSettled) throw error;
      this.hangsOn = true;
      return ended;
    }
  }

  get hasSpoken(): boolean {
    return this.spokenElapsedMs !== undefined;
  }

  see(chunk: Chunk): Sight {
    const sight = this.watch.see(chunk);
    if (sight !== "opening") this.spokenElapsedMs ??= this.#attempt.elapsedMs;
    return sight;
  }

  close(): void {
    // Where a pull is under way this waits for it, so nobody waits for this.
    void endReading(() => this.#iterator);
  }

  async #pull(): Promise<IteratorResult<Chunk>> {
    const { firstChunkMs, betweenChunksMs } = this.#attempt.turn.group.limits;
    this.#iterator ??= await this.#open(firstChunkMs);
    // As `for await` takes it: some answer at once.
    const pulled = Promise.resolve(this.#iterator.next());
    if (!this.hasSpoken) return this.#attempt.within(pulled, firstChunkMs);
    return this.#attempt.waitFor(pulled, { waitMs: betweenChunksMs, timeoutMs: betweenChunksMs });
  }

  async #open(dueMs: number): Promise<AsyncIterator<Chunk>> {
    const opening = this.#plan.open(this.#attempt);
    const opened = await this.#attempt.within(opening, dueMs, closeLate);
    return opened[Symbol.asyncIterator]();
  }
}

/** A stream that was opened too late is not left open. */
function closeLate(stream: AsyncIterable<unknown>): void {
  void endReading(() => stream[Symbol.asyncIterator]());
}
