/** What runs out is foreseen: also where nobody declared how much there is. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { FleetBench } from "./fleet-bench.ts";

/** Opens ten files a second, and closes none; ends when the folder of the test is gone. */
const leaking = `
import { existsSync, openSync } from "node:fs";
setInterval(() => existsSync("leak.mjs") ? openSync("/dev/null") : process.exit(0), 100);
`;

test("a service without limits that leaks descriptors is restarted before the kernel refuses it one", async () => {
  await using bench = new FleetBench();
  writeFileSync(join(bench.folder, "leak.mjs"), leaking);
  const command = ["/bin/sh", "-c", `ulimit -n 300; exec ${process.execPath} leak.mjs`];
  bench.declare({ services: { leaky: { command, cwd: bench.folder } } });
  await bench.start();
  const minuteMs = 60_000;
  await bench.until(
    async () => (await bench.entries("failure_raised")).length > 0,
    "the leak is seen",
    2 * minuteMs,
  );
  const [raised] = await bench.entries("failure_raised");
  expect(raised?.failure).toMatchObject({
    type: "descriptor_exhaustion",
    resource: "instance/leaky.1",
    reason: expect.stringMatching(
      /^descriptors is at \d+ % of its limit and reaches it in/,
    ) as unknown,
  });
  await bench.entry("action", ({ action: { plan, status } }) => {
    return plan.strategy === "restart" && status.kind === "succeeded";
  });
  // It was never refused one: it would have ended by that.
  const exits = await bench.entries("process_exited");
  expect(exits.map(({ exit }) => exit.expected)).toEqual([true]);
});
