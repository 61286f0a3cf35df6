/** What listeners, leave and stores of others can do to a recovery, and cannot. */
import { describe, expect, it } from "vitest";
import { engine, failure, flaky, strategy } from "./recovery-bench.ts";
import { memoryRecoveryStore } from "./recovery-store.ts";

function fail(): never {
  throw new Error("a listener has failed");
}

/** What would end a process: rejections that nobody has heard meanwhile. */
async function unhandledDuring(work: () => Promise<void>): Promise<readonly unknown[]> {
  const unhandled: unknown[] = [];
  const hear = (reason: unknown): void => void unhandled.push(reason);
  const before = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", hear);
  try {
    await work();
    await new Promise(setImmediate);
    return unhandled;
  } finally {
    process.off("unhandledRejection", hear);
    for (const listener of before) process.on("unhandledRejection", listener);
  }
}

describe("a recovery", () => {
  it("is harmed by no listener, and writes down no secret and nothing without end", async () => {
    const onOutcome = (): void => {
      throw new Error("listener");
    };
    const { heal, recovery, told } = engine({ onOutcome });
    const circle: Record<string, unknown> = {};
    circle["self"] = circle;
    const { operation } = flaky(0);
    await heal(failure(operation, { context: { apiKey: "hunter2", long: "x".repeat(1e6) } }));
    await heal(failure(operation, { context: circle, timestamp: new Date("never") }));
    const { failures } = await recovery.records();
    const text = JSON.stringify(failures);
    expect(text).not.toContain("hunter2");
    expect(text.length).toBeLessThan(20_000);
    expect(failures.every(({ timestamp }) => Number.isFinite(timestamp))).toBe(true);
    expect(told).toContain("a listener of recoveries failed: listener");
  });

  it("is harmed by no listener that rejects, and by no reporter that throws", async () => {
    const tell = (message: string): never => {
      throw new Error(message);
    };
    const options = { onOutcome: () => Promise.reject(new Error("listener")), tell };
    const { heal, recovery } = engine({ ...options, onStrategy: () => fail() });
    recovery.registerStrategy(strategy("late"));
    const unhandled = await unhandledDuring(async () => {
      expect(await heal(failure(flaky(0).operation))).toMatchObject({ kind: "resolved" });
    });
    expect(unhandled).toEqual([]);
  });

  it("is not begun where leave comes only later, or is refused by a rejection", async () => {
    const later = (): boolean => Promise.resolve(true) as unknown as boolean;
    const never = (): boolean => Promise.reject(new Error("no")) as unknown as boolean;
    const unhandled = await unhandledDuring(async () => {
      for (const mayAct of [later, never]) {
        const { heal } = engine({ mayAct });
        expect(await heal(failure(flaky(0).operation))).toMatchObject({ kind: "held_back" });
      }
    });
    expect(unhandled).toEqual([]);
  });

  it.each([
    ["severity", "urgent", "low | medium | high | critical"],
    ["failureCategory", 42, "a text of 1 to 1000 characters"],
    ["detectionMethod", {}, "a text of 1 to 1000 characters"],
    ["eventId", 7, "a text of 1 to 1000 characters"],
  ])("of a failure whose %s is %j is refused: it could not be kept", (key, value, wanted) => {
    const { recovery } = engine();
    const refused = (): unknown => recovery.handleFailure({ ...failure(), [key]: value });
    expect(refused).toThrow(expect.objectContaining({ code: "OPTIONS_INVALID" }) as Error);
    expect(refused).toThrow(key);
    expect(refused).toThrow(wanted);
  });

  it("ends with the engine, whatever the store does", async () => {
    const hanging = (): Promise<void> => new Promise(() => {});
    const memory = memoryRecoveryStore();
    const broken = { ...memory, close: () => Promise.reject(new Error("locked")) };
    for (const store of [
      { ...memory, putFailure: hanging },
      { ...memory, close: hanging },
    ]) {
      const { recovery, tools } = engine({ store });
      recovery.handleFailure(failure());
      const closed = recovery.close();
      await tools.advance(10_000);
      expect(await closed).toBe(store.putFailure !== hanging);
    }
    const { recovery, told } = engine({ store: broken });
    expect(await recovery.close()).toBe(true);
    expect(told).toEqual(["memory did not end well: locked"]);
  });
});
