import { expect, test } from "vitest";
import type { FoundHook } from "../config/index.ts";
import type { JsonRecord } from "../kernel/index.ts";
import type { Command, Effector, StepResult } from "../model/index.ts";
import { declaredHook } from "./declared-hook.ts";

const calm = new AbortController().signal;

const flush: FoundHook = {
  hook: {
    kind: "command",
    command: ["flush"],
    undo: ["unflush"],
    reversible: true,
    timeoutMs: 1000,
  },
  cwd: "/srv/shop",
  env: { SHOP_KEY: "hunter2" },
  secretEnv: ["SHOP_KEY"],
};

/** Keeps what it was told to do. */
function recorder(kind: string): { effector: Effector; told: Command[] } {
  const told: Command[] = [];
  const answer = async (command: Command): Promise<StepResult> => {
    told.push(command);
    return { kind: "done", detail: "" };
  };
  return { effector: { kind, precheck: answer, act: answer, undo: answer }, told };
}

function command(phase: Command["phase"], parameters: JsonRecord): Command {
  const step = { kind: "command", resource: "service/shop", parameters, deadlineMs: 1 } as const;
  return { id: "c", phase, action: "a", step, announced: true, afterSync: false };
}

test("what the name stands for is put in, with the environment of the service (D2)", async () => {
  const { effector, told } = recorder("command");
  const declared = declaredHook(effector, (name) =>
    name === "service/shop#commands.flush" ? flush : undefined,
  );
  for (const phase of ["precheck", "act", "undo"] as const) {
    await declared[phase]?.(command(phase, { hook: "service/shop#commands.flush" }), calm);
  }
  const meant = {
    command: ["flush"],
    undo: ["unflush"],
    timeoutMs: 1000,
    cwd: "/srv/shop",
    env: { SHOP_KEY: "hunter2" },
    secretEnv: ["SHOP_KEY"],
  };
  expect(told.map(({ step }) => step.parameters)).toEqual([meant, meant, meant]);
});

test("a hook that is gone or has become another, and what names none, is refused (D1)", async () => {
  const { effector, told } = recorder("webhook");
  const declared = declaredHook(effector, (name) => (name === "flush" ? flush : undefined));
  const ways: readonly (readonly [JsonRecord, RegExp])[] = [
    [{ hook: "gone" }, /the hook gone is not declared any more/],
    [{ hook: "flush" }, /the hook flush is a command now/],
    [{ url: "http://127.0.0.1:1/" }, /does not name a declared hook/],
    [{ hook: 7 }, /does not name a declared hook/],
  ];
  for (const [parameters, reason] of ways) {
    for (const phase of ["precheck", "act", "undo"] as const) {
      const result = await declared[phase]?.(command(phase, parameters), calm);
      const words = expect.stringMatching(reason) as string;
      expect(result).toMatchObject({ kind: "refused", reason: words });
    }
  }
  expect(told).toEqual([]);
});
