/**
 * How long may an answer take while the machine itself is short of processor time? The watcher and
 * what it watches are starved alike, so silence says less than usual: timeouts and deadlines are
 * stretched by a factor that grows with the pressure.
 *
 * P1. The factor is 1 without pressure and never above `factorMax`: what hangs is found later, but
 *     it is found.
 * P2. The highest factor of the last `holdMs` counts: pressure comes and goes within seconds, and
 *     a look that began in a quiet moment may end in a busy one.
 */
import type { Reading } from "./observation.ts";

export interface Patience {
  readonly factor: number;
  /** What the machine suffers from; empty without pressure. */
  readonly reason: string;
}

export interface PatienceState {
  current: Patience;
  heldUntilMs: number;
}

const factorMax = 4;
const holdMs = 10_000;
/** Shares of the time in which somebody waits for a processor: from where on, and where it ends. */
const stalled = { fromPercent: 40, toPercent: 90 };
/** Where the kernel does not tell: processes that want to run, per processor. */
const load = { from: 1.5, to: 4 };

const usual: Patience = { factor: 1, reason: "" };

export function createPatience(): PatienceState {
  return { current: usual, heldUntilMs: 0 };
}

/** `reading` is of the sensor `pressure`: `pressure.cpu`, and `load.processor` without it. */
export function notePressure(state: PatienceState, reading: Reading, nowMs: number): void {
  const next = patienceFor(reading);
  if (next === undefined) return;
  if (next.factor < patienceAt(state, nowMs).factor) return;
  state.current = next;
  state.heldUntilMs = nowMs + holdMs;
}

export function patienceAt(state: PatienceState, nowMs: number): Patience {
  return nowMs < state.heldUntilMs ? state.current : usual;
}

/** What a judgement that was made with more patience adds to its reason. */
export function patienceText({ factor, reason }: Patience): string {
  return factor === 1 ? "" : ` (waited for ${factor} times as long, because ${reason})`;
}

function patienceFor(reading: Reading): Patience | undefined {
  if (reading.kind !== "samples") return undefined;
  const valueOf = (name: string): number | undefined =>
    reading.samples.find(({ series }) => series === name)?.value;
  const percent = valueOf("pressure.cpu");
  if (percent !== undefined) {
    const factor = between(percent, stalled.fromPercent, stalled.toPercent);
    const reason = `processes of this machine waited for a processor ${Math.round(percent)} % of the time`;
    return { factor, reason };
  }
  const perProcessor = valueOf("load.processor");
  if (perProcessor === undefined) return undefined;
  const factor = between(perProcessor, load.from, load.to);
  return { factor, reason: `the load of this machine is ${perProcessor.toFixed(1)} per processor` };
}

/** 1 at `from`, `factorMax` at `to`, in steps of a tenth. */
function between(value: number, from: number, to: number): number {
  const share = Math.min(1, Math.max(0, (value - from) / (to - from)));
  return Math.round((1 + (factorMax - 1) * share) * 10) / 10;
}
