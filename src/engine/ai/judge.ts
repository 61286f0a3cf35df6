/**
 * Judges errors of AI providers: what `classify` says of any error, and what is particular here.
 *
 * J1. A trouble is the provider's (another one may answer) or the request's (it stays the same
 *     everywhere); the request's never counts against the provider's health.
 * J2. A key that is not accepted is that provider's trouble, for each has a key of its own, and so
 *     is a model that it does not have.
 * J3. Who meets the error later, without knowing of providers, gives it the same category.
 */
import {
  type Classify,
  createClassify,
  isPolicyError,
  type Judgement,
  sayCategory,
} from "../../resilience/index.ts";
import { AnswerError, failureOf } from "./answer-error.ts";
import { read } from "./shape.ts";

export interface AiJudgement extends Judgement {
  /** Whose trouble it is: what is the request's will be refused elsewhere, too. */
  readonly scope: "provider" | "request";
}

export type JudgeAi = (error: unknown) => AiJudgement;

/** `wallMs` is read for a Retry-After that is a date. */
export function createJudge(wallMs: () => number): JudgeAi {
  const classify = createClassify(wallMs);
  return (error) => {
    if (error instanceof AnswerError) return ofAnswer(error);
    const judged = known(error, classify) ?? classify(error);
    if (judged.category === "auth") return { ...judged, isFault: true, scope: "provider" };
    const isProviders = judged.isFault || judged.category === "rejected" || isMissing(error);
    return { ...judged, scope: isProviders ? "provider" : "request" };
  };
}

/** What only those see who know that it comes from a provider. */
function known(error: unknown, classify: Classify): Judgement | undefined {
  const inside = errorInside(error);
  const judged = byStatus(error, classify) ?? (inside && classify(inside));
  // J3.
  if (judged !== undefined) sayCategory(error, judged.category);
  return judged;
}

function ofAnswer({ category }: AnswerError): AiJudgement {
  const isFault = category !== "content_policy";
  const scope = isFault ? "provider" : "request";
  return { category, isFault, isTransient: isFault, neverStarted: false, scope };
}

/** The AI SDK takes an error with status 200 for an answer that it cannot read. */
function errorInside(error: unknown): Error | undefined {
  const status = read(error, "statusCode");
  const body = read(error, "responseBody");
  if (typeof status !== "number" || status >= 300 || typeof body !== "string") return undefined;
  try {
    const inside = read(JSON.parse(body), "error");
    return inside === undefined || inside === null ? undefined : failureOf(inside);
  } catch {
    return undefined;
  }
}

/** Some say "invalid request" of everything: where the status says more, it is believed. */
function byStatus(error: unknown, classify: Classify): Judgement | undefined {
  // What ours say is for the clients of this service, and not of any provider.
  if (isPolicyError(error)) return undefined;
  const status = read(error, "status") ?? read(error, "statusCode");
  if (typeof status !== "number" || status < 401) return undefined;
  const headers = read(error, "headers") ?? read(error, "responseHeaders");
  const judged = classify({ status, headers });
  const words = classify(error);
  return words.category === "client_error" && judged.category !== "client_error"
    ? judged
    : undefined;
}

function isMissing(error: unknown): boolean {
  const status = read(error, "status") ?? read(error, "statusCode");
  return status === 404 || read(error, "code") === "model_not_found";
}
