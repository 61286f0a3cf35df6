/**
 * What a server answers with 5xx is its own fault, whatever it was that was thrown: a `TypeError`
 * in a handler is no mistake of the client who asked.
 */
import { createClassify, type ErrorCategory, sayCategory } from "../../resilience/index.ts";
import { realTools } from "../real-tools.ts";
import { HttpAnswerError } from "./answer-error.ts";

const classify = createClassify(realTools.wallMs);

/**
 * The error to be told. Whoever judges it from now on finds a fault in it; where it is one by
 * itself its own category says more, and so does `rejected`, of a limit of ours.
 */
export function serverFault(error: unknown, category: ErrorCategory = "server_error"): unknown {
  const judgement = classify(error);
  if (judgement.isFault || judgement.category === "rejected") return error;
  if (typeof error !== "object" || error === null) {
    return new HttpAnswerError("it was answered with an error", { status: 500, cause: error });
  }
  sayCategory(error, category);
  return error;
}
