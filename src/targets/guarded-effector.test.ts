import { expect, test } from "vitest";
import { z } from "zod";
import type { Command, StepResult } from "../model/index.ts";
import { type Deed, guardedEffector } from "./guarded-effector.ts";

const parameters = z.object({ secret: z.number() });

function guarded(act: Deed<{ secret: number }>) {
  const precheck = async (): Promise<StepResult> => ({ kind: "done", detail: "" });
  return guardedEffector({ kind: "odd", parameters, precheck, act });
}

function command(given: Command["step"]["parameters"]): Command {
  const step = { kind: "odd", resource: "service/a", parameters: given, deadlineMs: 1 } as const;
  return { id: "1", phase: "act", action: "1", step, announced: true, afterSync: false };
}

const calm = new AbortController().signal;

test("parameters that do not fit are refused by key, without their values (G1)", async () => {
  const effector = guarded(async () => ({ kind: "done", detail: "did it" }));
  const result = await effector.act(command({ secret: "hunter2" }), calm);
  expect(result).toMatchObject({ kind: "refused" });
  expect(JSON.stringify(result)).toMatch(/secret: .*number/);
  expect(JSON.stringify(result)).not.toContain("hunter2");
});

test("what is thrown becomes failed (G2)", async () => {
  const effector = guarded(() => Promise.reject(new Error("the disk is gone")));
  expect(await effector.act(command({ secret: 1 }), calm)).toEqual({
    kind: "failed",
    reason: "the disk is gone",
  });
  const sudden = guarded(() => {
    throw new Error("at once");
  });
  expect(await sudden.act(command({ secret: 1 }), calm)).toEqual({
    kind: "failed",
    reason: "at once",
  });
});

test("a deed that never ends is given up after its deadline (G3)", async () => {
  const controller = new AbortController();
  const effector = guarded(() => new Promise(() => {}));
  const result = effector.act(command({ secret: 1 }), controller.signal);
  controller.abort();
  expect(await result).toMatchObject({ kind: "failed" });
});
