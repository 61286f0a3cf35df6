/** The operations of one engine, put together from the points of its messages. */
import { bucketsQuantile } from "../../statistics/index.ts";
import type { Histogram, Point } from "./telemetry.ts";

export type BreakerState = "closed" | "half_open" | "open" | "isolated";

export interface OperationFigures {
  readonly name: string;
  readonly calls: number;
  readonly failed: number;
  /** By category of the error. */
  readonly failures: Readonly<Record<string, number>>;
  readonly inFlight: number;
  /** Milliseconds since the engine began, within 1 %; null while nothing was timed. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly breaker: BreakerState | null;
  /** False: it turns nothing away; null: its engine does not say. */
  readonly breakerEnforced: boolean | null;
  /** Why it is isolated, where it is. */
  readonly breakerReason: string | null;
  /** By kind: how often it acted, and how often the mode only let it be told. */
  readonly decisions: Readonly<Record<string, { enforced: number; detected: number }>>;
}

/** Its circuit is open, and not only told of. */
export function turnsAway({
  breaker,
  breakerEnforced,
}: Pick<OperationFigures, "breaker" | "breakerEnforced">): boolean {
  return (breaker === "open" || breaker === "isolated") && breakerEnforced !== false;
}

interface Operation {
  succeeded: number;
  readonly failures: Map<string, number>;
  inFlight: number;
  breaker: BreakerState | null;
  breakerEnforced: boolean | null;
  breakerReason: string | null;
  p50Ms: number | null;
  p99Ms: number | null;
  readonly decisions: Map<string, { enforced: number; suppressed: number }>;
}

const states: readonly BreakerState[] = ["closed", "half_open", "open", "isolated"];
/** Categories and kinds of decisions; ours are fewer. */
const wordsMax = 40;

export class EngineOperations {
  readonly #operations = new Map<string, Operation>();

  isAbout({ attributes }: Point): boolean {
    return typeof attributes["soulmirror.operation"] === "string";
  }

  /** Returns how many points had no room. Points of anything else are left alone. */
  take(points: readonly Point[], operationsMax: number): number {
    let refused = 0;
    for (const point of points) {
      if (!this.isAbout(point)) continue;
      const operation = this.#operationOf(
        String(point.attributes["soulmirror.operation"]),
        operationsMax,
      );
      if (operation === undefined || !put(operation, point)) refused += 1;
    }
    return refused;
  }

  totals(): { calls: number; failed: number; openBreakers: number } {
    const totals = { calls: 0, failed: 0, openBreakers: 0 };
    for (const operation of this.#operations.values()) {
      const failed = sum(operation.failures.values());
      totals.calls += operation.succeeded + failed;
      totals.failed += failed;
      if (turnsAway(operation)) totals.openBreakers += 1;
    }
    return totals;
  }

  figures(): readonly OperationFigures[] {
    return [...this.#operations].map(([name, operation]) => {
      const failed = sum(operation.failures.values());
      const { inFlight, breaker, breakerEnforced, breakerReason, p50Ms, p99Ms } = operation;
      return {
        name,
        calls: operation.succeeded + failed,
        failed,
        failures: Object.fromEntries(operation.failures),
        inFlight,
        p50Ms,
        p99Ms,
        breaker,
        breakerEnforced,
        breakerReason,
        decisions: Object.fromEntries(
          [...operation.decisions].map(([kind, { enforced, suppressed }]) => [
            kind,
            { enforced, detected: enforced + suppressed },
          ]),
        ),
      };
    });
  }

  #operationOf(name: string, operationsMax: number): Operation | undefined {
    const known = this.#operations.get(name);
    if (known !== undefined || this.#operations.size >= operationsMax) return known;
    const made: Operation = {
      succeeded: 0,
      failures: new Map(),
      inFlight: 0,
      breaker: null,
      breakerEnforced: null,
      breakerReason: null,
      p50Ms: null,
      p99Ms: null,
      decisions: new Map(),
    };
    this.#operations.set(name, made);
    return made;
  }
}

/** False for what there is no room for, or no place. Counts are cumulative: the last one counts. */
function put(operation: Operation, { metric, attributes, value, histogram }: Point): boolean {
  if (histogram !== undefined) {
    // The buckets themselves are large, and the next message brings them again.
    operation.p50Ms = quantileMs(histogram, 0.5);
    operation.p99Ms = quantileMs(histogram, 0.99);
    return true;
  }
  const word = (key: string): string => String(attributes[key] ?? "unknown");
  switch (metric) {
    case "soulmirror.operation.calls":
      if (attributes["soulmirror.outcome"] === "success") operation.succeeded = value;
      else return putWord(operation.failures, word("error.type"), value);
      return true;
    case "soulmirror.operation.in_flight":
      operation.inFlight = value;
      return true;
    case "soulmirror.breaker.state":
      operation.breaker = states[value] ?? null;
      // Of the same message, after this one, `isolation` says why; older engines say it here.
      operation.breakerReason = reasonOf(attributes["soulmirror.breaker.reason"]);
      return true;
    case "soulmirror.breaker.isolation":
      operation.breakerReason = reasonOf(attributes["soulmirror.breaker.reason"]);
      return true;
    case "soulmirror.breaker.enforced":
      operation.breakerEnforced = value === 1;
      return true;
    case "soulmirror.policy.decisions": {
      const kind = word("soulmirror.decision");
      const before = operation.decisions.get(kind) ?? { enforced: 0, suppressed: 0 };
      const isEnforced = attributes["soulmirror.enforced"] === true;
      const changed = isEnforced ? { enforced: value } : { suppressed: value };
      return putWord(operation.decisions, kind, { ...before, ...changed });
    }
    default:
      // Of what a newer engine tells, this daemon shows what it knows.
      return true;
  }
}

/** A person has given it: it is shown, and never longer than what he may give. */
function reasonOf(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value.slice(0, 200) : null;
}

function putWord<T>(map: Map<string, T>, word: string, value: T): boolean {
  if (!map.has(word) && map.size >= wordsMax) return false;
  map.set(word, value);
  return true;
}

function quantileMs(histogram: Histogram, q: number): number | null {
  const { scale, zeroCount = 0, offset = 0, counts } = histogram;
  if (scale === undefined || counts === undefined) return null;
  const positive = { offset, counts };
  const seconds = bucketsQuantile(
    { scale, zeroCount, positive, negative: { offset: 0, counts: [] } },
    q,
  );
  return seconds === undefined ? null : seconds * 1000;
}

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const each of values) total += each;
  return total;
}
