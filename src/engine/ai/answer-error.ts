import { type ErrorCategory, sayCategory } from "../../resilience/index.ts";
import { read } from "./shape.ts";

/** A provider has answered, and what it answered is no answer. */
export class AnswerError extends Error {
  readonly category: ErrorCategory;

  constructor(category: ErrorCategory, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "AnswerError";
    this.category = category;
    sayCategory(this, category);
  }
}

/** An error that came inside an answer, so that it is judged by the provider's own words. */
export function failureOf(error: unknown): Error {
  const message = read(error, "message");
  const text = typeof message === "string" ? message : "the answer holds an error";
  return Object.assign(new AnswerFailure(text), { error });
}

class AnswerFailure extends Error {
  override readonly name = "AnswerFailure";
}
