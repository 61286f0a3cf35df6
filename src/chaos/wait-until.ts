import { setTimeout as pause } from "node:timers/promises";
import { realClock } from "../system/index.ts";

/** Looks again and again until there is an answer; throws when it never comes. */
export async function waitUntil<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  { limitMs = 10_000, everyMs = 10 }: { limitMs?: number; everyMs?: number } = {},
): Promise<T> {
  const endMs = realClock.now().monotonicMs + limitMs;
  for (;;) {
    const answer = await look();
    if (answer !== undefined) return answer;
    // A look may take much longer than the pause, and counts as well.
    if (realClock.now().monotonicMs >= endMs) throw new Error(`waited in vain: ${what}`);
    await pause(everyMs);
  }
}
