/** What a running daemon says about itself in its data directory. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { SoulMirrorError } from "../kernel/index.ts";
import type { ProcessIdentity } from "../model/index.ts";
import { isAlive, ownSparePath } from "../system/index.ts";

export interface DaemonNote extends ProcessIdentity {
  readonly port: number;
  /** Where the API listens; loopback unless it is said. */
  readonly host?: string;
  readonly startedAt: number;
}

/**
 * Undefined when no daemon has been here, or when it has ended in order. Throws NOT_AUTHORIZED when
 * the data directory is somebody else's.
 */
export function readDaemonNote(dataPath: string): DaemonNote | undefined {
  const note = readNote(dataPath, join(dataPath, "run", "daemon.json"));
  if (note !== undefined && isAlive(note)) return note;
  // A daemon that could not write there has left its note in the spare place.
  const spare = ownSparePath(dataPath, "note");
  return (spare === undefined ? undefined : readNote(dataPath, spare)) ?? note;
}

function readNote(dataPath: string, path: string): DaemonNote | undefined {
  try {
    const note = JSON.parse(readFileSync(path, "utf8")) as unknown;
    return isNote(note) ? note : undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EACCES") throw closed(dataPath);
    // Missing, empty or torn: the same as no daemon.
    return undefined;
  }
}

function closed(dataPath: string): SoulMirrorError {
  return new SoulMirrorError("NOT_AUTHORIZED", `${dataPath} may only be entered by its owner`, {
    fix: "run it as the user who started the daemon",
  });
}

function isNote(note: unknown): note is DaemonNote {
  if (typeof note !== "object" || note === null) return false;
  const { pid, port } = note as { pid?: unknown; port?: unknown };
  return typeof pid === "number" && pid > 0 && typeof port === "number";
}
