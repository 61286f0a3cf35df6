import { describe, expect, it } from "vitest";
import type { FailedOperation, FailureEvent } from "./failure.ts";
import { engine, failure, flaky, strategy } from "./recovery-bench.ts";
import { memoryRecoveryStore } from "./recovery-store.ts";
import type { RecoveryStrategy } from "./recovery-strategy.ts";

describe("the strategies that are always there", () => {
  it("are repetition, then failover", () => {
    const { recovery } = engine();
    expect(recovery.strategies.map(({ name, priority }) => [name, priority])).toEqual([
      ["exponential_backoff_retry", 1],
      ["provider_failover", 2],
    ]);
  });

  it("do the failed operation again, for real, ever later", async () => {
    const { heal, actions, recovery } = engine();
    const { operation, asked } = flaky(2);
    const outcome = await heal(failure(operation));
    expect(outcome).toMatchObject({
      kind: "resolved",
      strategy: "exponential_backoff_retry",
      value: "answer of the same",
    });
    expect(asked).toEqual([undefined, undefined, undefined]);
    expect(outcome?.kind === "resolved" && outcome.elapsedMs).toBeGreaterThanOrEqual(3000);
    expect(await actions()).toEqual(["exponential_backoff_retry succeeded"]);
    const { failures } = await recovery.records();
    expect(failures[0]).toMatchObject({ resolved: true, affectedService: "llm:openai" });
  });

  it("never do again what may have begun and is not declared idempotent", async () => {
    const { heal } = engine();
    const { operation, asked } = flaky(0, { idempotent: false, alternatives: [] });
    expect(await heal(failure(operation))).toMatchObject({
      kind: "unresolved",
      reason: expect.stringContaining("not declared idempotent") as string,
    });
    expect(asked).toEqual([]);
  });

  it.each<readonly [string, Partial<FailedOperation>]>([
    ["named for the operation", { alternatives: ["adyen"] }],
    ["of the ring", {}],
  ])("never ask alternatives %s for what may have begun", async (_whose, more) => {
    const { heal } = engine();
    const { operation, asked } = flaky(0, { idempotent: false, neverStarted: false, ...more });
    const outcome = await heal(failure(operation));
    expect(outcome).toMatchObject({ kind: "unresolved", attempts: 2 });
    expect(asked).toEqual([]);
  });

  it.each([
    ["llm:openai", ["llm:deepseek", "llm:gemini"]],
    ["llm:deepseek", ["llm:gemini", "llm:openai"]],
    ["llm:gemini", ["llm:openai", "llm:deepseek"]],
    ["something-else", []],
  ])("%s fails over to %j", async (affectedService, order) => {
    const { heal } = engine();
    const { operation, asked } = flaky(99);
    await heal(failure(operation, { affectedService, failureType: "service_unavailable" }));
    expect(asked).toEqual(order);
  });

  it("failover asks the alternatives of the operation, until one answers", async () => {
    const { heal, actions } = engine();
    const { operation, asked } = flaky(4, { alternatives: ["a", "b", "c"] });
    expect(await heal(failure(operation))).toMatchObject({
      kind: "resolved",
      strategy: "provider_failover",
      attempts: 2,
      value: "answer of b",
    });
    expect(asked).toEqual([undefined, undefined, undefined, "a", "b"]);
    expect(await actions()).toEqual([
      "exponential_backoff_retry failed",
      "provider_failover succeeded",
    ]);
  });
});

describe("a strategy", () => {
  it("of lower number is tried first, and only for its types", async () => {
    const tried: string[] = [];
    const note = (name: string, more: Partial<RecoveryStrategy>): RecoveryStrategy =>
      strategy(name, {
        ...more,
        execute: () => {
          tried.push(name);
          return { success: false, message: "no" };
        },
      });
    const { heal, recovery } = engine({ strategies: [] });
    recovery.registerStrategy(note("third", { priority: 30 }));
    recovery.registerStrategy(note("first", { priority: -1 }));
    recovery.registerStrategy(note("never", { applicableFailureTypes: ["disk_full"] }));
    recovery.registerStrategy(
      note("second", { priority: 2.5, applicableFailureTypes: ["api_timeout"] }),
    );
    await heal(failure());
    expect(tried).toEqual(["first", "second", "third"]);
  });

  it("that succeeds resolves nothing without evidence, and is undone (H3)", async () => {
    const undone: string[] = [];
    const undo = (event: FailureEvent): void => void undone.push(event.failureType);
    const { heal, actions, recovery } = engine({ strategies: [strategy("restart", { undo })] });
    expect(await heal(failure())).toEqual({
      kind: "unresolved",
      attempts: 1,
      reason: "restart: restart did it, but nothing proves that it is well; it was taken back",
    });
    expect(undone).toEqual(["api_timeout"]);
    expect(await actions()).toEqual(["restart rolled_back"]);
    expect((await recovery.records()).failures[0]).toMatchObject({ resolved: false });
  });

  it("is believed only by fresh evidence of the failure's own operation, then by its own", async () => {
    const strategies = [strategy("one", { priority: 1 }), strategy("two", { priority: 2 })];
    let looks = 0;
    const operation: FailedOperation = { execute: () => 0, verify: () => (looks += 1) === 2 };
    const first = engine({ strategies });
    expect(await first.heal(failure(operation))).toMatchObject({
      kind: "resolved",
      strategy: "two",
    });
    expect(await first.actions()).toEqual(["one failed", "two succeeded"]);
    const verify = (): boolean => true;
    const second = engine({ strategies: [strategy("own", { verify })] });
    expect(await second.heal(failure())).toMatchObject({ kind: "resolved", strategy: "own" });
    const third = engine({ strategies: [strategy("own", { verify: () => "yes" as never })] });
    expect(await third.heal(failure())).toMatchObject({ kind: "unresolved" });
  });

  it("that throws, hangs or cannot be undone is one that failed, and the next is tried", async () => {
    const aborted: string[] = [];
    const { heal, actions } = engine({
      strategies: [
        strategy("throws", { priority: 1, execute: () => Promise.reject(new Error("boom")) }),
        strategy("hangs", {
          priority: 2,
          execute: (_failure, { signal }) => {
            signal.addEventListener("abort", () => aborted.push("hangs"));
            return new Promise(() => {});
          },
          undo: () => Promise.reject(new Error("cannot")),
        }),
        strategy("works", { priority: 3, verify: () => true }),
      ],
    });
    expect(await heal(failure())).toMatchObject({
      kind: "resolved",
      strategy: "works",
      attempts: 3,
    });
    expect(aborted).toEqual(["hangs"]);
    expect(await actions()).toEqual(["throws failed", "hangs failed", "works succeeded"]);
  });

  it("that cannot be is refused with key, value and fix", () => {
    const { recovery } = engine();
    const register = (given: object) => () => recovery.registerStrategy(given as RecoveryStrategy);
    expect(register({ ...strategy("a"), priority: "first" })).toThrow(
      "registerStrategy: priority: expected a number",
    );
    expect(register({ name: "a", priority: 1, applicableFailureTypes: ["*"] })).toThrow(
      "execute: it is missing",
    );
    expect(register({ ...strategy("a"), applicableFailureTypes: [] })).toThrow("a list of 1 to");
  });
});

describe("a recovery", () => {
  it("holds nobody up: the answer comes before anything is tried (H1)", async () => {
    const { recovery, tools } = engine();
    const { operation, asked } = flaky(0);
    const { eventId, done } = recovery.handleFailure(failure(operation));
    expect(eventId).toMatch(/^flr_/);
    await tools.settle();
    expect(asked).toEqual([]);
    await tools.advance(60_000);
    expect(await done).toMatchObject({ kind: "resolved" });
    expect(tools.pendingTimers).toBe(0);
  });

  it("is written down before it acts (H2)", async () => {
    const store = memoryRecoveryStore();
    let seen: readonly string[] = [];
    const looks = strategy("looks", {
      execute: async () => {
        const { actions, failures } = await store.read();
        seen = [...failures.map(({ eventId }) => eventId), ...actions.map(({ status }) => status)];
        return { success: false, message: "no" };
      },
    });
    const { heal } = engine({ store, strategies: [looks] });
    await heal(failure(undefined, { eventId: "evt-1" }));
    expect(seen).toEqual(["evt-1", "initiated"]);
  });

  it("goes on when its store does not, and is written when that is back", async () => {
    const store = memoryRecoveryStore();
    let isAway = true;
    const broken = {
      ...store,
      name: "S",
      putFailure: (row: Parameters<typeof store.putFailure>[0]) =>
        isAway ? Promise.reject(new Error("gone")) : store.putFailure(row),
    };
    const { heal, told, recovery } = engine({ store: broken });
    expect(await heal(failure(flaky(0).operation))).toMatchObject({ kind: "resolved" });
    expect(told).toEqual(["S takes no recoveries: gone"]);
    isAway = false;
    expect(await recovery.close()).toBe(true);
    const { failures, actions } = await store.read();
    expect([failures.length, actions[0]?.status]).toEqual([1, "succeeded"]);
  });

  it("goes on when its store hangs", async () => {
    const never = { ...memoryRecoveryStore(), putAction: () => new Promise<void>(() => {}) };
    const { heal } = engine({ store: never });
    expect(await heal(failure(flaky(0).operation))).toMatchObject({ kind: "resolved" });
  });

  it("is one of a few at once; of more than the queue takes, the rest is turned away (H4)", async () => {
    let atOnce = 0;
    let most = 0;
    const slow = strategy("slow", {
      execute: (_failure, { tools: { timers } }) => {
        atOnce += 1;
        most = Math.max(most, atOnce);
        return new Promise((resolve) => {
          timers.after(1000, () => {
            atOnce -= 1;
            resolve({ success: true, isProof: true, message: "done" });
          });
        });
      },
    });
    const { recovery, tools } = engine({
      strategies: [slow],
      concurrency: 3,
      queue: 10,
      budget: 99,
    });
    const kinds: string[] = [];
    for (let index = 0; index < 20; index += 1) {
      void recovery.handleFailure(failure()).done.then(({ kind }) => kinds.push(kind));
    }
    await tools.advance(10_000);
    expect(most).toBe(3);
    expect(kinds.filter((kind) => kind === "resolved")).toHaveLength(10);
    expect(kinds.filter((kind) => kind === "turned_away")).toHaveLength(10);
  });

  it("has a budget for each service, which comes back with time (H4)", async () => {
    const verify = (): boolean => true;
    const { heal } = engine({
      strategies: [strategy("s", { verify })],
      budget: 2,
      budgetWindowMs: 60_000,
    });
    const kinds: (string | undefined)[] = [];
    for (let index = 0; index < 3; index += 1) kinds.push((await heal(failure(), 1000))?.kind);
    kinds.push((await heal(failure(undefined, { affectedService: "other" }), 60_000))?.kind);
    kinds.push((await heal(failure(), 1000))?.kind);
    expect(kinds).toEqual(["resolved", "resolved", "turned_away", "resolved", "resolved"]);
  });

  it("where nothing may act is told and not done (H5); so is one nobody has a strategy for", async () => {
    const { operation, asked } = flaky(0);
    const { heal, recovery, actions } = engine({ mayAct: () => false });
    expect(await heal(failure(operation))).toEqual({
      kind: "held_back",
      wouldTry: ["exponential_backoff_retry", "provider_failover"],
    });
    expect(asked).toEqual([]);
    expect(await actions()).toEqual([]);
    expect((await recovery.records()).failures).toHaveLength(1);
    expect(await heal(failure(operation, { failureType: "strange" }))).toMatchObject({
      kind: "turned_away",
      reason: "no strategy for strange",
    });
  });

  it("that is switched off on its way tries nothing more", async () => {
    let mayAct = true;
    const execute = () => {
      mayAct = false;
      return { success: false, message: "no" };
    };
    const strategies = [
      strategy("one", { priority: 1, execute }),
      strategy("two", { priority: 2 }),
    ];
    const { heal, actions } = engine({ strategies, mayAct: () => mayAct });
    expect(await heal(failure())).toMatchObject({ kind: "unresolved", attempts: 2 });
    expect(await actions()).toEqual(["one failed"]);
  });

  it("that waits when the engine is closed is turned away", async () => {
    const { recovery, tools } = engine();
    const { done } = recovery.handleFailure(failure(flaky(0).operation));
    void recovery.close();
    await tools.advance(10_000);
    expect(await done).toMatchObject({ kind: "turned_away" });
    expect(await recovery.handleFailure(failure()).done).toMatchObject({ kind: "turned_away" });
  });
});
