/** A server whose log is received: what a stream asks of it, whatever its kind. */
import type { LogKind } from "./log-names.ts";
import type { Mark, Place } from "./stream-line.ts";

export interface Look {
  /** All that is committed until then lies before that place of the log. */
  readonly mark: Mark;
  /** Of PostgreSQL's segments; 0 for others. */
  readonly segmentBytes: number;
  /** Up to there it was received and written, as the server knows; undefined: it does not. */
  readonly received?: Place;
  /** Why what is not received yet cannot be received any more. */
  readonly lost?: string;
}

/** The newest file of the log that is here. */
export interface Newest {
  readonly name: string;
  readonly sizeBytes: number;
}

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** Everything rejects with what the server or its program said. */
export interface StreamServer {
  readonly kind: LogKind;
  readonly env: Readonly<Record<string, string>>;
  /** `newest`: what of a line is here, which must go on; undefined: a line begins. */
  look(newest: Newest | undefined, signal: AbortSignal): Promise<Look>;
  /** Makes the server keep what is written from now on until it is received. Begins anew. */
  begin(signal: AbortSignal): Promise<void>;
  /** Receives the log into a folder until it is ended. */
  receive(folder: string, from: string): Command;
  /** A copy of everything into an empty folder; resolves with where its replay begins. */
  takeBase(folder: string, signal: AbortSignal): Promise<Place>;
}
