import { DiskError } from "./disk.ts";

/**
 * Does work that may hang where nothing can interrupt it: whoever gives up, or has waited long
 * enough, is answered at once, and the work sees it in its signal when it comes back.
 */
export async function givingUp<T>(
  work: (whole: AbortSignal) => Promise<T>,
  { signal, limitMs }: { readonly signal: AbortSignal; readonly limitMs: number },
): Promise<T> {
  signal.throwIfAborted();
  const whole = new AbortController();
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const giveUp = (reason: unknown): void => {
    whole.abort(reason);
    reject(reason);
  };
  const onAbort = (): void => giveUp(signal.reason);
  const late = (): void => giveUp(new DiskError("away", `no answer in ${limitMs} ms`));
  const timer = setTimeout(late, limitMs);
  signal.addEventListener("abort", onAbort);
  try {
    return await Promise.race([work(whole.signal), givenUp]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
