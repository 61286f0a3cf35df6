import { describe, expect, it } from "vitest";
import { BulkheadError, ManualTools } from "../../resilience/index.ts";
import { FailoverStrategy } from "./built-in-strategies.ts";
import type { FailedOperation } from "./failure.ts";
import { RecoveryEngine } from "./recovery-engine.ts";
import type { RecoveryOutcome } from "./recovery-options.ts";
import type { RecoveryStrategy } from "./recovery-strategy.ts";

function refusing(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** Heals a payment that never began and may not be done twice. */
async function heal(
  answer: (provider: string | undefined) => unknown,
  alternatives: readonly string[],
  strategies?: readonly RecoveryStrategy[],
): Promise<{ asked: readonly (string | undefined)[]; outcome: RecoveryOutcome | undefined }> {
  const tools = new ManualTools();
  const recovery = new RecoveryEngine({ tools, ...(strategies && { strategies }) });
  const asked: (string | undefined)[] = [];
  const operation: FailedOperation = {
    neverStarted: true,
    alternatives,
    execute({ provider }) {
      asked.push(provider);
      return answer(provider);
    },
  };
  let outcome: RecoveryOutcome | undefined;
  const { done } = recovery.handleFailure({
    failureCategory: "external_dependency",
    failureType: "connection_refused",
    severity: "high",
    affectedService: "payments",
    detectionMethod: "exception",
    operation,
  });
  void done.then((each) => (outcome = each));
  await tools.advance(600_000);
  return { asked, outcome };
}

function reset(): never {
  throw refusing("ECONNRESET");
}

describe("what never began and may not be done twice", () => {
  it("is begun once; then it has begun, for somebody else as well", async () => {
    const { asked, outcome } = await heal(reset, ["a"]);
    expect(asked).toEqual([undefined]);
    expect(outcome).toMatchObject({
      kind: "unresolved",
      reason: expect.stringContaining("may have begun") as string,
    });
  });

  it("is begun at one alternative alone", async () => {
    const { asked } = await heal(reset, ["a", "b"], [new FailoverStrategy()]);
    expect(asked).toEqual(["a"]);
  });

  it("is not begun beside an attempt that has not ended yet", async () => {
    const { asked, outcome } = await heal(() => new Promise(() => {}), ["a"]);
    expect([asked, outcome?.kind]).toEqual([[undefined], "unresolved"]);
  });

  it("is begun again while each attempt has provably not begun", async () => {
    const answer = (provider: string | undefined): never => {
      throw refusing(provider === "b" ? "ECONNRESET" : "ECONNREFUSED");
    };
    const { asked } = await heal(answer, ["a", "b", "c"]);
    expect(asked).toEqual([undefined, undefined, undefined, "a", "b"]);
  });

  it("is not begun again when a policy inside of it refused: that proves nothing", async () => {
    const { asked } = await heal(() => {
      throw new BulkheadError("ledger", 1, 0);
    }, ["a"]);
    expect(asked).toEqual([undefined]);
  });

  it("is not begun again when a strategy of one's own has begun it", async () => {
    const mine: RecoveryStrategy = {
      name: "mine",
      applicableFailureTypes: ["*"],
      priority: 0,
      async execute({ operation }, { signal }) {
        await operation?.execute({ number: 1, provider: "mine", signal });
        return { success: true, message: "done" };
      },
    };
    const { asked } = await heal(reset, ["a"], [mine, new FailoverStrategy()]);
    expect(asked).toEqual(["mine"]);
  });

  it("is begun with its own `this`, and verified with it", async () => {
    class Payment implements FailedOperation {
      readonly neverStarted = true;
      #paid = 0;
      execute(): number {
        this.#paid += 1;
        return this.#paid;
      }
      verify(): boolean {
        return this.#paid === 1;
      }
    }
    const tools = new ManualTools();
    const { done } = new RecoveryEngine({ tools }).handleFailure({
      failureCategory: "external_dependency",
      failureType: "timeout",
      severity: "high",
      affectedService: "payments",
      detectionMethod: "exception",
      operation: new Payment(),
    });
    await tools.advance(600_000);
    expect(await done).toMatchObject({ kind: "resolved", value: 1 });
  });
});
