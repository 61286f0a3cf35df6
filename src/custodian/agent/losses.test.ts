import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type RawPath, rawPathOfText } from "../../vault/index.ts";
import { type AgentWorld, agentLimits } from "./agent-world.ts";
import { type Loss, Losses } from "./losses.ts";

const path = rawPathOfText("/a");

function lossAt(foundMs: number): Loss {
  return {
    path,
    foundMs,
    tree: "t",
    isRot: false,
    snapshot: "",
    mount: "",
    expected: { kind: "fifo" } as Loss["expected"],
  };
}

test("L2: what is lost again while it is judged waits for its own verdict", () => {
  const folder = mkdtempSync(join(tmpdir(), "losses-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const losses = new Losses({ folder } as AgentWorld, agentLimits);
  const [first, second, third] = [lossAt(1), lossAt(2), lossAt(3)] as const;
  losses.add(first);
  losses.add(second);
  expect(losses.judge(path)).toBe(first);
  losses.add(third);
  losses.settle(first, "over");
  expect(losses.of(path)).toBe(third);
  expect(losses.judge(path)).toBe(third);
  losses.settle(third, undefined);
  expect(losses.waiting).toEqual([path] satisfies RawPath[]);
  losses.add(second);
  expect(losses.judge(path)).toBe(third);
  losses.settle(third, "over");
  expect(losses.waiting).toEqual([]);
});
