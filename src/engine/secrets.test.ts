/** What others have thrown or said leaves the engine without secrets, whichever way it goes. */
import { expect, test, vi } from "vitest";
import { ManualTools } from "../resilience/index.ts";
import { InfrastructureReliabilityEngine } from "./engine.ts";
import { memoryRecoveryStore } from "./recovery/index.ts";

const secret =
  "postgres://app:s3cret@db/x client_secret=s3cret DB_PASSWORD: s3cret Cookie: sid=s3cret";

test("the reason of an isolation is shown without secrets", async () => {
  const engine = new InfrastructureReliabilityEngine({}, new ManualTools());
  const heard: unknown[] = [];
  engine.on("breaker", (event) => heard.push(event));
  const it = engine.wrap("it", { ask: async () => 1 });
  engine.isolate("it.ask", `until Monday: ${secret}`);
  const error: unknown = await it.ask().catch((thrown: unknown) => thrown);
  const shown = [heard, engine.operation("it.ask"), await engine.getSystemHealth(), String(error)];
  expect(JSON.stringify(shown)).toContain("until Monday");
  expect(JSON.stringify(shown)).not.toContain("s3cret");
  await engine.close();
});

test("what a recovery has failed with is told and kept without secrets", async () => {
  const recoveries = memoryRecoveryStore();
  const engine = new InfrastructureReliabilityEngine({ recoveries });
  const heard: unknown[] = [];
  engine.on("recovery", (event) => heard.push(event));
  const base = { applicableFailureTypes: ["*"], priority: 1 };
  engine.recovery.registerStrategy({
    ...base,
    name: "throws",
    execute: () => Promise.reject(new Error(`it threw ${secret}`)),
  });
  engine.recovery.registerStrategy({
    ...base,
    name: "says",
    execute: () => Promise.resolve({ success: false, message: `it says ${secret}` }),
  });
  const { done } = engine.recovery.handleFailure({
    failureCategory: "external_dependency",
    failureType: "timeout",
    severity: "high",
    affectedService: "it",
    errorMessage: `it was ${secret}`,
    errorStack: `Error at ${secret}`,
    context: { url: secret },
    detectionMethod: "exception",
    strategies: ["throws", "says"],
  });
  const shown = JSON.stringify([await done, heard, await recoveries.read()]);
  expect(shown).toContain("it threw");
  expect(shown).toContain("it says");
  expect(shown).toContain("it was");
  expect(shown).not.toContain("s3cret");
  await engine.close();
});

test("addresses are explained by their scheme and host alone", async () => {
  vi.stubEnv("REDIS_URL", "rediss://user:s3cret@cache.example:6380/0");
  vi.stubEnv("ALERT_WEBHOOK_URL", "https://hooks.example/T000/s3cret?key=s3cret");
  const services = {
    it: { address: "http://u:s3cret@shop:1", healthCheck: "http://shop/?sig=s3cret" },
  };
  const engine = new InfrastructureReliabilityEngine({ services }, new ManualTools());
  vi.unstubAllEnvs();
  const shown = engine.explain("it").values;
  const of = (wanted: string): unknown => shown.find(({ name }) => name === wanted)?.value;
  expect(of("telemetry.redisUrl")).toBe("rediss://cache.example:6380");
  expect(of("alerts.webhookUrl")).toBe("https://hooks.example");
  expect(of("address")).toBe("http://***@shop:1");
  expect(JSON.stringify(engine.explain("it"))).not.toContain("s3cret");
  await engine.close();
});
