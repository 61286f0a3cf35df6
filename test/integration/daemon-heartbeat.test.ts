/** A service that reports by itself: well while it does, restarted when it no longer does. */
import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { FleetBench } from "./fleet-bench.ts";

const path = (who: string): string => `/api/v1/resources/${who}/heartbeat`;

test("is healthy while its instance reports, and restarted when reports stay away", async () => {
  const health_check = { heartbeat: "1s", grace: "500ms", interval: "100ms" };
  await using bench = await FleetBench.up((made) => ({
    services: {
      lone: made.toy("lone", { health_check }),
      silent: made.toy("silent", { health_check: undefined }),
    },
  }));
  await bench.state("lone", "healthy");
  const before = await bench.pidOf("lone");
  for (let beat = 0; beat < 15; beat += 1) {
    const who = beat % 2 === 0 ? "service/lone" : "instance/lone.1";
    expect((await bench.ask("POST", path(who))).status).toBe(202);
    await pause(200);
  }
  expect(await bench.entries("failure_raised")).toEqual([]);
  expect(await bench.pidOf("lone")).toBe(before);
  for (const who of ["service/silent", "instance/lone.2", "instance/nobody.1"]) {
    expect((await bench.ask("POST", path(who))).status).toBe(404);
  }

  const { failure } = await bench.entry("failure_raised", () => true);
  expect(failure).toMatchObject({ type: "heartbeat_missed", resource: "instance/lone.1" });
  await bench.until(async () => (await bench.pidsOf("lone"))[0] !== before, "it is restarted");
});
