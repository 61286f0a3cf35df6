import { setTimeout as pause } from "node:timers/promises";

/** Looks again and again until there is an answer; throws when it never comes. */
export async function waitUntil<T>(
  what: string,
  look: () => Promise<T | undefined> | T | undefined,
  { limitMs = 10_000, everyMs = 10 }: { limitMs?: number; everyMs?: number } = {},
): Promise<T> {
  for (let waitedMs = 0; waitedMs <= limitMs; waitedMs += everyMs) {
    const answer = await look();
    if (answer !== undefined) return answer;
    await pause(everyMs);
  }
  throw new Error(`waited in vain: ${what}`);
}
