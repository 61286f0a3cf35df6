/**
 * What a later daemon must know to adopt a process: one note per instance in `run/`, replaced
 * whole. It survives a kill of the daemon; a power cut ends the processes as well.
 */
import { lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { ProcessIdentity, ResourceId } from "../../model/index.ts";
import { instanceOf } from "../../model/index.ts";
import { replaceFile } from "../../system/index.ts";
import type { Run } from "./run.ts";

export interface RunNote {
  readonly resource: ResourceId;
  readonly process: ProcessIdentity;
  readonly port?: number;
  readonly specHash: string;
  readonly startedAt: number;
  readonly role: "current" | "previous";
  readonly cgroups: readonly string[];
  readonly pidFile?: string;
}

interface NoteFile {
  readonly version: 1;
  readonly runs: readonly RunNote[];
}

const suffix = ".run.json";

export class RunNotes {
  readonly #folder: string;
  readonly #complain: (path: string, error: unknown) => void;

  constructor(folder: string, complain: (path: string, error: unknown) => void) {
    this.#folder = folder;
    this.#complain = complain;
  }

  /** Never throws: a full disk must not keep a service from running or an exit from being seen. */
  write(resource: ResourceId, runs: readonly Run[]): void {
    const instance = instanceOf(resource);
    if (!instance) return;
    const path = join(this.#folder, `${instance.service}.${instance.number}${suffix}`);
    const file: NoteFile = { version: 1, runs: runs.map(noteOf) };
    try {
      if (runs.length === 0) rmSync(path, { force: true });
      else replaceFile(path, JSON.stringify(file));
    } catch (error) {
      this.#complain(path, error);
    }
    for (const run of runs) {
      if (run.pidFile === undefined || run.role === "previous") continue;
      try {
        replaceFile(run.pidFile, `${run.process.pid}\n`, { mode: 0o644 });
      } catch (error) {
        this.#complain(run.pidFile, error);
      }
    }
  }

  /** All that were running when the last daemon ended; broken notes are left out. */
  read(): readonly RunNote[] {
    return readdirSync(this.#folder)
      .filter((name) => name.endsWith(suffix))
      .flatMap((name) => readNote(join(this.#folder, name)));
  }
}

function noteOf(run: Run): RunNote {
  const { resource, process, specHash, startedAt, role, cgroups } = run;
  return {
    resource,
    process,
    specHash,
    startedAt,
    role,
    cgroups,
    ...(run.port === undefined ? {} : { port: run.port }),
    ...(run.pidFile === undefined ? {} : { pidFile: run.pidFile }),
  };
}

function readNote(path: string): readonly RunNote[] {
  try {
    const file = JSON.parse(readFileSync(path, "utf8")) as NoteFile;
    return file.version === 1 ? file.runs.filter(isRunNote) : [];
  } catch {
    // Not a note of ours; the journal may know the process all the same.
    return [];
  }
}

function isRunNote(note: Partial<RunNote> | null): boolean {
  const { resource, process, specHash, startedAt, cgroups } = note ?? {};
  return (
    typeof resource === "string" &&
    typeof process?.pid === "number" &&
    typeof process.startTicks === "number" &&
    typeof specHash === "string" &&
    typeof startedAt === "number" &&
    Array.isArray(cgroups)
  );
}

/** Only while it names this run: a newer one may have written it since. */
export function removePidFile(run: Run): void {
  if (run.pidFile === undefined) return;
  try {
    // The folder is the service's own: a pipe in its place would keep us waiting for ever.
    if (!lstatSync(run.pidFile).isFile()) return;
    if (readFileSync(run.pidFile, "utf8").trim() === String(run.process.pid)) rmSync(run.pidFile);
  } catch {
    // Gone already, or no longer ours to remove.
  }
}
