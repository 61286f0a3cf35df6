import pino from "pino";
import { messageOf } from "../kernel/index.ts";

/** The daemon's own log: one JSON line per event, to standard output or to a file. */
export interface DaemonLog {
  info(event: string, details?: Readonly<Record<string, unknown>>): void;
  warn(event: string, details?: Readonly<Record<string, unknown>>): void;
  readonly complain: (what: string, error: unknown) => void;
  close(): void;
}

const redacted = ["*.token", "*.authorization", "*.env", "*.headers"];

export function createDaemonLog(path: string): DaemonLog {
  const destination = pino.destination({ dest: path, append: true, sync: true, mode: 0o600 });
  const log = pino(
    { base: null, redact: redacted, timestamp: pino.stdTimeFunctions.isoTime },
    destination,
  );
  return {
    info: (event, details = {}) => log.info({ event, ...details }),
    warn: (event, details = {}) => log.warn({ event, ...details }),
    complain: (what, error) => log.error({ event: "error", what, reason: messageOf(error) }),
    close: () => destination.end(),
  };
}
