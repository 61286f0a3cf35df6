/**
 * Does an error of a driver say that the server cannot be reached, or that it takes no more
 * connections? All other errors are answers of a server that is there.
 */
const away: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "PROTOCOL_CONNECTION_LOST",
  // PostgreSQL: told to end, crashed, starting up, and the failures of a connection.
  "57P01",
  "57P02",
  "57P03",
  "08000",
  "08003",
  "08006",
]);

const full: ReadonlySet<string> = new Set([
  "53300",
  "ER_CON_COUNT_ERROR",
  "ER_TOO_MANY_USER_CONNECTIONS",
  "ER_USER_LIMIT_REACHED",
]);

/** Of drivers that give no code. */
const awayMessages: readonly string[] = [
  "Connection terminated",
  "Connection is closed",
  "Client has encountered a connection error",
  "Connection lost",
];

export function whyUnreachable(error: unknown): "away" | "full" | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as { code?: unknown };
  if (typeof code === "string" && full.has(code)) return "full";
  if (error.message.includes("max number of clients reached")) return "full";
  if (typeof code === "string" && away.has(code)) return "away";
  return awayMessages.some((each) => error.message.startsWith(each)) ? "away" : undefined;
}
