import type { JsonRecord } from "../kernel/index.ts";
import type { Observation, Reading } from "./observation.ts";
import type { ProcessIdentity, ResourceId } from "./resource.ts";

/** A look that is repeated: what is looked at, how, and how often. */
export interface SensorSpec {
  /** Unique in the fleet: `<resource>#<sensor>`. */
  readonly key: string;
  readonly resource: ResourceId;
  /** The name in observations: `liveness`, `usage`, `http`, ... */
  readonly sensor: string;
  /** Which sensor implementation reads it: `http`, `tcp`, `process-usage`, ... */
  readonly kind: string;
  readonly parameters: JsonRecord;
  readonly intervalMs: number;
  readonly timeoutMs: number;
}

/** One look, as the monitor asks for it. */
export interface ReadRequest {
  readonly spec: SensorSpec;
  /** Of an instance: the process and port it is to be done at. */
  readonly process?: ProcessIdentity;
  readonly port?: number;
}

/**
 * Takes readings of one kind.
 * `read` resolves with what was seen; that something is wrong with the resource is a reading, not
 * an error. A rejection means that the look itself failed; the monitor reports it as symptom
 * `sensor`. It must settle soon after `signal` aborts (the monitor gives up at the deadline in any
 * case and ignores what comes later). Reads of different keys run side by side; those of one key
 * follow each other, except that one may begin while another that was given up, or whose process is
 * gone, has not settled yet. It may remember things by key (rates need the value before); `forget`
 * frees them.
 */
export interface Sensor {
  readonly kind: string;
  read(request: ReadRequest, signal: AbortSignalLike): Promise<readonly Reading[]>;
  forget?(key: string): void;
}

/** The part of AbortSignal that is used: the pure ranks have no DOM and no Node types. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

/** A signal that aborts at a set time, unless it was ended before: an open one costs a timer. */
export interface Deadline {
  readonly signal: AbortSignalLike;
  end(): void;
}

/** Observations that come by themselves: exits of processes, lines of a log, heartbeats. */
export type Report = (observation: Observation) => void;
