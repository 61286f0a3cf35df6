/** The health of a service by its address: any answer below 400 is well. */
import { realMonotonicMs } from "../../system/index.ts";
import type { HealthCheck } from "../health/index.ts";
import { redactAddress } from "../redact-address.ts";

/** Credentials in the address are sent as Basic authorization: `fetch` itself refuses them. */
export function urlCheck(url: string): HealthCheck {
  const shown = redactAddress(url);
  return async (signal) => {
    const begunMs = realMonotonicMs();
    const { address, headers } = requestFor(url);
    const answer = await fetch(address, { signal, redirect: "manual", headers });
    await answer.body?.cancel();
    const metadata = { status: answer.status, elapsedMs: realMonotonicMs() - begunMs };
    const message = `${shown} answered ${answer.status}`;
    return { status: answer.status < 400 ? "healthy" : "unhealthy", message, metadata };
  };
}

function requestFor(url: string): { address: URL; headers: Record<string, string> } {
  const address = new URL(url);
  const { username, password } = address;
  if (username === "" && password === "") return { address, headers: {} };
  address.username = "";
  address.password = "";
  const credentials = Buffer.from(`${decoded(username)}:${decoded(password)}`).toString("base64");
  return { address, headers: { authorization: `Basic ${credentials}` } };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A single percent sign is one.
    return text;
  }
}
