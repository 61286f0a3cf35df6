/** Calls a callback of somebody else: what it throws, or rejects with, harms nobody. */
export function harmless(callback: () => unknown): void {
  try {
    const answer = callback();
    // Promises of other realms and libraries tell of their rejections as loudly as our own.
    if (typeof answer === "object" && answer !== null && "then" in answer) {
      Promise.resolve(answer).catch(() => undefined);
    }
  } catch {
    // The callback is told of something that has already happened: its error changes nothing.
  }
}
