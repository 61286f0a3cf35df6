/** What an engine is for the integrations, and it remembers every call: for tests. */
import type { RequestIds } from "../../src/engine/events.ts";
import type { CallMeter, OpenCall } from "../../src/engine/operation.ts";
import { until } from "../until.ts";

export interface RecordedCall {
  readonly operation: string;
  readonly ids: RequestIds;
  readonly startedMs: number | undefined;
  outcome: "in flight" | "succeeded" | "failed";
  error: unknown;
  result: unknown;
  /** On the monotonic clock. */
  endedMs: number | undefined;
}

export class RecordingEngine {
  readonly calls: RecordedCall[] = [];

  meter(operation: string): CallMeter {
    return {
      begin: (ids: RequestIds = {}, startedMs?: number): OpenCall => {
        const call: RecordedCall = {
          operation,
          ids,
          startedMs: startedMs ?? performance.now(),
          outcome: "in flight",
          error: undefined,
          result: undefined,
          endedMs: undefined,
        };
        this.calls.push(call);
        const settle = (outcome: "succeeded" | "failed", value: unknown): void => {
          if (call.outcome !== "in flight") return;
          call.outcome = outcome;
          call.endedMs = performance.now();
          if (outcome === "failed") call.error = value;
          else call.result = value;
        };
        return {
          succeed: (result) => settle("succeeded", result),
          fail: (error) => settle("failed", error),
        };
      },
    };
  }

  get names(): readonly string[] {
    return this.calls.map((call) => call.operation);
  }

  of(operation: string): readonly RecordedCall[] {
    return this.calls.filter((call) => call.operation === operation);
  }

  /** Resolves when that many calls of all have ended. */
  async ended(count: number): Promise<readonly RecordedCall[]> {
    const done = () => this.calls.filter((call) => call.outcome !== "in flight");
    const seen = () => this.calls.map(({ operation, outcome }) => `${operation}: ${outcome}`);
    await until(() => done().length >= count, { what: `${count} calls have ended`, seen });
    return done();
  }
}
