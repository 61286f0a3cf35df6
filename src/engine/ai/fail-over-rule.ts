/**
 * Which failures are taken to another provider, and why. One table; the reason goes with the
 * decision, so that nobody has to guess why a request was, or was not, asked again elsewhere.
 */
import type { ErrorCategory } from "../../resilience/index.ts";
import type { AiJudgement } from "./judge.ts";

export interface Verdict {
  readonly goesOn: boolean;
  /** One sentence for people. */
  readonly because: string;
}

/** What the caller wants otherwise, by category: `{ content_policy: true, auth: false }`. */
export type FailOverOn = Readonly<Partial<Record<ErrorCategory, boolean>>>;

const table: Readonly<Record<ErrorCategory, Verdict>> = {
  timeout: on("it did not answer in time; another one may"),
  connection_refused: on("it cannot be reached; the request has not begun"),
  connection_reset: on("the connection broke before there was an answer"),
  dns_error: on("its name cannot be resolved; the request has not begun"),
  pool_exhausted: on("no connection to it was free; the request has not begun"),
  rate_limit: on("it takes no more requests for now"),
  quota_exceeded: on("what was paid for is used up there"),
  server_error: on("it failed, or what it answered is no answer"),
  truncated_stream: on("its stream ended before the answer did"),
  auth: on("it does not accept our key; another one has a key of its own"),
  context_length: on("the request is too long for it; another one may take more"),
  rejected: on("it was not called: a policy in front of it refused"),
  trpc_error: on("it failed"),
  unknown: on("it failed for an unknown reason"),
  cancelled: stop("the caller has given up; nobody waits for an answer"),
  content_policy: stop("the content was refused; asking others about it must be declared"),
  client_error: stop("the request itself is wrong and stays so everywhere"),
};

export function judgeFailOver(judgement: AiJudgement, wishes: FailOverOn = {}): Verdict {
  const { category } = judgement;
  const wish = category === "cancelled" ? undefined : wishes[category];
  if (wish === true) return on(`${category} is declared to be taken to another provider`);
  if (wish === false) return stop(`${category} is declared to stay with its provider`);
  if (category === "client_error" && judgement.scope === "provider") {
    return on("it does not know the model or the address; another one has its own");
  }
  return table[category];
}

function on(because: string): Verdict {
  return { goesOn: true, because };
}

function stop(because: string): Verdict {
  return { goesOn: false, because };
}
