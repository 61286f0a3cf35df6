/**
 * What the codes of errors mean: those of Node and its sockets, undici, PostgreSQL (`pg`), MySQL
 * (`mysql2`), Prisma, MongoDB and tRPC. A code is a promise; a message is not.
 */
import type { Verdict } from "./verdicts.ts";

const table: Readonly<Partial<Record<Verdict, string>>> = {
  dns: "ENOTFOUND EAI_AGAIN EAI_NODATA EAI_NONAME EAI_FAIL ENODATA ESERVFAIL ETIMEOUT",
  refused: "ECONNREFUSED P1001",
  reset: `ECONNRESET EPIPE ENOTCONN ECONNABORTED ENETRESET ERR_SOCKET_CLOSED NR_CLOSED
    UND_ERR_SOCKET UND_ERR_CLOSED UND_ERR_DESTROYED PROTOCOL_CONNECTION_LOST
    ERR_HTTP2_GOAWAY_SESSION ERR_HTTP2_SESSION_ERROR ERR_HTTP2_STREAM_ERROR
    57P01 57P02 57P05 08000 08003 08006 08007 P1017`,
  timeout: `ETIMEDOUT ESOCKETTIMEDOUT TIMEOUT ETIME UND_ERR_HEADERS_TIMEOUT UND_ERR_BODY_TIMEOUT
    PROTOCOL_SEQUENCE_TIMEOUT ER_QUERY_TIMEOUT ER_LOCK_WAIT_TIMEOUT ERR_SOCKET_CONNECTION_TIMEOUT
    55P03 25P03 ERR_HTTP_REQUEST_TIMEOUT GATEWAY_TIMEOUT DEADLINE_EXCEEDED P1002 P1008`,
  connectTimeout: "UND_ERR_CONNECT_TIMEOUT",
  pool: `ER_CON_COUNT_ERROR ER_TOO_MANY_USER_CONNECTIONS ER_USER_LIMIT_REACHED 53300
    UND_ERR_BPL_MISSING_UPSTREAM POOL_NONEONLINE P2024 P2037`,
  notReady: "57P03 LOADING MASTERDOWN CLUSTERDOWN TRYAGAIN",
  contention: "40001 40P01 ER_LOCK_DEADLOCK P2034",
  serverError: `53000 53100 53200 58000 58030 XX000 ER_SERVER_SHUTDOWN ER_OUT_OF_RESOURCES
    ER_OUTOFMEMORY ER_DISK_FULL EIO ENOSPC EROFS EMFILE ENFILE ENOMEM SERVICE_UNAVAILABLE
    BAD_GATEWAY UNAVAILABLE HPE_INVALID_CONSTANT HPE_INVALID_VERSION HPE_INVALID_STATUS
    HPE_INVALID_HEADER_TOKEN HPE_INVALID_CHUNK_SIZE UND_ERR_HEADERS_OVERFLOW server_error
    internal_error overloaded_error api_error`,
  truncated: `ERR_STREAM_PREMATURE_CLOSE UND_ERR_RES_CONTENT_LENGTH_MISMATCH HPE_INVALID_EOF_STATE
    ERR_INCOMPLETE_CHUNKED_ENCODING Z_BUF_ERROR`,
  untrusted: `CERT_HAS_EXPIRED DEPTH_ZERO_SELF_SIGNED_CERT SELF_SIGNED_CERT_IN_CHAIN
    UNABLE_TO_VERIFY_LEAF_SIGNATURE UNABLE_TO_GET_ISSUER_CERT_LOCALLY ERR_TLS_CERT_ALTNAME_INVALID`,
  cancelled: "ABORT_ERR ERR_CANCELED UND_ERR_ABORTED ERR_ABORTED CLIENT_CLOSED_REQUEST",
  rateLimit: "TOO_MANY_REQUESTS rate_limit_exceeded rate_limit_error RESOURCE_EXHAUSTED",
  quota: `insufficient_quota billing_hard_limit_reached billing_not_active quota_exceeded
    billing_error`,
  contextLength: "context_length_exceeded context_window_exceeded",
  contentPolicy: `content_filter content_policy_violation responsible_ai_policy_violation
    moderation_blocked ResponsibleAIPolicyViolation`,
  auth: `28000 28P01 42501 ER_ACCESS_DENIED_ERROR ER_DBACCESS_DENIED_ERROR UNAUTHORIZED FORBIDDEN
    ER_TABLEACCESS_DENIED_ERROR invalid_api_key authentication_error permission_error
    account_deactivated NOAUTH WRONGPASS NOPERM P1000 P1010`,
  clientError: `ENOENT EACCES EPERM EISDIR ENOTDIR EEXIST ENOTEMPTY EINVAL ENAMETOOLONG ELOOP EXDEV
    BAD_REQUEST PARSE_ERROR NOT_FOUND METHOD_NOT_SUPPORTED CONFLICT PRECONDITION_FAILED
    PAYLOAD_TOO_LARGE UNPROCESSABLE_CONTENT UNSUPPORTED_MEDIA_TYPE invalid_request_error
    model_not_found ERR_ASSERTION ERR_INVALID_URL ERR_OUT_OF_RANGE ERR_MISSING_ARGS
    ERR_UNESCAPED_CHARACTERS UND_ERR_INVALID_ARG UND_ERR_REQ_CONTENT_LENGTH_MISMATCH
    ER_DUP_ENTRY ER_PARSE_ERROR ER_BAD_FIELD_ERROR ER_NO_SUCH_TABLE ER_DATA_TOO_LONG
    ER_BAD_NULL_ERROR ER_TRUNCATED_WRONG_VALUE_FOR_FIELD P1003 P1009 P1012 P1013 P2000 P2001 P2002
    P2003 P2004 P2005 P2006 P2007 P2008 P2009 P2011 P2012 P2013 P2014 P2015 P2016 P2017 P2018 P2019
    P2020 P2021 P2022 P2023 P2025 P2029 P2033`,
};

const byCode: ReadonlyMap<string, Verdict> = new Map(
  Object.entries(table).flatMap(([verdict, codes]) =>
    codes.split(/\s+/).map((code) => [code, verdict as Verdict] as const),
  ),
);

/** `syscall` is what Node was doing: a failed connect proves that nothing was begun. */
export function verdictOfCode(code: string, syscall?: string): Verdict | undefined {
  const early = whileConnecting.get(code);
  if (early !== undefined && syscall === "connect") return early;
  if (code === "ECONNREFUSED" && syscall !== undefined) return "reset";
  if (unreachable.has(code)) return "reset";
  const known = byCode.get(code);
  if (known !== undefined) return known;
  if (code.startsWith("ERR_INVALID_")) return "clientError";
  return code.startsWith("ERR_HTTP2_") ? "reset" : undefined;
}

/** Node itself says so, with the call of the system that was refused. */
export function isSystemRefusal(code: string): boolean {
  return code === "ECONNREFUSED" || byCode.get(code) === "dns";
}

const unreachable: ReadonlySet<string> = new Set([
  "EHOSTUNREACH",
  "EHOSTDOWN",
  "ENETUNREACH",
  "ENETDOWN",
]);

const whileConnecting: ReadonlyMap<string, Verdict> = new Map<string, Verdict>([
  ["ECONNREFUSED", "refused"],
  ...[...unreachable].map((code) => [code, "refused"] as const),
  // Of a socket in the file system.
  ["ENOENT", "refused"],
  ["EACCES", "refused"],
  ["ETIMEDOUT", "connectTimeout"],
  // No local port is left.
  ["EADDRNOTAVAIL", "pool"],
]);

/**
 * Codes of PostgreSQL and of the SQL standard by their class: bad data, broken constraints and bad
 * syntax are the caller's.
 */
export function verdictOfSqlState(state: string): Verdict | undefined {
  if (!/^[0-9A-Z]{5}$/.test(state)) return undefined;
  return verdictOfCode(state) ?? bySqlClass[state.slice(0, 2)];
}

const bySqlClass: Readonly<Record<string, Verdict>> = {
  "08": "reset",
  "0A": "clientError",
  "22": "clientError",
  "23": "clientError",
  "28": "auth",
  "40": "contention",
  "42": "clientError",
  "53": "serverError",
  "57": "serverError",
  "58": "serverError",
  XX: "serverError",
};

/** `DOMException` has numbers, where everybody else has words. */
export function verdictOfNumber(code: number, name: string): Verdict | undefined {
  if (name === "AbortError" && code === 20) return "cancelled";
  if (name === "TimeoutError" && code === 23) return "timeout";
  if (!name.startsWith("Mongo")) return undefined;
  return mongo.get(code);
}

const mongo: ReadonlyMap<number, Verdict> = new Map<number, Verdict>([
  [11_000, "clientError"],
  [121, "clientError"],
  [13, "auth"],
  [18, "auth"],
  [50, "timeout"],
  [112, "contention"],
  [91, "reset"],
  [189, "notReady"],
  [10_107, "notReady"],
  [13_435, "notReady"],
]);

/** Those of HTTP that mean something of their own; the rest goes by its hundred. */
const byStatus: ReadonlyMap<number, Verdict> = new Map<number, Verdict>([
  [401, "auth"],
  [402, "quota"],
  [403, "auth"],
  [407, "auth"],
  [408, "timeout"],
  [425, "notReady"],
  [429, "rateLimit"],
  [499, "cancelled"],
  [501, "brokenServer"],
  [504, "timeout"],
  [505, "brokenServer"],
  [522, "timeout"],
  [524, "timeout"],
]);

export function verdictOfStatus(status: number): Verdict | undefined {
  const known = byStatus.get(status);
  if (known !== undefined) return known;
  if (status >= 400 && status < 500) return "clientError";
  return status >= 500 && status < 600 ? "serverError" : undefined;
}
