/**
 * From a blow to the first good answer, as somebody outside sees it.
 *
 * A new question is asked every few milliseconds and none waits for another, because a question to
 * something that hangs would hide the moment at which it is well again.
 */
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { pidAt } from "./ask.ts";

export interface Patience {
  readonly everyMs: number;
  readonly withinMs: number;
}

/** Milliseconds from `sinceMs` (monotonic) until another process than `not` answers; Infinity: never. */
export async function anotherAnswers(
  port: number,
  { not, sinceMs }: { readonly not: number; readonly sinceMs: number },
  { everyMs, withinMs }: Patience = { everyMs: 1, withinMs: 60_000 },
): Promise<number> {
  let healedMs = Number.POSITIVE_INFINITY;
  const open = new Set<Promise<void>>();
  while (!Number.isFinite(healedMs) && performance.now() - sinceMs < withinMs) {
    if (open.size < openMax) {
      const asking = pidAt(port, { timeoutMs: 2000 }).then((pid) => {
        open.delete(asking);
        if (pid === undefined || pid === not) return;
        healedMs = Math.min(healedMs, performance.now() - sinceMs);
      });
      open.add(asking);
    }
    await pause(everyMs);
  }
  await Promise.all(open);
  return healedMs;
}

/** A listener that accepts and says nothing must not be buried in connections. */
const openMax = 64;

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
