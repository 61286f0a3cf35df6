/** Commands about a service that ends: because its work is done, or because it cannot run. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { ServiceView } from "../../src/loop/index.ts";
import { CliBench } from "./cli-bench.ts";

let bench: CliBench;

beforeEach(async () => {
  bench = await CliBench.open();
  const command = ["/bin/sh", "-c", "sleep 0.3; exit $(cat code)"];
  // It is never healthy: only its end is what is waited for.
  const job = { command, restart: "never", health_check: { tcp: await freePort() } };
  await bench.write("code", "0");
  await bench.write(
    "soulmirror.yaml",
    JSON.stringify({ api: await freePort(), services: { job } }),
  );
  await bench.run("up");
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

it("says so at once when what was asked for is given up", async () => {
  const mad = { command: ["/bin/sh", "-c", "exit 7"] };
  const fleet = { api: await freePort(), budgets: { crashes: 2 }, services: { mad } };
  await bench.run("down");
  await bench.write("soulmirror.yaml", JSON.stringify(fleet));
  await bench.run("up");
  for (const _ of ["from quarantine", "and again"]) {
    const { code, err } = await bench.run("start", "mad");
    expect([code, err]).toEqual([1, expect.stringContaining("mad.1 is in quarantine: ") as string]);
    expect(err).not.toContain("quarantine for");
  }
});

describe("a job that is asked for", () => {
  it("is done when it has ended, and not when the one before it had", async () => {
    const first = (await bench.json("start", "job")) as { instances: ServiceView["instances"] };
    expect(first).toMatchObject({ instances: [{ state: "stopped", exitCode: 0, pid: null }] });
    const second = (await bench.json("start", "job")) as typeof first;
    expect(second).toMatchObject({ instances: [{ state: "stopped", exitCode: 0, pid: null }] });
    expect(second.instances[0]?.endedAt).not.toBe(first.instances[0]?.endedAt);
    const { code, out } = await bench.run("restart", "job");
    expect([code, out]).toEqual([0, expect.stringMatching(/^job +■ stopped .* \(code 0\)\n$/)]);
  });

  it("says so at once when it has failed", async () => {
    await bench.write("code", "3");
    const { code, out, err } = await bench.run("start", "job");
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain(
      "soulmirror: job.1 has ended with code 3\n  fix: `soulmirror logs job.1`",
    );
  });
});
