/** `failover([openai, deepseek, gemini])`: one function out of several that do the same. */
import type { Witness } from "../../resilience/index.ts";
import type { GroupStance } from "../operation.ts";
import { AnswerError } from "./answer-error.ts";
import { badOption } from "./bad-option.ts";
import { endReading } from "./end-reading.ts";
import { Group } from "./group.ts";
import { usageOf } from "./ledger.ts";
import { checkList, type Member, type ProviderTraits } from "./member.ts";
import type { FailoverOptions, Outage } from "./options.ts";
import { nameByFunction } from "./provider-names.ts";
import type { ProviderRing } from "./provider-ring.ts";
import { opaqueKind } from "./stream-kind.ts";
import { StreamReader } from "./stream-reader.ts";
import { type Attempt, Turn, walk } from "./turn.ts";
import { FirstAsked } from "./watch-first.ts";

export type ProviderCall<Request, Answer> = (
  request: Request,
  /** Aborted when nobody waits for this attempt any more: hand it to what you call. */
  context: { readonly signal: AbortSignal },
) => Answer | PromiseLike<Answer>;

export interface Provider<Request, Answer> extends ProviderTraits {
  readonly call: ProviderCall<Request, Answer>;
}

export type AnyProvider<Request, Answer> =
  | ProviderCall<Request, Answer>
  | Provider<Request, Answer>;

export interface FailoverCall {
  /** The caller's own: its abort ends the request everywhere and is nobody's failure. */
  readonly signal?: AbortSignal;
}

export interface Failover<Request, Answer> {
  (request: Request, call?: FailoverCall): Promise<Answer>;
  /** Health, latency, cost and order of the providers. */
  readonly ring: ProviderRing;
  /** Shows each decision, until the returned function is called. */
  on(witness: Witness): () => void;
}

export type FunctionOptions<Answer> = FailoverOptions<
  Answer | ((outage: Outage) => Answer | PromiseLike<Answer>)
>;

interface FunctionMember<Request, Answer> extends Member {
  readonly call: ProviderCall<Request, Answer>;
}

/**
 * Makes one function of several providers: it asks the best one that is well, and the next one when
 * that fails. An answer that is an async iterable or a web stream is watched to its end.
 *
 * Rejects with `AllFailedError` when nobody answers and no `whenAllFail` is declared, with the
 * provider's own error where another one would refuse, too (`client_error`, `content_policy`), and
 * with the signal's reason when the caller gives up. Throws `OPTIONS_INVALID` at once for options
 * of no use. Methods lose their `this`: hand in arrow functions.
 */
export function failover<Request, Answer>(
  providers: readonly Provider<Request, Answer>[],
  options?: FunctionOptions<Answer>,
): Failover<Request, Answer>;
export function failover<Request, Answer>(
  providers: readonly ProviderCall<Request, Answer>[],
  options?: FunctionOptions<Answer>,
): Failover<Request, Answer>;
export function failover<Request, Answer>(
  providers: readonly AnyProvider<Request, Answer>[],
  options?: FunctionOptions<Answer>,
): Failover<Request, Answer>;
// Objects and functions apart first: a function has a `call` of its own, which would take the types
// of the parameters from those who write `{ call: (request) => ... }`.
export function failover<Request, Answer>(
  providers: readonly AnyProvider<Request, Answer>[],
  options: FunctionOptions<Answer> = {},
): Failover<Request, Answer> {
  checkList("failover", "providers", providers);
  const members = providers.map((provider, index) => memberOf(provider, index));
  const group = new Group(members, options);
  const ask = (request: Request, call: FailoverCall = {}): Promise<Answer> => {
    const { stance } = group;
    if (stance !== "act") return askFirst(group, request, { ...call, stance });
    return answer({ group, request, turn: new Turn(group, call.signal) });
  };
  const on = (witness: Witness): (() => void) => group.witnesses.on(witness);
  return Object.assign(ask, { ring: group.shown, on });
}

function memberOf<Request, Answer>(
  provider: AnyProvider<Request, Answer>,
  index: number,
): FunctionMember<Request, Answer> {
  const traits = typeof provider === "function" ? { call: provider } : provider;
  if (typeof traits?.call !== "function") {
    throw badOption(`providers[${index}]`, typeof provider, "give a function, or { name, call }");
  }
  return { ...traits, name: traits.name ?? nameByFunction(traits.call, index) };
}

/** As if there were no failover; where it may watch, it does. */
function askFirst<Request, Answer>(
  group: Group<FunctionMember<Request, Answer>>,
  request: Request,
  { signal, stance }: FailoverCall & { readonly stance: GroupStance },
): Promise<Answer> {
  const seen = stance === "watch" ? new FirstAsked(group, signal) : undefined;
  const context = { signal: signal ?? new AbortController().signal };
  let asked: Promise<Answer>;
  try {
    asked = Promise.resolve(group.first.call(request, context));
  } catch (error) {
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- as it came
    asked = Promise.reject(error);
  }
  asked.then(
    (value) => {
      if (isStream(value)) seen?.stream(value, opaqueKind);
      else seen?.succeed(usageOf((value as { usage?: unknown } | null)?.usage));
      return undefined;
    },
    (error: unknown) => seen?.fail(error),
  );
  return asked;
}

interface Asked<Request, Answer> {
  readonly group: Group<FunctionMember<Request, Answer>>;
  readonly turn: Turn<FunctionMember<Request, Answer>>;
  readonly request: Request;
}

async function answer<Request, Answer>(asked: Asked<Request, Answer>): Promise<Answer> {
  const { group, turn } = asked;
  const opened = await walk(turn, async (attempt) => {
    const value = await attempt.within(call(asked, attempt), group.limits.timeoutMs, closeLate);
    if (!isStream(value)) attempt.succeed(usageOf((value as { usage?: unknown } | null)?.usage));
    return { attempt, value };
  }).catch(async (error: unknown) => {
    const outage = error === turn.allFailed() && outageOf(asked, false);
    const value = outage ? await group.degraded(outage) : undefined;
    if (value === undefined) throw error;
    return { attempt: undefined, value: value as Answer };
  });
  if (opened.attempt === undefined || !isStream(opened.value)) return opened.value;
  return (await watched(asked, opened.attempt, opened.value)) as Answer;
}

async function call<Request, Answer>(
  { request }: Asked<Request, Answer>,
  attempt: Attempt<FunctionMember<Request, Answer>>,
): Promise<Answer> {
  return attempt.member.call(request, { signal: attempt.signal });
}

async function watched<Request, Answer>(
  asked: Asked<Request, Answer>,
  begun: Attempt<FunctionMember<Request, Answer>>,
  stream: AsyncIterable<unknown>,
): Promise<AsyncIterable<unknown>> {
  const { group, turn } = asked;
  const reader = await StreamReader.open({
    turn,
    kind: opaqueKind,
    begun,
    open: async (attempt) => {
      const value: unknown = attempt === begun ? stream : await call(asked, attempt);
      if (isStream(value)) return value;
      throw new AnswerError("server_error", `${attempt.member.name} did not answer with a stream`);
    },
    degraded: async () => {
      const value = await group.degraded(outageOf(asked, true));
      return value === undefined || isStream(value) ? value : only(value);
    },
  });
  return stream instanceof ReadableStream ? reader.toReadable() : reader;
}

function outageOf<Request, Answer>(asked: Asked<Request, Answer>, streams: boolean): Outage {
  const { group, turn, request } = asked;
  return { operation: group.operation, request, isStream: streams, error: turn.allFailed() };
}

async function* only<T>(value: T): AsyncGenerator<T> {
  yield value;
}

function isStream(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}

function closeLate(value: unknown): void {
  if (isStream(value)) void endReading(() => value[Symbol.asyncIterator]());
}
