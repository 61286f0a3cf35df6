/**
 * Work that may not be done twice and has never begun, as it is handed to strategies: once one of
 * them has begun it, it has begun for all of them, however that attempt ends, unless its very error
 * proves the contrary. What is under way has begun, too.
 */
import { createClassify, type Tools } from "../../resilience/index.ts";
import type { FailedOperation, FailureEvent } from "./failure.ts";

/** Whether it may be begun now; of what `onceBegun` gives this changes with every attempt. */
export function mayBegin({ idempotent, neverStarted }: FailedOperation): boolean {
  return idempotent === true || neverStarted === true;
}

export function withOnceBegun(failure: FailureEvent, tools: Tools): FailureEvent {
  const { operation } = failure;
  if (operation === undefined) return failure;
  const counted = onceBegun(operation, tools);
  return counted === operation ? failure : { ...failure, operation: counted };
}

/** The same operation, where it may be done twice or has begun already. */
export function onceBegun(operation: FailedOperation, { wallMs }: Tools): FailedOperation {
  const { idempotent, neverStarted, alternatives } = operation;
  if (idempotent === true || neverStarted !== true) return operation;
  const classify = createClassify(wallMs);
  let begun = 0;
  return {
    ...operation,
    ...(alternatives === undefined ? {} : { alternatives }),
    ...(operation.verify !== undefined && {
      verify: (signal) => operation.verify?.(signal) ?? false,
    }),
    get neverStarted() {
      return begun === 0 && operation.neverStarted === true;
    },
    async execute(attempt) {
      begun += 1;
      try {
        return await operation.execute(attempt);
      } catch (error) {
        const judgement = classify(error);
        // A refusal of a policy comes from inside of the work: what was done before it is unknown.
        if (judgement.neverStarted && judgement.category !== "rejected") begun -= 1;
        throw error;
      }
    },
  };
}
