/**
 * What should be set differently, by what was measured: each recommendation with its evidence, what
 * it would change, and the figure that has to get better for it to stay.
 *
 * O1. Nothing is recommended from fewer samples than the figure needs: a p99.9 from ten thousand
 *     calls, a rate from a thousand.
 * O2. A timeout is recommended by the calls that are answered, and only where those that are not
 *     are few and far from them: what is cut off cannot be measured.
 * O3. Small differences are not worth a change.
 */
import { formatDuration } from "../../kernel/index.ts";
import type { Entry, OperationSettings, SettingName } from "../settings/index.ts";
import type { Figures } from "./figures.ts";

/** The figure that a change is made for; lower is better. */
export type Goal = "failedShare" | "rejectedShare" | "p999Ms" | "turns";

export interface Recommendation {
  /** The same for the same advice: `chat.ask timeout`. */
  readonly id: string;
  readonly operation: string;
  readonly part: "timeout" | "breaker" | "bulkhead" | "pool";
  /** One sentence for people. */
  readonly message: string;
  readonly from: number | undefined;
  readonly to: number;
  readonly evidence: Readonly<Record<string, number>>;
  /** What would be set; empty: only a person can (the size of a driver's pool). */
  readonly changes: readonly Change[];
  readonly goal: Goal;
}

export type Change = Pick<Entry, "service" | "method" | "leaf" | "value">;

export interface Measured {
  readonly operation: string;
  readonly service: string;
  readonly method: string | undefined;
  readonly settings: OperationSettings;
  readonly figures: Figures;
}

const samplesForP999 = 10_000;
const samplesForRate = 1000;
/** A timeout is this many times what 999 of 1000 calls need. */
const timeoutFactor = 3;
const timeoutMinMs = 50;
/** Where more calls hang, the dependency is ill, and no figure says how long is enough. */
const hangingMax = 0.05;
/** Of a circuit that opens by chance. */
const openingsPerDay = 0.01;
const thresholdMax = 50;
/** Room above what is usual, for bursts. */
const headroom = 2;

export function recommend(measured: Measured): readonly Recommendation[] {
  return [timeoutFor, breakerFor, bulkheadFor, poolFor].flatMap((each) => each(measured) ?? []);
}

function timeoutFor(measured: Measured): Recommendation | undefined {
  const { operation, settings, figures } = measured;
  const { answeredP999Ms, timed, timeoutShare } = figures;
  const from = settings.timeoutMs;
  if (timed < samplesForP999 || timeoutShare > hangingMax) return undefined;
  const to = rounded(Math.max(timeoutMinMs, answeredP999Ms * timeoutFactor));
  if (from !== undefined && to > from / 2) return undefined;
  const now = from === undefined ? "may take for ever" : `may take ${formatDuration(from)}`;
  const message = `${operation} ${now}, and 999 of 1000 answers come within ${formatDuration(answeredP999Ms)}: a timeout of ${formatDuration(to)} gives up sooner on those that hang`;
  const evidence = { answeredP999Ms, timed, timeoutShare };
  const changes = [change(measured, "timeoutMs", to)];
  return {
    id: `${operation} timeout`,
    operation,
    part: "timeout",
    message,
    from,
    to,
    evidence,
    changes,
    goal: "p999Ms",
  };
}

/** By chance alone, failures of share p come k in a row about calls x p^k times. */
function breakerFor(measured: Measured): Recommendation | undefined {
  const { operation, settings, figures } = measured;
  const from = settings.breaker?.failureThreshold;
  const { failedShare, callsPerSecond, calls, turns } = figures;
  if (from === undefined || from === 0 || calls < samplesForRate || turns === 0) return undefined;
  if (failedShare <= 0 || failedShare > 0.4) return undefined;
  const callsPerDay = callsPerSecond * 86_400;
  const byChance = (k: number): number => callsPerDay * failedShare ** k;
  if (byChance(from) <= 1) return undefined;
  let to = from;
  while (to < thresholdMax && byChance(to) > openingsPerDay) to += 1;
  if (byChance(to) > openingsPerDay) return undefined;
  const share = `${(failedShare * 100).toFixed(1)} %`;
  const message = `the circuit of ${operation} opens after ${from} failures in a row, which happens by chance ${Math.round(byChance(from))} times a day where ${share} of the calls fail: ${to} in a row would be no chance`;
  const evidence = { failedShare, callsPerDay: Math.round(callsPerDay), turns };
  const changes = [change(measured, "breaker.failureThreshold", to)];
  return {
    id: `${operation} breaker`,
    operation,
    part: "breaker",
    message,
    from,
    to,
    evidence,
    changes,
    goal: "turns",
  };
}

/** Little's law: so many are under way as arrive in the time that one takes. */
function bulkheadFor(measured: Measured): Recommendation | undefined {
  const { operation, settings, figures } = measured;
  const { calls, timed, callsPerSecond, p99Ms, rejectedShare } = figures;
  const from = settings.bulkhead?.limit;
  if (from === undefined || rejectedShare <= 0) return undefined;
  if (calls < samplesForRate || timed < samplesForRate) return undefined;
  const usual = (callsPerSecond * p99Ms) / 1000;
  const to = Math.ceil(usual * headroom);
  if (to < from * 1.2) return undefined;
  const message = `${operation} lets ${from} calls in at once and refuses ${(rejectedShare * 100).toFixed(1)} %: with ${callsPerSecond.toFixed(1)} calls a second of up to ${formatDuration(p99Ms)} there are ${Math.ceil(usual)} under way, and ${to} leave room for bursts`;
  const evidence = { callsPerSecond, p99Ms, rejectedShare, underWay: usual };
  const changes = [change(measured, "bulkhead.limit", to)];
  return {
    id: `${operation} bulkhead`,
    operation,
    part: "bulkhead",
    message,
    from,
    to,
    evidence,
    changes,
    goal: "rejectedShare",
  };
}

function poolFor({ operation, figures }: Measured): Recommendation | undefined {
  const { calls, timed, callsPerSecond, p99Ms, poolExhausted } = figures;
  if (poolExhausted === 0 || calls < samplesForRate || timed < samplesForRate) return undefined;
  const usual = (callsPerSecond * p99Ms) / 1000;
  const to = Math.max(2, Math.ceil(usual * headroom));
  const message = `${operation} found no free connection ${poolExhausted} times: with ${callsPerSecond.toFixed(1)} calls a second of up to ${formatDuration(p99Ms)} it needs ${Math.ceil(usual)}, and a pool of ${to} leaves room for bursts`;
  const evidence = { callsPerSecond, p99Ms, poolExhausted, underWay: usual };
  return {
    id: `${operation} pool`,
    operation,
    part: "pool",
    message,
    from: undefined,
    to,
    evidence,
    changes: [],
    goal: "failedShare",
  };
}

function change({ service, method }: Measured, leaf: SettingName, value: number): Change {
  return method === undefined ? { service, leaf, value } : { service, method, leaf, value };
}

/** Up, to two digits: 1234 is 1300. */
function rounded(ms: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(ms)) - 1);
  return Math.ceil(ms / unit) * unit;
}
