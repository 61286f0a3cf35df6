/** What callers and listeners learn of a circuit: refusals, and switching it off. */
import { expect, onTestFinished, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine } from "../engine.ts";

const down = { charge: async (): Promise<string> => Promise.reject(new Error("down")) };

function shop() {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ service: "shop" }, tools);
  onTestFinished(() => engine.close());
  return { engine, tools };
}

test("switching the circuit off while it is open lets calls through, for good", async () => {
  const { engine } = shop();
  const options = { breaker: { failureThreshold: 1, resetTimeout: "1h" } } as const;
  await expect(engine.wrap("card", down, options).charge()).rejects.toThrow("down");
  const wrapped = engine.wrap("card", down, { breaker: false });
  const recoveries: unknown[] = [];
  engine.on("recovery_success", (event) => recoveries.push(event));
  for (let call = 0; call < 10; call += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await expect(wrapped.charge()).rejects.toThrow("down");
  }
  expect(engine.operation("card.charge")?.breaker).toBe("closed");
  expect(recoveries).toEqual([]);
});

test("nobody says when an isolated circuit is released, or when probes are back", async () => {
  const { engine, tools } = shop();
  const told: (number | undefined)[] = [];
  engine.on("rejected", ({ decision }) => told.push(decision.retryAfterMs));
  const waiting: (() => void)[] = [];
  let isDown = true;
  const target = {
    charge: async (): Promise<void> => {
      if (isDown) throw new Error("down");
      await new Promise<void>((resolve) => waiting.push(resolve));
    },
  };
  const breaker = { failureThreshold: 1, resetTimeout: "10s" };
  const wrapped = engine.wrap("card", target, { breaker, timeout: false });
  const release = engine.isolate("card.charge", "a person says so");
  const isolated = await wrapped.charge().catch((error: unknown) => error);
  expect(isolated).toMatchObject({ code: "CIRCUIT_OPEN" });
  expect(isolated).not.toHaveProperty("retryAfterMs");
  release?.();
  await wrapped.charge().catch(() => {});
  const open = await wrapped.charge().catch((error: unknown) => error);
  expect(open).toHaveProperty("retryAfterMs");
  isDown = false;
  await tools.advance(10_000);
  const probes = [wrapped.charge(), wrapped.charge()];
  const third = await wrapped.charge().catch((error: unknown) => error);
  expect(third).toMatchObject({ code: "CIRCUIT_OPEN" });
  expect(third).not.toHaveProperty("retryAfterMs");
  for (const end of waiting) end();
  await Promise.all(probes);
  expect(told).toEqual([undefined, expect.any(Number), undefined]);
});
