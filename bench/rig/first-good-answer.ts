/**
 * From a blow to the first good answer, as somebody outside sees it.
 *
 * Where the port is closed meanwhile, one question follows the other. Something that hangs is asked
 * anew while earlier questions are still open: they would hide the moment at which it is well
 * again.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { pidAt } from "./ask.ts";

export interface Patience {
  readonly everyMs: number;
  readonly withinMs: number;
  /** Questions that may be open at once. */
  readonly atOnce: number;
}

const oneByOne: Patience = { everyMs: 1, withinMs: 60_000, atOnce: 1 };

/**
 * Milliseconds from `sinceMs` (monotonic) until another process than `not` answers; Infinity:
 * never.
 */
export async function anotherAnswers(
  port: number,
  { not, sinceMs }: { readonly not: number; readonly sinceMs: number },
  { everyMs, withinMs, atOnce }: Patience = oneByOne,
): Promise<number> {
  let healedMs = Number.POSITIVE_INFINITY;
  let open = 0;
  const question = async (): Promise<void> => {
    open += 1;
    const pid = await pidAt(port, { timeoutMs: 2000 });
    open -= 1;
    if (pid === undefined || pid === not) return;
    healedMs = Math.min(healedMs, performance.now() - sinceMs);
  };
  while (!Number.isFinite(healedMs) && performance.now() - sinceMs < withinMs) {
    if (open < atOnce) void question();
    await pause(everyMs);
  }
  return healedMs;
}

/** Until the app answers at all; its pid. */
export async function answers(port: number, withinMs = 30_000): Promise<number> {
  const sinceMs = performance.now();
  while (performance.now() - sinceMs < withinMs) {
    const pid = await pidAt(port);
    if (pid !== undefined) return pid;
    await pause(10);
  }
  throw new Error(`nothing answers on port ${port} within ${withinMs} ms`);
}
