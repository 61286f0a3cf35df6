/** What tests of recoveries begin with: failures, strategies, and an engine on a manual clock. */
import { ManualTools } from "../../resilience/index.ts";
import type { FailedOperation, FailureEvent, FailureRow } from "./failure.ts";
import { RecoveryEngine } from "./recovery-engine.ts";
import type { RecoveryEngineOptions, RecoveryOutcome } from "./recovery-options.ts";
import type { RecoveryStrategy } from "./recovery-strategy.ts";

export function failure(
  operation?: FailedOperation,
  more: Partial<FailureEvent> = {},
): FailureEvent {
  return {
    failureCategory: "external_dependency",
    failureType: "api_timeout",
    severity: "high",
    affectedService: "llm:openai",
    errorMessage: "timed out",
    detectionMethod: "exception",
    ...(operation === undefined ? {} : { operation }),
    ...more,
  };
}

export function engine(options: Partial<RecoveryEngineOptions> = {}) {
  const tools = new ManualTools();
  const told: string[] = [];
  const tell = (message: string): void => void told.push(message);
  const recovery = new RecoveryEngine({ tools, tell, ...options });
  const heal = async (event: FailureEvent, ms = 600_000): Promise<RecoveryOutcome | undefined> => {
    let outcome: RecoveryOutcome | undefined;
    const { done } = recovery.handleFailure(event);
    void done.then((each) => (outcome = each));
    await tools.advance(ms);
    return outcome;
  };
  const actions = async (): Promise<readonly string[]> => {
    const { actions: rows } = await recovery.records();
    return rows.map(({ actionStrategy, status }) => `${actionStrategy} ${status}`);
  };
  return { tools, recovery, heal, actions, told };
}

/** Fails so many times, then answers. */
export function flaky(failures: number, more: Partial<FailedOperation> = {}) {
  const asked: (string | undefined)[] = [];
  const operation: FailedOperation = {
    idempotent: true,
    execute({ provider }) {
      asked.push(provider);
      if (asked.length <= failures) throw new Error(`no ${asked.length}`);
      return `answer of ${provider ?? "the same"}`;
    },
    ...more,
  };
  return { operation, asked };
}

export const strategy = (name: string, more: Partial<RecoveryStrategy> = {}): RecoveryStrategy => ({
  name,
  applicableFailureTypes: ["*"],
  priority: 5,
  execute: () => ({ success: true, message: `${name} did it` }),
  ...more,
});

/** As it is kept. */
export function failureRow(eventId: string, timestamp = 1): FailureRow {
  return {
    eventId,
    timestamp,
    failureCategory: "external_dependency",
    failureType: "timeout",
    severity: "high",
    affectedService: "db",
    errorMessage: null,
    errorStack: null,
    context: null,
    detectionMethod: "exception",
    userId: null,
    requestId: null,
    resolved: false,
    resolvedAt: null,
  };
}
