import { expect, test } from "vitest";
import { listProcesses, type ProcessStat, processIdentity } from "../../system/index.ts";
import { membersOf } from "./members.ts";
import type { Run } from "./run.ts";

/** Some process of this machine that leads a group; it is only looked at. */
function someLeader(): ProcessStat {
  const leader = listProcesses().find(({ pid, group, state }) => pid === group && state !== "Z");
  if (!leader) throw new Error("no process here leads a group");
  return leader;
}

function runOf(leader: ProcessStat, changes: Partial<Run["process"]>): Run {
  const identity = processIdentity(leader.pid);
  if (!identity) throw new Error("it ended");
  return {
    resource: "instance/shop.1",
    service: "shop",
    number: 1,
    process: { ...identity, ...changes },
    specHash: "spec",
    startedAt: 0,
    startedMs: 0,
    isAdopted: true,
    cgroups: [],
    isInCgroups: false,
    role: "current",
    isStopping: false,
  };
}

test("a group has its leader, and strangers under a number that was given away are not in it", () => {
  const leader = someLeader();
  const pids = (changes: Partial<Run["process"]>): readonly number[] =>
    membersOf(runOf(leader, changes)).map(({ pid }) => pid);
  expect(pids({})).toContain(leader.pid);
  expect(pids({ startTicks: leader.startTicks - 1 })).toEqual([]);
  expect(pids({ bootId: "earlier" })).toEqual([]);
});
