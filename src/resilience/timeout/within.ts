/**
 * Waits for work only so long, and only while its caller does.
 *
 * T1. It settles once: with the work's own end, with the error of the timeout, or with the reason
 *     of the caller, whichever comes first. A caller who gives up is never told of a timeout.
 * T2. Work that nobody waits for any more has its signal aborted; its end is swallowed, and shown.
 * T3. Work that ended in time never sees its signal aborted by us, and leaves no timer behind.
 */
import { begin, type OpenAttempt, onAbort } from "../attempt.ts";
import { harmless } from "../harmless.ts";
import type { Work } from "../policy.ts";
import type { Tools } from "../tools.ts";

/** The end of work that nobody waited for any more. */
export interface Late {
  /** Since it was begun. */
  readonly elapsedMs: number;
  /** Why nobody waited. */
  readonly because: "timeout" | "cancelled";
  readonly outcome: LateOutcome;
}

export type LateOutcome =
  | { readonly kind: "answered"; readonly value: unknown }
  | { readonly kind: "failed"; readonly error: unknown };

export interface Patience {
  readonly attempt: OpenAttempt;
  readonly tools: Tools;
  readonly timeoutMs: number;
  readonly caller: AbortSignal | undefined;
  /** Says what the caller gets. */
  readonly onTimeout: (elapsedMs: number) => Error;
  readonly onLate?: ((late: Late) => unknown) | undefined;
}

export function within<T>(work: Work<T>, patience: Patience): Promise<T> {
  const { attempt, tools, caller, onLate } = patience;
  return new Promise<T>((resolve, reject) => {
    const beganMs = tools.monotonicMs();
    let left: Late["because"] | undefined;
    const leave = (because: Late["because"], reason: Error): void => {
      if (left !== undefined) return;
      left = because;
      release();
      reject(reason);
      attempt.giveUp(reason);
    };
    const cancel = tools.timers.after(patience.timeoutMs, () =>
      leave("timeout", patience.onTimeout(tools.monotonicMs() - beganMs)),
    );
    const forget = onAbort(caller, (reason) => leave("cancelled", reason));
    const release = (): void => {
      cancel();
      forget();
    };
    const ended = (outcome: LateOutcome): boolean => {
      if (left === undefined) {
        release();
        return true;
      }
      const late: Late = { elapsedMs: tools.monotonicMs() - beganMs, because: left, outcome };
      if (onLate !== undefined) harmless(() => onLate(late));
      return false;
    };
    begin(work, attempt).then(
      (value) => ended({ kind: "answered", value }) && resolve(value),
      (error: unknown) => ended({ kind: "failed", error }) && reject(error as Error),
    );
  });
}
