import type { ProcessIdentity, ResourceId } from "./resource.ts";

/**
 * What was seen of one resource at one time. An observation states, it never judges: that two
 * timeouts in a row mean "hung" is for a detector to say.
 */
export interface Observation {
  readonly resource: ResourceId;
  /** Which look it was: `process`, `startup`, `liveness`, `usage`, `work`, `http`, ... */
  readonly sensor: string;
  /** Wall milliseconds when the reading was complete. */
  readonly at: number;
  /** Monotonic milliseconds when the reading *began*: only what began later is fresh evidence. */
  readonly begunMs: number;
  readonly reading: Reading;
}

export type Reading =
  | CheckReading
  | SamplesReading
  | WorkReading
  | StartedReading
  | ExitedReading
  | PortHeldReading
  | OccurrenceReading;

/** A question that is answered well or not: an HTTP request, a command, the age of a file. */
export interface CheckReading {
  readonly kind: "check";
  readonly ok: boolean;
  /** Duration of the look, from asking to the full answer or to giving up. */
  readonly elapsedMs: number;
  /** Why it is not ok. */
  readonly symptom?: Symptom;
  /** One sentence for people, with the values that matter. */
  readonly reason: string;
  /** Of a start that failed: what was to be started. */
  readonly program?: ProgramFiles;
  /** Of the front proxy: the services that it listens for. */
  readonly listening?: readonly string[];
}

/** Why a check was not ok, as a closed list that detectors can rely on. */
export type Symptom =
  | "refused" // nobody listens
  | "reset" // the connection broke
  | "timeout" // alive or not: silent
  | "unresolved" // the name has no address
  | "status" // an HTTP status or exit code that was not expected
  | "content" // the answer has the wrong content
  | "certificate" // TLS: not valid, or not for this name
  | "stale" // older than it may be
  | "missing" // it does not exist
  | "slow" // right, but slower than declared
  | "threshold" // a declared limit is passed
  | "sensor"; // the look itself failed

export type Unit = "bytes" | "ms" | "percent" | "count" | "ratio" | "seconds";

/** Values of one or more series at one time. */
export interface SamplesReading {
  readonly kind: "samples";
  readonly samples: readonly Sample[];
}

export interface Sample {
  /** `memory.rss`, `cpu.percent`, `descriptors`, `disk.used`, ... */
  readonly series: string;
  readonly value: number;
  readonly unit: Unit;
  /** What the value may not reach, where a limit is known. */
  readonly limit?: number;
  /** The limit is what is left of something that others use as well: it moves with them. */
  readonly isShared?: true;
}

/** A counter of finished work, and how much work waits. */
export interface WorkReading {
  readonly kind: "work";
  readonly counter: string;
  readonly done: number;
  readonly waiting: number;
}

export interface StartedReading {
  readonly kind: "started";
  readonly process: ProcessIdentity;
  readonly port?: number;
  readonly specHash: string;
  /** Wall milliseconds of its real start, where that was before this observation. */
  readonly startedAt?: number;
  /** True when it ran before this daemon did. */
  readonly adopted: boolean;
}

/** The files of a command line as they are just now: other ones may be another program. */
export interface ProgramFiles {
  readonly specHash: string;
  /** To be compared only. */
  readonly files: string;
}

export interface ExitedReading {
  readonly kind: "exited";
  readonly process: ProcessIdentity;
  readonly code: number | null;
  readonly signal: string | null;
  readonly uptimeMs: number;
  /** True when we stopped it. */
  readonly expected: boolean;
  /** Set when the kernel killed it at its memory limit. */
  readonly outOfMemory?: boolean;
  /** What it had been started from, as that is now. */
  readonly program?: ProgramFiles;
}

/** False when it was found gone: only the parent of a process learns how that has ended. */
export function isHowKnown({ code, signal, outOfMemory }: ExitedReading): boolean {
  return code !== null || signal !== null || outOfMemory === true;
}

/** The port that a resource needs belongs to somebody else. */
export interface PortHeldReading {
  readonly kind: "port-held";
  readonly port: number;
  readonly holder?: PortHolder;
  /** Of the front proxy: the service behind that address, and what the kernel said. */
  readonly service?: string;
  readonly error?: string;
}

export interface PortHolder {
  readonly pid: number;
  readonly command: string;
}

/** Something happened: a log line matched, a heartbeat arrived, the clock was set. */
export interface OccurrenceReading {
  readonly kind: "occurrence";
  readonly name: string;
  readonly count: number;
  readonly reason: string;
  readonly value?: number;
}
