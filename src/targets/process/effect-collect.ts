/** After a restart: how the process before ended, and its last words. */
import { formatDuration } from "../../kernel/index.ts";
import type { Command, Effector, StepResult } from "../../model/index.ts";
import type { ProcessContext } from "./context.ts";
import { done, numberOf } from "./parameters.ts";
import { lastLines } from "./read-log.ts";
import { exitTextOf } from "./run.ts";

const lineCount = 20;

export function collectEffector(context: ProcessContext): Effector {
  return {
    kind: "collect",
    precheck: async () => done("may be collected"),
    act: (command) => collect(context, command),
  };
}

async function collect(context: ProcessContext, { step }: Command): Promise<StepResult> {
  const ended = context.table.lastEnded(step.resource);
  const offset = numberOf(step.parameters, "offset") ?? ended?.exit?.logOffset;
  if (offset === undefined) return done("no end of an earlier process is known");
  const lines = await lastLines(context.logOf(step.resource), lineCount, offset);
  const how = ended?.exit
    ? `pid ${ended.process.pid} ${exitTextOf(ended.exit)} after ${formatDuration(ended.exit.uptimeMs)}`
    : "its exit was not seen";
  const words =
    lines.length > 0
      ? `last ${lines.length === 1 ? "line" : `${lines.length} lines`} of its log:\n${lines.join("\n")}`
      : "its log is empty";
  return done(`${how}\n${words}`);
}
