/** One try of one strategy: done, held against evidence, taken back, and never without end. */
import { messageOf } from "../../kernel/index.ts";
import type { Tools } from "../../resilience/index.ts";
import { redact } from "../redact.ts";
import type { FailureEvent } from "./failure.ts";
import type { RecoveryContext, RecoveryResult, RecoveryStrategy } from "./recovery-strategy.ts";

export interface Tried {
  readonly isHealed: boolean;
  readonly reason: string;
  readonly value?: unknown;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
}

/** Does it, and looks for evidence that it has helped. */
export async function executed(
  strategy: RecoveryStrategy,
  failure: FailureEvent,
  context: RecoveryContext,
): Promise<Tried> {
  const result = await strategy.execute(failure, context);
  const { success, metadata, value } = result;
  const message = redact(messageOf(result.message));
  if (!success) return { isHealed: false, reason: message, metadata };
  const evidence = await evidenceOf(strategy, failure, { result, context });
  if (evidence === true) return { isHealed: true, reason: message, metadata, value };
  return { isHealed: false, reason: `${message}, but ${evidence}`, metadata };
}

/** True, or what is missing. */
async function evidenceOf(
  strategy: RecoveryStrategy,
  failure: FailureEvent,
  { result, context }: { readonly result: RecoveryResult; readonly context: RecoveryContext },
): Promise<true | string> {
  const { operation } = failure;
  try {
    if (operation?.verify !== undefined) {
      const isWell: unknown = await operation.verify(context.signal);
      return isWell === true || "it is not well yet";
    }
    if (strategy.verify !== undefined) {
      const isWell: unknown = await strategy.verify(failure, context);
      return isWell === true || "it is not well yet";
    }
  } catch (error) {
    return `whether it is well could not be told: ${redact(messageOf(error))}`;
  }
  return result.isProof === true || "nothing proves that it is well";
}

/** Undefined: there is nothing to take back. */
export async function takenBack(
  strategy: RecoveryStrategy,
  failure: FailureEvent,
  context: RecoveryContext,
): Promise<Tried | undefined> {
  if (strategy.undo === undefined) return undefined;
  await strategy.undo(failure, context);
  return { isHealed: true, reason: "it was taken back" };
}

/** What `work` comes to, or that it threw, or took too long: then its signal is aborted. */
export async function within<T extends Tried | undefined>(
  deadlineMs: number,
  tools: Tools,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | Tried> {
  const controller = new AbortController();
  let cancel = (): void => {};
  const late = new Promise<Tried>((resolve) => {
    cancel = tools.timers.after(deadlineMs, () => {
      const reason = `it did not end within ${deadlineMs} ms`;
      resolve({ isHealed: false, reason });
      controller.abort(new Error(reason));
    });
  });
  try {
    return await Promise.race([work(controller.signal), late]);
  } catch (error) {
    return { isHealed: false, reason: redact(messageOf(error)) };
  } finally {
    cancel();
  }
}
