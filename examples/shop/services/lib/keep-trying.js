import { setTimeout as sleep } from "node:timers/promises";
import { CallFailed } from "./call-http.js";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 2_000;

/**
 * Repeats a call to a dependency until it succeeds; queued work waits rather than being lost.
 * Gives up (undefined) when the answer is a permanent refusal or when `isStopping()` says so.
 */
export async function keepTrying(call, { log, isStopping }) {
  for (let pauseMs = FIRST_PAUSE_MS; !isStopping(); pauseMs *= 2) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof CallFailed)) throw error;
      log.warn("dependency failed", { reason: error.message, permanent: error.permanent });
      if (error.permanent) return undefined;
    }
    await sleep(Math.min(pauseMs, LONGEST_PAUSE_MS));
  }
  return undefined;
}
