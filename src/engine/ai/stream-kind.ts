/**
 * What one protocol says in its streams: whether an answer goes well and is whole, and how a second
 * stream is put behind the broken one that it replaces.
 */

/** `opening` says nothing yet (a role, an id) and may be thrown away unseen. */
export type Sight = "opening" | "content" | "tool";

/** Looks at the chunks of one provider's stream. */
export interface StreamWatch<Chunk> {
  /** Throws where the chunk tells that the provider has failed. */
  see(chunk: Chunk): Sight;
  /** The answer has all its parts: what comes now, or does not come, takes nothing from it. */
  isWhole(): boolean;
  /** A stream that ends here, without an error, ends well. */
  mayEnd(): boolean;
  /** As the provider has told it. */
  usage(): unknown;
}

/** What one reader gets, from however many providers. */
export interface Delivery<Chunk> {
  /** Undefined: not for the reader (it has been told before). */
  pass(chunk: Chunk): Chunk | undefined;
  /** What has to be said before the next stream begins. */
  restart(mark: RestartMark): readonly Chunk[];
  /** A tool call was delivered: a second answer would have it done twice. */
  hasToolCall(): boolean;
}

export interface RestartMark {
  readonly from: string;
  readonly to: string;
  /** 1 for the first restart of this request. */
  readonly number: number;
}

export interface StreamKind<Chunk> {
  watch(): StreamWatch<Chunk>;
  delivery(): Delivery<Chunk>;
  /**
   * Tool calls that are not to be delivered before the answer is whole. `parts`: nor what announces
   * them, which is asked where a restart is allowed.
   */
  isHeld(chunk: Chunk, sight: Sight, parts: boolean): boolean;
}

/** Streams of which nothing is known: each chunk is content, and each clean end a good one. */
export const opaqueKind: StreamKind<unknown> = {
  watch: () => ({
    see: () => "content",
    isWhole: () => false,
    mayEnd: () => true,
    usage: () => undefined,
  }),
  delivery: () => ({ pass: (chunk) => chunk, restart: () => [], hasToolCall: () => false }),
  isHeld: () => false,
};
