import { expect, it } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { CircuitBreakerRegistry } from "./circuit-breaker-registry.ts";

it("a circuit tells when it is asked again while it is open, and only then", async () => {
  const tools = new ManualTools();
  const circuit = new CircuitBreakerRegistry({ tools }).getOrCreate("db", { successThreshold: 2 });
  const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
  const seen = [circuit.getState()];
  for (let time = 0; time < 5; time += 1) {
    await circuit.execute(() => Promise.reject(refused)).catch(() => undefined);
  }
  seen.push(circuit.getState());
  await tools.advance(60_000);
  await circuit.execute(() => "ok");
  seen.push(circuit.getState());
  await circuit.execute(() => "ok");
  seen.push(circuit.getState());
  expect(seen.map(({ state, nextRetryTime }) => [state, nextRetryTime])).toEqual([
    ["closed", null],
    ["open", 1_700_000_060_000],
    ["half_open", null],
    ["closed", null],
  ]);
});
