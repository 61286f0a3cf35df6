/** `failoverModel([a, b])`: several language models of the AI SDK as one. */
import { AnswerError } from "./answer-error.ts";
import { badOption } from "./bad-option.ts";
import { Group } from "./group.ts";
import { rememberHandle } from "./handle.ts";
import { usageOf } from "./ledger.ts";
import { checkList, type Member, type ProviderTraits } from "./member.ts";
import { checkFinish, degradedAnswer, degradedParts, modelKind, type Part } from "./model-kind.ts";
import type { FailoverOptions, Outage } from "./options.ts";
import { namesByModel } from "./provider-names.ts";
import { read } from "./shape.ts";
import { StreamReader } from "./stream-reader.ts";
import { Turn, walk } from "./turn.ts";
import { FirstAsked } from "./watch-first.ts";

interface GenerateResult {
  readonly content: readonly unknown[];
  readonly finishReason: unknown;
  readonly usage?: unknown;
}

interface StreamResult {
  readonly stream: ReadableStream<Part>;
}

/** What is asked of a language model of the AI SDK (its specifications v2, v3 and v4). */
export interface ModelLike {
  readonly specificationVersion: string;
  readonly provider: string;
  readonly modelId: string;
  readonly supportedUrls: unknown;
  doGenerate(options: never): PromiseLike<unknown>;
  doStream(options: never): PromiseLike<unknown>;
}

/** The model's own interface, without what is private to its class. */
export type ModelOf<M extends ModelLike> = Pick<M, keyof ModelLike>;

export interface ModelProvider<M extends ModelLike> extends ProviderTraits {
  readonly model: M;
}

/** A text becomes the model's answer; `Outage.request` are the options of the model's call. */
export type ModelOptions = FailoverOptions<
  string | ((outage: Outage) => string | undefined | Promise<string | undefined>)
>;

interface CallOptions {
  readonly abortSignal?: AbortSignal;
}

interface ModelMember extends Member {
  readonly model: {
    readonly specificationVersion: string;
    readonly supportedUrls: unknown;
    doGenerate(options: CallOptions): PromiseLike<GenerateResult>;
    doStream(options: CallOptions): PromiseLike<StreamResult>;
  };
}

/**
 * Makes one language model of several, for `generateText`, `streamText`, agents and whatever else
 * takes a model of the AI SDK. All of them have the same specification version.
 *
 * What it throws, the AI SDK does not repeat: its `maxRetries` is without effect. A tool call that
 * the service carries out is handed on when the answer is whole, not while its stream may break.
 * Rejects like `failover`; a stream that breaks errors with `TruncatedStreamError`.
 */
export function failoverModel<M extends ModelLike>(
  models: readonly (M | ModelProvider<M>)[],
  options: ModelOptions = {},
): ModelOf<M> {
  checkList("failoverModel", "models", models);
  const members = membersOf(models);
  const group = new Group(members, options);
  const { specificationVersion, supportedUrls } = group.first.model;
  const model = {
    specificationVersion,
    provider: "soulmirror",
    modelId: members.map(({ name }) => name).join(","),
    supportedUrls,
    doGenerate: (call: CallOptions) =>
      group.stance === "act"
        ? generate(group, specificationVersion, call)
        : generateFirst(group, call),
    doStream: (call: CallOptions) =>
      group.stance === "act" ? stream(group, specificationVersion, call) : streamFirst(group, call),
  };
  rememberHandle(model, group);
  return model as ModelOf<ModelLike> as ModelOf<M>;
}

function membersOf<M extends ModelLike>(models: readonly (M | ModelProvider<M>)[]): ModelMember[] {
  const parts = models.map((each) =>
    read(each, "model") === undefined ? { model: each as M } : (each as ModelProvider<M>),
  );
  parts.forEach(({ model }, index) => {
    const isModel = ["doGenerate", "doStream"].every(
      (key) => typeof read(model, key) === "function",
    );
    if (!isModel) throw badOption(`models[${index}]`, typeof model, "give a language model");
    const version = model.specificationVersion;
    const wanted = parts[0]?.model.specificationVersion;
    if (version === wanted) return;
    const fix = `give models of one specification: the first one has ${wanted}`;
    throw badOption(`models[${index}].specificationVersion`, version, fix);
  });
  const names = namesByModel(parts.map(({ model }) => model));
  return parts.map(({ model, ...traits }, index) => ({
    ...traits,
    name: (traits as ProviderTraits).name ?? (names[index] as string),
    model: model as unknown as ModelMember["model"],
  }));
}

async function generate(
  group: Group<ModelMember>,
  version: string,
  call: CallOptions,
): Promise<unknown> {
  const turn = new Turn(group, call.abortSignal);
  try {
    return await walk(turn, async (attempt) => {
      const asked = attempt.member.model.doGenerate({ ...call, abortSignal: attempt.signal });
      const answer = await attempt.within(asked, group.limits.timeoutMs);
      check(group, answer);
      attempt.succeed(usageOf(answer.usage));
      return answer;
    });
  } catch (error) {
    if (error !== turn.allFailed()) throw error;
    const text = await lastResort(turn, call, false);
    if (text === undefined) throw error;
    return degradedAnswer(text, version);
  }
}

/** As if there were no failover; where it may watch, it does. */
function generateFirst(group: Group<ModelMember>, call: CallOptions): PromiseLike<unknown> {
  const seen = seenBy(group, call);
  const asked = group.first.model.doGenerate(call);
  asked.then(
    (answer) => {
      try {
        check(group, answer);
        seen?.succeed(usageOf(answer.usage));
      } catch (error) {
        seen?.fail(error);
      }
      return undefined;
    },
    (error: unknown) => seen?.fail(error),
  );
  return asked;
}

function streamFirst(group: Group<ModelMember>, call: CallOptions): PromiseLike<unknown> {
  const seen = seenBy(group, call);
  const asked = group.first.model.doStream(call);
  asked.then(
    ({ stream: parts }) => seen?.stream(parts, modelKind),
    (error: unknown) => seen?.fail(error),
  );
  return asked;
}

function seenBy(group: Group<ModelMember>, call: CallOptions): FirstAsked | undefined {
  return group.stance === "watch" ? new FirstAsked(group, call.abortSignal) : undefined;
}

function check(group: Group<ModelMember>, { content, finishReason }: GenerateResult): void {
  checkFinish(finishReason);
  const reason = read(finishReason, "unified") ?? finishReason;
  if (reason === "content-filter" && group.failOverOn.content_policy === true) {
    throw new AnswerError("content_policy", "the answer was filtered");
  }
  if (content.length === 0 && reason === "other") {
    throw new AnswerError("server_error", "the answer is empty");
  }
}

async function stream(
  group: Group<ModelMember>,
  version: string,
  call: CallOptions,
): Promise<unknown> {
  const turn = new Turn(group, call.abortSignal);
  let result: StreamResult | undefined;
  const reader = await StreamReader.open<ModelMember, Part>({
    turn,
    kind: modelKind,
    open: async ({ member, signal }) => {
      const opened = await member.model.doStream({ ...call, abortSignal: signal });
      result = opened;
      return opened.stream;
    },
    degraded: async () => {
      const text = await lastResort(turn, call, true);
      return text === undefined ? undefined : ReadableStream.from(degradedParts(text, version));
    },
  });
  return { ...result, stream: reader.toReadable() };
}

async function lastResort(
  turn: Turn<ModelMember>,
  request: CallOptions,
  isStream: boolean,
): Promise<string | undefined> {
  const operation = isStream ? "doStream" : "doGenerate";
  const outage = { operation, request, isStream, error: turn.allFailed() };
  const declared = await turn.group.degraded(outage);
  return typeof declared === "string" ? declared : undefined;
}
