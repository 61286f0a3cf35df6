/** Small things that the tests of providers share. */
import { expect } from "vitest";
import { freePort } from "../../../bench/rig/free-ports.ts";
import type { Decided } from "../../../src/resilience/index.ts";
import type { ProviderServer } from "./provider-server.ts";

/** Short, for what never comes; long enough for what comes from a busy machine. */
export const shortLimits = { timeoutMs: 700, firstChunkMs: 700, betweenChunksMs: 700 } as const;

/** Collects failovers as one reads them: `llm:a -> llm:b: timeout`. */
export function listen(subject: { on(witness: (decided: Decided) => void): unknown }): string[] {
  const told: string[] = [];
  subject.on(({ decision }) => {
    if (decision.kind !== "failover") return;
    told.push(`${decision.from} -> ${decision.to ?? "nobody"}: ${decision.category}`);
  });
  return told;
}

/** Nobody holds a connection to that provider for a request that is over. */
export async function nothingOpenAt(...providers: readonly ProviderServer[]): Promise<void> {
  for (const { asked } of providers) {
    await expect.poll(() => asked.filter(({ state }) => state === "open"), poll).toEqual([]);
  }
}

export async function cutAt(provider: ProviderServer): Promise<void> {
  await expect.poll(() => provider.asked.map(({ state }) => state), poll).toEqual(["cut"]);
}

const poll = { timeout: 10_000, interval: 10 };

/** What was thrown; an answer is a mistake of the test's subject. */
export async function errorOf(work: PromiseLike<unknown>): Promise<unknown> {
  try {
    await work;
  } catch (error) {
    return error;
  }
  throw new Error("it answered");
}

/** Of a port at which nobody listens: refused at once. */
export async function closedAddress(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}/v1`;
}
/** A name that no server knows: `.invalid` is kept free for that. */
export const noSuchHost = "http://nowhere.invalid/v1";
