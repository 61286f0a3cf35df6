/**
 * What an agent does that nobody waits for may fail, and the agent goes on: a rejection that nobody
 * hears is an error of this test run, and the end of a process.
 */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Appointment } from "../../src/custodian/agent/appointment.ts";
import { readGitState } from "../../src/platform/heal-facts/git-state.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { begin } from "./begun-agent.ts";

test("T4: an appointment whose work throws is told, and kept the next time", async () => {
  const reasons: string[] = [];
  let calls = 0;
  const appointment = new Appointment({
    schedule: { kind: "every", everyMs: 1 },
    lastMs: 0,
    restMs: 1,
    onFailure: (reason) => reasons.push(reason),
    work: () => {
      calls += 1;
      if (calls === 1) return Promise.reject(new Error("too few locations"));
      return Promise.resolve(true);
    },
  });
  afterwards(() => appointment[Symbol.asyncDispose]());
  await until(() => calls >= 3);
  expect(reasons).toEqual(["too few locations"]);
});

test("C4: what a check cannot write down is told, and the next part is read", async () => {
  const limits = { checkPauseMs: 1, checkWithinMs: 1, checkBytesPerSecond: 1 << 30 };
  const { agent, scene } = await begin({ "plain/a": "content" }, { limits });
  const notes = join(scene.world.folder, "checks.json");
  rmSync(notes, { force: true });
  mkdirSync(join(notes, "in the way"), { recursive: true });
  await until(() => agent.state.checks.reason !== "", { seen: () => agent.state.checks });
  const { readBytes } = agent.state.checks;
  await until(() => agent.state.checks.readBytes > readBytes);
  rmSync(notes, { recursive: true });
  await until(() => agent.state.checks.reason === "", { seen: () => agent.state.checks });
});

test("what the healer cannot write down is told, and the next loss is judged", async () => {
  let isInTheWay = false;
  const notes = (): string => join(folder, "losses.json");
  const record = (kind: string): Promise<void> => {
    if (kind === "healed" && !isInTheWay) {
      isInTheWay = true;
      rmSync(notes());
      mkdirSync(notes());
    }
    return Promise.resolve();
  };
  const files = { "evidence/a": "content", "evidence/b": "content" };
  const { agent, scene } = await begin(files, { world: { record } });
  const { folder } = scene.world;
  rmSync(join(scene.source, "evidence", "a"));
  await until(() => agent.state.trouble.includes("losses.json"), { seen: () => agent.state });
  rmdirSync(notes());
  rmSync(join(scene.source, "evidence", "b"));
  await until(() => agent.state.outcomes.length === 2, { seen: () => agent.state });
  expect(agent.state.outcomes.map(({ kind }) => kind)).toEqual(["asked", "asked"]);
});

test("a repository whose log cannot be read is none that is known", async () => {
  const folder = temporaryFolder("git-log");
  execFileSync("git", ["init", "-q", folder]);
  expect(await readGitState(folder)).toMatchObject({ mark: { logBytes: 0 } });
  mkdirSync(join(folder, ".git", "logs"), { recursive: true });
  writeFileSync(join(folder, "a"), "a");
  symlinkSync("HEAD", join(folder, ".git", "logs", "HEAD"));
  expect(await readGitState(folder)).toBeUndefined();
});
