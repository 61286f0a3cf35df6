/**
 * Before the effectors of commands and webhooks: a plan names a declared hook, and what the name
 * stands for is put in when it is carried out, from the fleet of that moment.
 *
 * D1. A step that names no hook, or one that is not declared any more, is refused: nothing runs
 *     that is not in the fleet file, whatever the journal says.
 * D2. A command gets the declared environment of its service.
 * D3. Nothing that the name stands for is in the result, and so in the journal, but what the
 *     effector itself reports.
 */
import { z } from "zod";
import type { FoundHook } from "../config/index.ts";
import type { JsonRecord } from "../kernel/index.ts";
import type { AbortSignalLike, Command, Effector, StepResult } from "../model/index.ts";

/** Undefined: there is no such hook (any more). */
export type HookOf = (reference: string) => FoundHook | undefined;

const parameters = z.object({ hook: z.string() });

export function declaredHook(effector: Effector, hookOf: HookOf): Effector {
  const through =
    (phase: "precheck" | "act" | "undo") =>
    async (command: Command, signal: AbortSignalLike): Promise<StepResult> => {
      const given = lookUp(command, effector.kind, hookOf);
      if ("kind" in given) return given;
      const deed = effector[phase];
      if (deed === undefined) return { kind: "refused", reason: "it cannot be taken back" };
      return deed({ ...command, step: { ...command.step, parameters: given.meant } }, signal);
    };
  return {
    kind: effector.kind,
    precheck: through("precheck"),
    act: through("act"),
    ...(effector.undo === undefined ? {} : { undo: through("undo") }),
  };
}

type Refusal = Extract<StepResult, { kind: "refused" }>;

/** Keeps D1. */
function lookUp(
  { step }: Command,
  kind: string,
  hookOf: HookOf,
): Refusal | { readonly meant: JsonRecord } {
  const parsed = parameters.safeParse(step.parameters);
  if (!parsed.success) return refusal(`this ${kind} does not name a declared hook`);
  const found = hookOf(parsed.data.hook);
  if (found === undefined) return refusal(`the hook ${parsed.data.hook} is not declared any more`);
  if (found.hook.kind !== kind) {
    return refusal(`the hook ${parsed.data.hook} is a ${found.hook.kind} now`);
  }
  return { meant: meantBy(found) };
}

function refusal(reason: string): Refusal {
  return { kind: "refused", reason };
}

function meantBy({ hook, cwd, env, secretEnv }: FoundHook): JsonRecord {
  const { kind: _kind, reversible: _reversible, ...rest } = hook;
  if (hook.kind === "webhook") return rest;
  return { ...rest, ...(cwd === undefined ? {} : { cwd }), env, secretEnv };
}
