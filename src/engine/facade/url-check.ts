/** The health of a service by its address: any answer below 400 is well. */
import { realMonotonicMs } from "../../system/index.ts";
import type { HealthCheck } from "../health/index.ts";

export function urlCheck(url: string): HealthCheck {
  return async (signal) => {
    const begunMs = realMonotonicMs();
    const answer = await fetch(url, { signal, redirect: "manual" });
    await answer.body?.cancel();
    const metadata = { status: answer.status, elapsedMs: realMonotonicMs() - begunMs };
    const message = `${url} answered ${answer.status}`;
    return { status: answer.status < 400 ? "healthy" : "unhealthy", message, metadata };
  };
}
