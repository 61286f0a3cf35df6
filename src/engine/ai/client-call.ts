/** One call of a client's method on its way along the ring. */
import { AnswerError } from "./answer-error.ts";
import { answerFrom } from "./canned-answer.ts";
import { type ClientLike, callMethod } from "./client-like.ts";
import type { ClientMethod } from "./client-methods.ts";
import type { Answering, CallablePromise } from "./client-promise.ts";
import type { Group } from "./group.ts";
import { usageOf } from "./ledger.ts";
import type { Member } from "./member.ts";
import { read } from "./shape.ts";
import { opaqueKind, type StreamKind } from "./stream-kind.ts";
import { StreamReader } from "./stream-reader.ts";
import { type Attempt, Turn, walk } from "./turn.ts";

export interface ClientMember extends Member {
  readonly client: ClientLike;
  readonly modelFor: (model: string) => string;
  /** The client goes on repeating failing requests by itself. */
  readonly keepsRetries: boolean;
}

export interface CallParts {
  readonly group: Group<ClientMember>;
  readonly method: ClientMethod;
  readonly body: unknown;
  readonly options: object | undefined;
}

/** A provider whose response has begun; without an attempt it is the declared last resort. */
interface Opened {
  readonly attempt: Attempt<ClientMember> | undefined;
  readonly promise: CallablePromise;
  readonly response: Response;
}

export class ClientCall implements Answering {
  readonly #parts: CallParts;
  readonly #turn: Turn<ClientMember>;
  readonly #opened: Promise<Opened>;
  #answer: Promise<unknown> | undefined;
  #response: Response | undefined;

  constructor(parts: CallParts) {
    this.#parts = parts;
    const signal = read(parts.options, "signal") as AbortSignal | undefined;
    this.#turn = new Turn(parts.group, signal);
    if (parts.method.kind === undefined) this.#turn.keep((member) => isSameModel(parts, member));
    this.#opened = this.#openNext();
  }

  answer(): Promise<unknown> {
    this.#answer ??= this.#read();
    return this.#answer;
  }

  async response(): Promise<Response> {
    const { attempt, response } = await this.#opened;
    // Who takes the bare response reads it, and judges it, alone.
    if (this.#answer === undefined) attempt?.succeed();
    return response;
  }

  answeredBy(): Response {
    return this.#response as Response;
  }

  async #read(): Promise<unknown> {
    const opened = await this.#opened;
    this.#response = opened.response;
    if (opened.attempt === undefined) return opened.promise;
    return isStreaming(this.#parts) ? this.#stream(opened, opened.attempt) : this.#whole(opened);
  }

  /** The next provider whose response begins; the last resort when there is none. */
  async #openNext(): Promise<Opened> {
    try {
      return await walk(this.#turn, (attempt) => this.#open(attempt));
    } catch (error) {
      if (this.#turn.callerSignal?.aborted === true) throw userAbort(this.#turn) ?? error;
      if (error !== this.#turn.allFailed()) throw error;
      return this.#lastResort();
    }
  }

  async #open(attempt: Attempt<ClientMember>): Promise<Opened> {
    const { limits } = this.#parts.group;
    const promise = ask(this.#parts, attempt);
    const dueMs = isStreaming(this.#parts) ? limits.firstChunkMs : limits.timeoutMs;
    const response = await attempt.within(promise.asResponse(), dueMs);
    return { attempt, promise, response };
  }

  async #whole(first: Opened): Promise<unknown> {
    let opened = first;
    for (;;) {
      const { attempt, promise, response } = opened;
      this.#response = response;
      if (attempt === undefined) return promise;
      try {
        const answer = await attempt.within(promise, this.#parts.group.limits.timeoutMs);
        checkAnswer(this.#parts, answer);
        attempt.succeed(usageOf(read(answer, "usage")));
        return answer;
      } catch (thrown) {
        const error = asAnswerError(thrown);
        const { goesOn } = attempt.fail(error);
        if (this.#turn.callerSignal?.aborted === true) throw userAbort(this.#turn) ?? error;
        if (!goesOn) throw error;
        opened = await this.#openNext();
      }
    }
  }

  async #stream(first: Opened, begun: Attempt<ClientMember>): Promise<unknown> {
    let sdkStream: SdkStream | undefined;
    const reader = await StreamReader.open<ClientMember, unknown>({
      turn: this.#turn,
      kind: kindOf(this.#parts),
      begun,
      open: async (attempt) => {
        const opened = attempt === begun ? first : await this.#open(attempt);
        this.#response = opened.response;
        const stream = (await opened.promise) as SdkStream;
        sdkStream ??= stream;
        return stream;
      },
      degraded: async () => {
        const opened = await this.#lastResort();
        const stream = (await opened.promise) as SdkStream;
        sdkStream ??= stream;
        return stream;
      },
    }).catch((error: unknown) => {
      throw this.#turn.callerSignal?.aborted === true ? (userAbort(this.#turn) ?? error) : error;
    });
    return likeStream(sdkStream as SdkStream, reader);
  }

  async #lastResort(): Promise<Opened> {
    const { group, method, body } = this.#parts;
    const error = this.#turn.allFailed();
    const isStream = isStreaming(this.#parts);
    const declared = await group.degraded({
      operation: method.name,
      request: body,
      isStream,
      error,
    });
    const answer = typeof declared === "string" ? method.degraded?.(declared, isStream) : declared;
    if (answer === undefined) throw error;
    const promise = answerFrom(group.first.client, this.#parts, answer);
    return { attempt: undefined, promise, response: await promise.asResponse() };
  }
}

type SdkStream = AsyncIterable<unknown>;

export function isStreaming({ method, body }: CallParts): boolean {
  return method.kind !== undefined && read(body, "stream") === true;
}

export function kindOf({ method, body }: CallParts): StreamKind<unknown> {
  return method.kind?.(body) ?? opaqueKind;
}

/** Vectors of two models cannot be compared: another model's would be worse than none. */
function isSameModel({ group, body }: CallParts, member: ClientMember): boolean {
  const model = read(body, "model");
  return typeof model !== "string" || member.modelFor(model) === group.first.modelFor(model);
}

function ask(parts: CallParts, { member, signal }: Attempt<ClientMember>): CallablePromise {
  const { method, body, options } = parts;
  const model = read(body, "model");
  const ownBody =
    typeof model === "string" ? { ...(body as object), model: member.modelFor(model) } : body;
  const retries = member.keepsRetries ? {} : { maxRetries: 0 };
  return callMethod(member.client, method, [ownBody, { ...options, ...retries, signal }]);
}

export function checkAnswer({ method, body, group }: CallParts, answer: unknown): void {
  method.check(answer, body);
  if (group.failOverOn.content_policy === true && method.isFiltered(answer)) {
    throw new AnswerError("content_policy", "the answer was filtered");
  }
}

/** What the client cannot read is no answer, and no mistake of the program. */
export function asAnswerError(error: unknown): unknown {
  const isUnread = error instanceof SyntaxError || error instanceof TypeError;
  if (!isUnread || error.cause !== undefined) return error;
  return new AnswerError("server_error", "the answer cannot be read", error);
}

/** Of the client's own class, as it would have thrown it. */
function userAbort({ group }: Turn<ClientMember>): Error | undefined {
  const known = read(group.first.client.constructor, "APIUserAbortError");
  return typeof known === "function" ? (Reflect.construct(known, []) as Error) : undefined;
}

/** A stream of the client's own class, with its `controller`, `tee` and `toReadableStream`. */
function likeStream(sdkStream: SdkStream, reader: StreamReader<ClientMember, unknown>): unknown {
  const controller = new AbortController();
  controller.signal.addEventListener("abort", () => void reader.return(), { once: true });
  let isTaken = false;
  const iterate = (): AsyncIterator<unknown> => {
    if (isTaken) throw new Error("a stream can be read once; use `tee()` to read it twice");
    isTaken = true;
    return reader;
  };
  return Reflect.construct(sdkStream.constructor, [iterate, controller]);
}
