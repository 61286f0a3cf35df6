/**
 * What the methods of a failover client return: a promise of the answer with the helpers of the
 * client's own promises. Like those it asks at once, and reads the answer's body only when somebody
 * wants the answer and not the bare response.
 */
export interface CallablePromise extends Promise<unknown> {
  asResponse(): Promise<Response>;
  withResponse(): Promise<WithResponse>;
}

export interface WithResponse {
  readonly data: unknown;
  readonly response: Response;
  readonly request_id: string | null;
}

/** One call as its promise sees it. */
export interface Answering {
  /** Reads the answer; asked more than once, it is read once. */
  answer(): Promise<unknown>;
  /** The bare response of the first provider that has one. */
  response(): Promise<Response>;
  /** The response that the answer came from. */
  answeredBy(): Response;
}

export class FailoverPromise extends Promise<unknown> implements CallablePromise {
  readonly #call: Answering;

  /** What `then` returns is a plain promise. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  constructor(call: Answering) {
    // Never settled by itself: `then` asks the call.
    super((resolve) => resolve(undefined));
    this.#call = call;
  }

  asResponse(): Promise<Response> {
    return this.#call.response();
  }

  async withResponse(): Promise<WithResponse> {
    const data = await this.#call.answer();
    const response = this.#call.answeredBy();
    return { data, response, request_id: response.headers.get("x-request-id") };
  }

  /** The client's helpers (`parse`) put their own reading onto the answer with this. */
  _thenUnwrap(transform: (data: never, props: never) => unknown): FailoverPromise {
    const call = this.#call;
    let read: Promise<unknown> | undefined;
    const props = { options: {} };
    return new FailoverPromise({
      answer: () =>
        (read ??= call.answer().then((data) => transform(data as never, props as never))),
      response: () => call.response(),
      answeredBy: () => call.answeredBy(),
    });
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a promise of a class of its own
  override then<A = unknown, B = never>(
    onDone?: ((value: unknown) => A | PromiseLike<A>) | null,
    onFailed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#call.answer().then(onDone, onFailed);
  }

  override catch<B = never>(
    onFailed?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<unknown> {
    return this.#call.answer().catch(onFailed);
  }

  override finally(onSettled?: (() => void) | null): Promise<unknown> {
    return this.#call.answer().finally(onSettled);
  }
}
