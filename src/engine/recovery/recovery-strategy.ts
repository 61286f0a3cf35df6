/**
 * A way to heal. It is tried when it names the type of the failure, lower `priority` first.
 *
 * R1. `execute` does something real, once, and says what; it may reject, and that is a failure.
 * R2. It ends when `context.signal` is aborted; what it does afterwards nobody hears.
 * R3. `undo` takes back what `execute` has done, wholly or in part; it is called when the failure
 *     is not healed, and must bear being called after an `execute` that was cut off.
 */
import type { Tools } from "../../resilience/index.ts";
import type { FailureEvent } from "./failure.ts";

export interface RecoveryContext {
  readonly signal: AbortSignal;
  readonly tools: Tools;
}

export interface RecoveryResult {
  readonly success: boolean;
  /** One sentence. */
  readonly message: string;
  /** The failed operation itself has just succeeded: that is evidence enough. */
  readonly isProof?: boolean;
  /** What the operation returned this time. */
  readonly value?: unknown;
  readonly metadata?: Readonly<Record<string, unknown>>;
}

export interface RecoveryStrategy {
  readonly name: string;
  /** `*` stands for all. */
  readonly applicableFailureTypes: readonly string[];
  /** Lower is tried earlier. */
  readonly priority: number;
  /** `retry`, `failover`, `restart`, ... Default: its name. */
  readonly actionType?: string;
  execute(
    failure: FailureEvent,
    context: RecoveryContext,
  ): RecoveryResult | PromiseLike<RecoveryResult>;
  undo?(failure: FailureEvent, context: RecoveryContext): unknown;
  /** Fresh evidence, where the failure brings none of its own. */
  verify?(failure: FailureEvent, context: RecoveryContext): boolean | PromiseLike<boolean>;
}
