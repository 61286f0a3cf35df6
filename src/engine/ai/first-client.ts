/**
 * The first client's own call, as if there were no failover. Where failover may watch, it looks at
 * the answer when somebody reads it, and else at the bare response: it reads nothing by itself.
 */

import { put } from "../streams/put.ts";
import { asAnswerError, type CallParts, checkAnswer, isStreaming, kindOf } from "./client-call.ts";
import { callMethod } from "./client-like.ts";
import type { CallablePromise } from "./client-promise.ts";
import { usageOf } from "./ledger.ts";
import { read } from "./shape.ts";
import { FirstAsked } from "./watch-first.ts";

export function askFirstClient(parts: CallParts): CallablePromise {
  const { group, method, body, options } = parts;
  const signal = read(options, "signal") as AbortSignal | undefined;
  const seen = group.stance === "watch" ? new FirstAsked(group, signal) : undefined;
  const asked = callMethod(group.first.client, method, [body, options]);
  if (seen !== undefined) watch(asked, parts, seen);
  return asked;
}

function watch(asked: CallablePromise, parts: CallParts, seen: FirstAsked): void {
  let isRead = false;
  const parse = read(asked, "parse");
  if (typeof parse === "function") {
    // The promise of the package reads its answer with this, when it is waited for.
    put(asked, "parse", (): Promise<unknown> => {
      const reading = parse.call(asked) as Promise<unknown>;
      if (!isRead) reading.then((answer) => look(answer, parts, seen), failed);
      isRead = true;
      return reading;
    });
  }
  const failed = (error: unknown): void => seen.fail(asAnswerError(error));
  asked.asResponse().then(() => {
    if (!isRead) seen.succeed();
    return undefined;
  }, failed);
}

function look(answer: unknown, parts: CallParts, seen: FirstAsked): void {
  if (isStreaming(parts)) {
    seen.stream(answer as AsyncIterable<unknown>, kindOf(parts));
    return;
  }
  try {
    checkAnswer(parts, answer);
    seen.succeed(usageOf(read(answer, "usage")));
  } catch (error) {
    seen.fail(error);
  }
}
