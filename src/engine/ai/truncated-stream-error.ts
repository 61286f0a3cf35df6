import { AnswerError } from "./answer-error.ts";

/** A stream broke after a part of it had been delivered, and was not begun anew elsewhere. */
export class TruncatedStreamError extends AnswerError {
  readonly code = "TRUNCATED_STREAM";
  readonly provider: string;
  readonly deliveredChunks: number;
  readonly fix: string;

  constructor(provider: string, deliveredChunks: number, cause: unknown) {
    super("truncated_stream", `${provider} broke off after ${deliveredChunks} chunks`, cause);
    this.name = "TruncatedStreamError";
    this.provider = provider;
    this.deliveredChunks = deliveredChunks;
    this.fix = 'ask again, or allow `onMidStreamFailure: "restart"`';
  }
}
