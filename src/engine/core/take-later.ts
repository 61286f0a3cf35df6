/** Results that are neither values nor plain promises: lazy thenables, iterators, streams. */
import type { Call } from "./call.ts";
import type { OperationCore } from "./operation-core.ts";

export function takeLater(operation: OperationCore, call: Call, result: object): unknown {
  operation.workFulfilled(call, result);
  return result;
}
