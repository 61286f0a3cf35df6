/**
 * What names and messages of errors mean, where there is no code. The exact messages are those of
 * drivers that give no code at all (`pg` and its pool, `mysql2`'s pool, `ioredis`, `knex`); only
 * such a one, and never a message that merely sounds like it, proves that nothing was begun.
 */
import type { Verdict } from "./verdicts.ts";

const names: Readonly<Partial<Record<Verdict, string>>> = {
  cancelled: "AbortError APIUserAbortError CanceledError CancelError AbortSignalError",
  timeout: `TimeoutError APIConnectionTimeoutError HeadersTimeoutError BodyTimeoutError
    KnexTimeoutError MongoNetworkTimeoutError MongoOperationTimeoutError ResponseTimeoutError
    PromiseTimeoutError GatewayTimeoutError`,
  connectTimeout: "ConnectTimeoutError MongoServerSelectionError",
  refused: "ClusterAllFailedError",
  reset: `APIConnectionError SocketError MongoNetworkError MongoNotConnectedError PoolClearedError
    MongoPoolClearedError MaxRetriesPerRequestError FetchError RequestError`,
  pool: "WaitQueueTimeoutError MongoWaitQueueTimeoutError",
  truncated: "AI_EmptyResponseBodyError",
  serverError: `AI_InvalidResponseDataError AI_JSONParseError AI_TypeValidationError
    AI_NoContentGeneratedError AI_NoOutputGeneratedError AI_NoObjectGeneratedError
    AI_StreamProviderError AI_InvalidStreamPartError`,
  auth: "AI_LoadAPIKeyError GatewayAuthenticationError",
  contextLength: "LengthFinishReasonError",
  contentPolicy: "ContentFilterFinishReasonError",
  clientError: `RangeError ReferenceError URIError EvalError AssertionError ZodError
    ValidationError ValidatorError CastError StrictModeError BSONError AI_InvalidPromptError
    AI_InvalidArgumentError AI_UnsupportedFunctionalityError AI_NoSuchModelError
    AI_NoSuchProviderReferenceError AI_TooManyEmbeddingValuesForCallError AI_LoadSettingError
    AI_NoSuchToolError AI_InvalidToolInputError AI_InvalidMessageRoleError
    PrismaClientValidationError DataCloneError`,
};

const byName: ReadonlyMap<string, Verdict> = new Map(
  Object.entries(names).flatMap(([verdict, all]) =>
    all.split(/\s+/).map((name) => [name, verdict as Verdict] as const),
  ),
);

export function verdictOfName(name: string): Verdict | undefined {
  return byName.get(name);
}

/** Whole messages of drivers, or their beginnings. */
const exact: readonly (readonly [string, Verdict])[] = [
  ["timeout exceeded when trying to connect", "pool"],
  ["Connection terminated due to connection timeout", "connectTimeout"],
  ["Connection terminated", "reset"],
  ["Client has encountered a connection error", "reset"],
  ["Query read timeout", "timeout"],
  ["No connections available.", "pool"],
  ["Queue limit reached.", "pool"],
  ["Knex: Timeout acquiring a connection", "pool"],
  ["Stream isn't writeable and enableOfflineQueue options is false", "refused"],
  // `ioredis` calls what the server has cut off aborted: nobody has asked for it.
  ["Command aborted due to connection close", "reset"],
  ["Connection is closed.", "reset"],
  ["Command timed out", "timeout"],
  ["canceling statement due to statement timeout", "timeout"],
  ["canceling statement due to lock timeout", "timeout"],
  ["canceling statement due to user request", "cancelled"],
  ["connect ETIMEDOUT", "connectTimeout"],
  ["Request timed out.", "timeout"],
];

export function verdictOfExactMessage(message: string): Verdict | undefined {
  for (const [text, verdict] of exact) if (message.startsWith(text)) return verdict;
  return undefined;
}

/** `ReplyError` of Redis: the first word of the message is its code. */
export function verdictOfReply(message: string): Verdict {
  const word = /^[A-Z]+/.exec(message)?.[0] ?? "";
  return replies[word] ?? "clientError";
}

const replies: Readonly<Record<string, Verdict>> = {
  BUSY: "notReady",
  CLUSTERDOWN: "notReady",
  LOADING: "notReady",
  MASTERDOWN: "notReady",
  READONLY: "notReady",
  TRYAGAIN: "notReady",
  MISCONF: "serverError",
  OOM: "serverError",
  NOREPLICAS: "serverError",
  NOAUTH: "auth",
  NOPERM: "auth",
  WRONGPASS: "auth",
};

const provider: readonly (readonly [RegExp, Verdict])[] = [
  [
    /insufficient[ _](?:quota|balance|credit)|exceeded your (?:current )?quota|credit balance is too low|billing hard limit/i,
    "quota",
  ],
  [
    /context[ _](?:length|window)|maximum context|prompt is too long|reduce the length of the (?:messages|prompt)|input token count .{0,40}exceeds/i,
    "contextLength",
  ],
  [
    /content[ _](?:policy|filter)|content management policy|safety system|prompt was blocked/i,
    "contentPolicy",
  ],
];

/** What AI providers say in a 400, 403, 413, 422 or 429, or in the middle of a stream. */
export function verdictOfProviderText(text: string): Verdict | undefined {
  // Some call the limit of a minute a quota, too.
  if (/per[ _]?minute|please retry in/i.test(text)) return undefined;
  for (const [pattern, verdict] of provider) if (pattern.test(text)) return verdict;
  return undefined;
}

const sounds: readonly (readonly [RegExp, Verdict])[] = [
  [/rate.?limit|too many requests/i, "rateLimit"],
  [/quota/i, "quota"],
  [/premature close|unexpected end of|unterminated string in json|^terminated$/i, "truncated"],
  [/stream .{0,20}(?:ended|closed|cut) .{0,20}(?:early|before|unexpectedly)/i, "truncated"],
  [/timed? ?-?out|deadline exceeded/i, "timeout"],
  [/\bENOTFOUND\b|\bEAI_AGAIN\b|getaddrinfo/i, "dns"],
  [/\bECONNREFUSED\b|connection refused/i, "refused"],
  [
    /\bECONNRESET\b|\bEPIPE\b|socket hang up|other side closed|connection (?:was )?(?:lost|closed|reset|terminated)|broken pipe|fetch failed|failed to fetch|network error/i,
    "reset",
  ],
  [/unauthori[sz]ed|invalid api key|incorrect api key|permission denied/i, "auth"],
  [/overloaded|service unavailable|bad gateway|internal server error/i, "serverError"],
  [/(?:operation|request) was (?:aborted|cancell?ed)/i, "cancelled"],
];

/** The last resort. */
export function verdictOfSound(message: string): Verdict | undefined {
  for (const [pattern, verdict] of sounds) if (pattern.test(message)) return verdict;
  return undefined;
}

/** Errors that a transport makes itself around the one that stopped it. */
export function isTransport(name: string, message: string): boolean {
  if (transports.has(name)) return true;
  return /^(?:fetch failed|Connection error\.|Cannot connect to API)/.test(message);
}

const transports: ReadonlySet<string> = new Set([
  "APIConnectionError",
  "AggregateError",
  "AI_RetryError",
  "AllFailedError",
  "AxiosError",
  "ClusterAllFailedError",
  "FetchError",
  "MongoNetworkError",
  "MongoServerSelectionError",
  "RequestError",
  "TRPCClientError",
]);
