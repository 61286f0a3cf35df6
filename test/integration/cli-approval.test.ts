/** What waits for a person, from the headline of `status` to what `show` says of it afterwards. */
import { afterEach, beforeEach, expect, it } from "vitest";
import { freePort } from "../../bench/rig/free-ports.ts";
import type { FleetReport } from "../../src/cli/fleet-report.ts";
import { CliBench } from "./cli-bench.ts";

let bench: CliBench;

beforeEach(async () => {
  bench = await CliBench.open();
  const commands = { mend: `touch ${bench.path("flag")}` };
  const look = { path: bench.path("flag"), interval: "200ms" };
  const flag = { ...look, commands, recovery_strategy: ["command:mend"] };
  const fleet = { api: await freePort(), services: {}, resources: { "files/flag": flag } };
  await bench.write("soulmirror.yaml", JSON.stringify(fleet));
});

afterEach(async () => {
  await bench[Symbol.asyncDispose]();
});

async function waiting(): Promise<string> {
  const find = async (): Promise<string | undefined> => {
    const { actions } = (await bench.json("status")) as FleetReport;
    return actions.find(({ state }) => state === "waiting_for_approval")?.id;
  };
  await expect.poll(find, { timeout: 20_000 }).toBeDefined();
  return (await find()) ?? "";
}

it("says who was asked when, who answered when, and how to answer", async () => {
  await bench.run("up");
  const id = await waiting();
  const { out } = await bench.run("status");
  expect(out.split("\n")[1]).toBe(`1 action waits for approval: soulmirror approve ${id}`);
  expect(out).toContain(`\n  soulmirror dismiss ${id}\n`);
  expect(await bench.run("approve", id)).toMatchObject({ code: 0 });
  const shown = async (): Promise<string> => (await bench.run("show", id)).out;
  const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d`;
  const told = new RegExp(`^asked ${time}, approved ${time} by token$`, "m");
  await expect.poll(shown, { timeout: 20_000 }).toMatch(told);
});
