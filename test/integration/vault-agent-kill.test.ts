/**
 * What a kill of the agent at any moment leaves behind. `VAULT_KILLS` says how many there are.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { createRandom, integerBetween } from "../../src/kernel/index.ts";
import { isTemporaryName } from "../../src/platform/locations/temporary-name.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { restic } from "./agent-scene.ts";
import { shell } from "./heal-scene.ts";

const program = fileURLToPath(new URL("agent-program.ts", import.meta.url));
const kills = Number(process.env["VAULT_KILLS"] ?? 16);

async function startProcess(place: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [program, place], { stdio: ["ignore", "pipe", "inherit"] });
  afterwards(() => child.kill("SIGKILL"));
  let isStarted = false;
  child.stdout?.once("data", () => (isStarted = true));
  await until(() => isStarted || child.exitCode !== null, { limitMs: 100_000 });
  expect(child.exitCode).toBe(null);
  return child;
}

async function killed(child: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => void child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

test(`${kills} kills in the middle of micro-snapshots leave sound repositories`, async () => {
  const place = temporaryFolder("agent-kill");
  mkdirSync(join(place, "source", "production"), { recursive: true });
  const random = createRandom(20_261);
  for (let kill = 0; kill < kills; kill += 1) {
    const child = await startProcess(place);
    shell(`for n in 1 2 3; do echo ${kill} $n > production/$n; done`, join(place, "source"));
    // The folder is quiet after 200 ms, and its snapshot is made within some hundred.
    await pause(integerBetween(random, 190, 420));
    await killed(child);
  }
  const child = await startProcess(place);
  child.kill("SIGTERM");
  await new Promise((resolve) => void child.once("exit", resolve));
  for (const repository of ["a", "b"].map((name) => join(place, name))) {
    // The locks of the dead are gone, and so is that of the living. What a kill left half written
    // has a name that no reader takes for a lock, and is swept when it is old.
    const locks = readdirSync(join(repository, "locks"));
    expect(locks.filter((name) => !isTemporaryName(name))).toEqual([]);
    expect(restic(repository, ["check", "--read-data"])).toContain("no errors were found");
    const path = join(place, "source", "production", "3");
    expect(restic(repository, ["dump", "latest", path])).toBe(`${kills - 1} 3\n`);
  }
}, 900_000);
