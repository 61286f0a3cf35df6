import pino from "pino";
import { messageOf } from "../kernel/index.ts";
import type { Redaction } from "./redaction.ts";

/** The daemon's own log: one JSON line per event, to standard output or to a file. */
export interface DaemonLog {
  info(event: string, details?: Readonly<Record<string, unknown>>): void;
  warn(event: string, details?: Readonly<Record<string, unknown>>): void;
  readonly complain: (what: string, error: unknown) => void;
  /** Goes on in a new file, when the one before has been given another name. */
  reopen(): void;
  close(): void;
}

const redacted = ["*.token", "*.authorization", "*.env", "*.headers"];

/** `details` come through `redaction`, which learns the secrets of the fleet. */
export function createDaemonLog(path: string, redaction: Redaction): DaemonLog {
  const destination = openDestination(path);
  // A full disk takes lines of the log, and must not take the daemon; `/health` tells of it.
  destination.on("error", () => undefined);
  const log = pino(
    {
      base: null,
      redact: redacted,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { log: (details) => redaction.told(details) },
    },
    destination,
  );
  return {
    info: (event, details = {}) => log.info({ event, ...details }),
    warn: (event, details = {}) => log.warn({ event, ...details }),
    complain: (what, error) => log.error({ event: "error", what, reason: messageOf(error) }),
    reopen: () => destination.reopen(),
    close: () => destination.end(),
  };
}

/** Where no file can be made, what is said goes where the last words go. */
function openDestination(path: string): ReturnType<typeof pino.destination> {
  try {
    return pino.destination({ dest: path, append: true, sync: true, mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EROFS") throw error;
    return pino.destination({ dest: 2, sync: true });
  }
}
