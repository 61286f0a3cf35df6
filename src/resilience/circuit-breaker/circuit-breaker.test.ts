import { expect, it } from "vitest";
import type { Decision } from "../decision.ts";
import { CallTimeoutError, CircuitBreakerError } from "../errors.ts";
import { ManualTools, outcome } from "../manual-tools.ts";
import { CircuitBreaker, type CircuitBreakerOptions } from "./circuit-breaker.ts";

const fault = Object.assign(new Error("broken"), { status: 500 });

function failing(error: unknown) {
  return async (): Promise<never> => {
    throw error as Error;
  };
}

function rig(options: CircuitBreakerOptions = {}) {
  const tools = new ManualTools();
  const circuit = new CircuitBreaker({ name: "db", ...options }, tools);
  const decisions: Decision[] = [];
  circuit.on(({ decision }) => decisions.push(decision));
  const fail = async (error: unknown, times = 1): Promise<void> => {
    for (let call = 0; call < times; call += 1) {
      outcome(circuit.execute(failing(error)));
      await tools.settle();
    }
  };
  return { tools, circuit, decisions, fail };
}

it("opens after five faults, refuses without calling, and tells when and why", async () => {
  const { tools, circuit, decisions, fail } = rig();
  await fail(fault, 5);
  expect(circuit.phase).toBe("open");
  let isCalled = false;
  const found = outcome(
    circuit.execute(() => {
      isCalled = true;
    }),
  );
  await tools.settle();
  expect(isCalled).toBe(false);
  expect(found.error).toBeInstanceOf(CircuitBreakerError);
  expect(found.error).toMatchObject({ retryAfterMs: 60_000, cause: fault, operation: "db" });
  expect(decisions).toMatchObject([
    { kind: "breaker", from: "closed", to: "open", openForMs: 60_000 },
    { kind: "rejected", by: "breaker", retryAfterMs: 60_000 },
  ]);
});

it("two good probes close it", async () => {
  const { tools, circuit, fail } = rig();
  await fail(fault, 5);
  await tools.advance(60_000);
  expect(await circuit.execute(() => 1)).toBe(1);
  expect(circuit.phase).toBe("half_open");
  expect(await circuit.execute(() => 2)).toBe(2);
  expect(circuit.phase).toBe("closed");
});

it("one probe that fails opens it again, also after one that was good", async () => {
  const { tools, circuit, fail } = rig();
  await fail(fault, 5);
  await tools.advance(60_000);
  expect(await circuit.execute(() => 1)).toBe(1);
  await fail(fault, 1);
  expect(circuit.phase).toBe("open");
  await expect(circuit.execute(() => 2)).rejects.toMatchObject({ code: "CIRCUIT_OPEN" });
});

it("mistakes of callers and cancelled calls are no votes", async () => {
  const { tools, circuit, fail } = rig();
  await fail(new TypeError("x"), 20);
  const caller = new AbortController();
  for (let call = 0; call < 20; call += 1) {
    outcome(circuit.execute(() => new Promise(() => undefined), { signal: caller.signal }));
  }
  await tools.settle();
  caller.abort(fault);
  await tools.settle();
  expect(circuit.phase).toBe("closed");
});

it("a call that takes longer than 30 seconds is a fault and not awaited", async () => {
  const { tools, circuit } = rig({ failureThreshold: 1 });
  const found = outcome(circuit.execute(() => new Promise(() => undefined)));
  await tools.advance(30_000);
  expect(found.error).toBeInstanceOf(CallTimeoutError);
  expect(circuit.phase).toBe("open");
});

// cockatiel 4: reads the clock only where a listener is attached when the call begins.
it("slow calls open it, with nobody listening", async () => {
  const tools = new ManualTools();
  const options = { slowCallRate: 0.5, slowCallMs: 100, minimumCalls: 4 };
  const circuit = new CircuitBreaker(options, tools);
  for (const forMs of [10, 150, 10, 150]) {
    outcome(circuit.execute(() => new Promise<void>((done) => tools.timers.after(forMs, done))));
    await tools.advance(forMs);
  }
  expect(circuit.phase).toBe("open");
});

it("by hand: isolated, opened, closed", async () => {
  const { tools, circuit } = rig({ timeoutMs: Number.POSITIVE_INFINITY });
  const release = circuit.isolate();
  const isolated = outcome(circuit.execute(() => 1));
  await tools.settle();
  expect(isolated.error).toMatchObject({ code: "CIRCUIT_OPEN" });
  expect(isolated.error).not.toHaveProperty("retryAfterMs");
  release();
  expect(await circuit.execute(() => 1)).toBe(1);
  circuit.open(500);
  const open = outcome(circuit.execute(() => 1));
  await tools.settle();
  expect(open.error).toMatchObject({ retryAfterMs: 500 });
  circuit.close();
  expect(await circuit.execute(() => 1)).toBe(1);
});
