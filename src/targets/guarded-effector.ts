/**
 * What every effector of a declared remedy shares: its parameters are checked against their
 * schema, and it always answers.
 *
 * G1. Parameters that do not fit are refused, with the key, and nothing is done.
 * G2. Nothing rejects: what was thrown inside becomes `failed`.
 * G3. Every call settles soon after its deadline, also when the world never answers (a file
 *     server that is away holds its callers for ever, and nothing can cancel them).
 */
import type { z } from "zod";
import { messageOf } from "../kernel/index.ts";
import type { AbortSignalLike, Command, Effector, StepResult } from "../model/index.ts";

export interface EffectorParts<Parameters> {
  readonly kind: string;
  readonly parameters: z.ZodType<Parameters>;
  readonly precheck: Deed<Parameters>;
  readonly act: Deed<Parameters>;
  readonly undo?: Deed<Parameters>;
}

export type Deed<Parameters> = (
  parameters: Parameters,
  command: Command,
  signal: AbortSignalLike,
) => Promise<StepResult>;

/** The loop gives a command up two seconds after its deadline; an answer of ours says more. */
const settleAfterAbortMs = 1000;

export function guardedEffector<Parameters>(parts: EffectorParts<Parameters>): Effector {
  const guard =
    (deed: Deed<Parameters>) =>
    async (command: Command, signal: AbortSignalLike): Promise<StepResult> => {
      const parsed = parts.parameters.safeParse(command.step.parameters);
      if (!parsed.success) return { kind: "refused", reason: misfit(parts.kind, parsed.error) };
      if (signal.aborted) return { kind: "failed", reason: "its deadline had passed already" };
      return settled(() => deed(parsed.data, command, signal), signal);
    };
  return {
    kind: parts.kind,
    precheck: guard(parts.precheck),
    act: guard(parts.act),
    ...(parts.undo === undefined ? {} : { undo: guard(parts.undo) }),
  };
}

/** Keeps G2 and G3. */
function settled(deed: () => Promise<StepResult>, signal: AbortSignalLike): Promise<StepResult> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (result: StepResult): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abandon);
      resolve(result);
    };
    const abandon = (): void => {
      const reason = "it did not end after its deadline, and may still be going on";
      timer = setTimeout(() => settle({ kind: "failed", reason }), settleAfterAbortMs);
    };
    signal.addEventListener("abort", abandon, { once: true });
    const failed = (error: unknown): void => settle({ kind: "failed", reason: messageOf(error) });
    // Catches also what is thrown before a promise is made.
    const attempt = async (): Promise<StepResult> => deed();
    attempt().then(settle, failed);
  });
}

/** Names the keys, never the values: they may be secrets. */
function misfit(kind: string, error: z.ZodError): string {
  const issues = error.issues.map((issue) => `${issue.path.join(".") || "it"}: ${issue.message}`);
  return `the parameters of this ${kind} do not fit: ${issues.join("; ")}`;
}
