/** Limits that the fleet file declares for everything: what is told when they are passed. */
import { expect, test } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import { FleetBench, type FleetText } from "./fleet-bench.ts";

/** On a busy machine an answer may take up to four times as long as declared. */
function shop(port: number, thresholds: FleetText, more: FleetText = {}): Promise<FleetBench> {
  return FleetBench.up((made) => ({
    detection: { watch: "600ms", verify_deadline: "6s", correlate: "5s", thresholds },
    services: {
      shop: made.toy("shop", {
        listen: port,
        health_check: { http: "/health", timeout: "2s" },
        ...more,
      }),
    },
  }));
}

test("requests that fail more often than declared are told, with the service and the share", async () => {
  const port = await freePort();
  await using bench = await shop(port, { error_rate: 0.05 }, { timeout: "300ms" });
  const ask = async (ms: number): Promise<number> => {
    const answer = await fetch(`http://127.0.0.1:${port}/?ms=${ms}`, { method: "POST" });
    await answer.text();
    return answer.status;
  };
  // What was asked before the first look at the counters is not counted: more than once, then.
  for (let round = 0; round < 3; round += 1) {
    for (let count = 0; count < 60; count += 1) expect(await ask(0)).toBe(200);
    // No answer in time, while the looks are all well.
    const late = await Promise.all(Array.from({ length: 20 }, () => ask(3000)));
    expect(Math.min(...late)).toBeGreaterThanOrEqual(500);
  }
  const { failure } = await bench.entry("failure_raised", (each) => {
    return each.failure.type === "threshold_exceeded";
  });
  expect(failure).toMatchObject({ type: "threshold_exceeded", resource: "proxy/front" });
  expect(failure.reason).toMatch(
    /^shop: \d+ of \d+ requests failed within \d+ s \([\d.]+ %\); declared are 5 %$/,
  );
});

test("answers that take longer than declared are told", async () => {
  await using bench = await shop(await freePort(), { response_time: "150ms" });
  bench.tell("shop", "health", "after 700");
  const { failure } = await bench.entry("failure_raised", () => true);
  expect(failure).toMatchObject({ type: "slow", severity: "medium", detector: "latency" });
  bench.tell("shop", "health", undefined);
  await bench.settled();
});

const scalable = { scale: { max: 2 }, recovery_strategy: ["scale", "escalate"] };

async function scaled(bench: FleetBench, kind: "succeeded" | "rolled_back"): Promise<void> {
  await bench.entry("action", ({ action: { plan, status } }) => {
    return plan.strategy === "scale" && status.kind === kind;
  });
}

test("a slow service gets one more instance, which stays when that was it", async () => {
  await using bench = await shop(await freePort(), { response_time: "150ms" }, scalable);
  bench.tell("shop", "health", "after 700");
  // One more takes its share: from then on both are quick enough.
  await bench.entry("process_started", ({ run }) => run.resource === "instance/shop.2");
  bench.tell("shop", "health", undefined);
  await scaled(bench, "succeeded");
  await bench.settled();
  expect((await bench.service("shop")).instances).toMatchObject([
    { number: 1, state: "healthy" },
    { number: 2, state: "healthy" },
  ]);
});

test("an instance that did not help is taken away again", async () => {
  await using bench = await shop(await freePort(), { response_time: "150ms" }, scalable);
  bench.tell("shop", "health", "after 700");
  await scaled(bench, "rolled_back");
  await bench.until(async () => {
    const { instances } = await bench.service("shop");
    return instances.length === 1 && instances[0]?.number === 1;
  }, "the first instance alone");
});
