/** Snapshots for the tests of retention. */
import type { ArrivedSnapshot, Moment } from "./arrived-snapshot.ts";

/** The first of January 2026, UTC. */
const zero = 1_767_225_600_000;

export interface SnapshotShape {
  readonly host?: string;
  readonly paths?: readonly string[];
  readonly isSuspect?: boolean;
  readonly isComplete?: boolean;
  readonly isVerified?: boolean;
  readonly bootId?: string;
  readonly utcOffsetMinutes?: number;
  /** The clock was wrong by so much when it arrived. */
  readonly jumpMs?: number;
}

/** `sinceMs` is true time; the sequence is the id as a number. */
export function arrived(
  sequence: number,
  sinceMs: number,
  shape: SnapshotShape = {},
): ArrivedSnapshot {
  const { host = "box", paths = ["/srv"], isSuspect = false, isVerified = false } = shape;
  const { isComplete = false, utcOffsetMinutes = 0 } = shape;
  const arrival = { ...moment(sinceMs, shape), sequence, utcOffsetMinutes };
  return { id: `s${sequence}`, host, paths, arrival, isSuspect, isComplete, isVerified };
}

export function moment(
  sinceMs: number,
  { bootId = "first", jumpMs = 0 }: Pick<SnapshotShape, "bootId" | "jumpMs"> = {},
): Moment {
  return { at: zero + sinceMs + jumpMs, uptimeMs: 1000 + sinceMs, bootId };
}

export const own = { host: "box", paths: ["/srv"] } as const;
