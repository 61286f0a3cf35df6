import { onAbort } from "./attempt.ts";
import type { Tools } from "./tools.ts";

/** Rejects with the signal's reason as soon as it is aborted; no timer is left behind. */
export function sleep(tools: Tools, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise<void>((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(signal.reason as Error);
      return;
    }
    const cancel = tools.timers.after(delayMs, () => {
      forget();
      resolve();
    });
    const forget = onAbort(signal, (reason) => {
      cancel();
      reject(reason);
    });
  });
}
