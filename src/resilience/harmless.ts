/** Calls a callback of somebody else: what it throws, or rejects with, harms nobody. */
export function harmless(callback: () => unknown): void {
  try {
    const answer = callback();
    if (answer instanceof Promise) answer.catch(() => undefined);
  } catch {
    // The callback is told of something that has already happened: its error changes nothing.
  }
}
