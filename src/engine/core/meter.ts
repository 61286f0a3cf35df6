/** Measures calls that somebody else makes: each is begun and ended by hand. */
import type { RequestIds } from "../events.ts";
import type { CallMeter, OpenCall } from "../operation.ts";
import type { Call } from "./call.ts";
import type { OperationCore } from "./operation-core.ts";

const nobody: OpenCall = { succeed() {}, fail() {} };

export function meterOf(operation: OperationCore): CallMeter {
  operation.isMeasuredOnly = !operation.isMade;
  return {
    begin(ids?: RequestIds, startedMs?: number): OpenCall {
      const { breaker, plan, counts } = operation;
      const { pulse } = operation.shared;
      if (plan.path === "off") return nobody;
      counts.calls += 1;
      // Nothing is turned away here: what a circuit would refuse is no probe, and has no vote.
      const ticket = breaker.isClosed ? breaker.ticket : breaker.admit(pulse.monotonicMs());
      const call = operation.start(ticket);
      if (startedMs !== undefined && call.isTimed) call.startedMs = startedMs;
      return new MeteredCall(operation, call, ids);
    },
  };
}

class MeteredCall implements OpenCall {
  readonly #operation: OperationCore;
  #call: Call | undefined;

  constructor(operation: OperationCore, call: Call, ids: RequestIds | undefined) {
    this.#operation = operation;
    this.#call = call;
    call.ids = ids;
    call.isMetered = true;
  }

  succeed(result?: unknown): void {
    const call = this.#call;
    this.#call = undefined;
    if (call !== undefined) this.#operation.workFulfilled(call, result);
  }

  fail(error: unknown): void {
    const call = this.#call;
    this.#call = undefined;
    if (call !== undefined) this.#operation.workRejected(call, error);
  }
}
