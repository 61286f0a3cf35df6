import { keepHeapsSmall } from "../../system/index.ts";
import type { Context, Run } from "../command.ts";
import { ToldToStop } from "../told-to-stop.ts";

/**
 * Work in a vault that Ctrl-C ends: what it holds is given back before the process ends. It goes
 * through much and keeps little.
 */
export function interruptible(
  work: (context: Context, signal: AbortSignal) => Promise<number>,
): Run {
  return async (context) => {
    keepHeapsSmall();
    using told = new ToldToStop();
    try {
      return await work(context, told.signal);
    } catch (error) {
      if (!told.isCauseOf(error)) throw error;
      context.out.progress("");
      context.out.note("Interrupted: its locks were given back, and nothing half done is named.");
      return told.exitCode;
    }
  };
}
