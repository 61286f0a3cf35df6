import { describe, expect, it } from "vitest";
import { Breaker, breakerDefaults, ManualTools, refused } from "../../resilience/index.ts";
import { BreakerMemory } from "./breaker-memory.ts";
import type { BreakerStateStore, LoadedStates } from "./breaker-state-store.ts";
import { memoryStateStore } from "./memory-state-store.ts";

const name = "llm:openai";

/** One process with one circuit. */
class Process {
  readonly tools = new ManualTools();
  readonly phases: string[] = [];
  readonly memory: BreakerMemory;
  readonly breaker: Breaker;

  constructor(store: BreakerStateStore, wallMs: () => number = this.tools.wallMs) {
    const { monotonicMs, timers, background, random } = this.tools;
    const tools = { monotonicMs, timers, background, random, wallMs };
    this.memory = new BreakerMemory({ tools, store });
    this.breaker = new Breaker(breakerDefaults, (_from, to, reason) => {
      this.phases.push(`${to}: ${reason}`);
      this.memory.moved(name, to);
    });
    this.memory.adopt(name, this.breaker);
  }

  fail(times: number): void {
    for (let time = 0; time < times; time += 1) {
      this.breaker.failed(this.breaker.ticket, this.tools.monotonicMs(), 1);
    }
  }

  get isAdmitted(): boolean {
    return this.breaker.admit(this.tools.monotonicMs()) !== refused;
  }
}

async function held(store: BreakerStateStore): Promise<LoadedStates["states"][number] | undefined> {
  return (await store.load()).states.find((state) => state.name === name);
}

describe("a circuit that is isolated from outside", () => {
  const isolated = new Map([[name, "the provider is down"]]);

  it("is isolated as soon as it is made, and again after a restart, until it is released", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    const first = new Process(store, machine.wallMs);
    first.memory.isolateExactly(isolated);
    expect([first.breaker.phase, first.phases]).toEqual([
      "isolated",
      ["isolated: the provider is down"],
    ]);
    await first.memory.close();
    // What is wanted is known before the circuit is made.
    const tools = new ManualTools();
    const memory = new BreakerMemory({ tools, store });
    memory.isolateExactly(isolated);
    const breaker = new Breaker(breakerDefaults, () => {});
    memory.adopt(name, breaker);
    expect(breaker.phase).toBe("isolated");
    memory.isolateExactly(new Map());
    expect(breaker.phase).toBe("closed");
  });

  it("and was released before it was made again, is closed", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    const first = new Process(store, machine.wallMs);
    first.memory.isolateExactly(isolated);
    await first.memory.close();
    const memory = new BreakerMemory({ tools: new ManualTools(), store });
    memory.isolateExactly(isolated);
    memory.isolateExactly(new Map());
    const breaker = new Breaker(breakerDefaults, () => {});
    memory.adopt(name, breaker);
    expect(breaker.phase).toBe("closed");
  });

  it("is free after a restart when nobody wants it any more (K5)", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    const first = new Process(store, machine.wallMs);
    first.memory.isolateExactly(isolated);
    expect(await first.memory.close()).toBe(true);
    const second = new Process(store, machine.wallMs);
    expect([second.breaker.phase, second.isAdmitted]).toEqual(["closed", true]);
  });

  it("and had opened before, is open for the rest of its time after a restart", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    const first = new Process(store, machine.wallMs);
    first.fail(5);
    await machine.advance(20_000);
    await first.tools.advance(20_000);
    first.memory.isolateExactly(isolated);
    first.memory.isolateExactly(new Map());
    await first.memory.close();
    const second = new Process(store, machine.wallMs);
    expect(second.breaker.openLeftMs(second.tools.monotonicMs())).toBe(40_000);
    expect((await held(store))?.openedAt).toBe(machine.wallMs() - 20_000);
  });

  it("and in code as well, stays isolated by the code alone, also after a restart (K5)", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    const first = new Process(store, machine.wallMs);
    first.memory.isolateExactly(isolated);
    first.memory.isolate(name, "maintenance");
    await first.memory.close();
    const second = new Process(store, machine.wallMs);
    second.memory.isolateExactly(isolated);
    second.memory.isolateExactly(new Map());
    expect(second.breaker.phase).toBe("isolated");
    second.memory.isolateExactly(isolated);
    second.memory.release(name);
    expect(second.breaker.phase).toBe("isolated");
    await second.memory.close();
    expect(new Process(store, machine.wallMs).breaker.phase).toBe("closed");
  });

  it("is told with the reason that is wanted now, and moves no phase for it", () => {
    const process = new Process(memoryStateStore(new ManualTools()));
    process.memory.isolateExactly(isolated);
    process.memory.isolateExactly(new Map([[name, "it charges twice"]]));
    expect(process.breaker.isolatedBecause).toBe("it charges twice");
    expect(process.phases).toEqual(["isolated: the provider is down"]);
    process.memory.isolateExactly(new Map());
    expect(process.breaker.phase).toBe("closed");
  });
});

describe("a circuit that is isolated in code", () => {
  it("and released is released after a restart too, though the clock goes back", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    let backMs = 0;
    const first = new Process(store, () => machine.wallMs() - backMs);
    first.memory.isolate(name, "one");
    await first.memory.flush();
    backMs = 3_600_000;
    first.memory.release(name);
    await first.memory.close();
    expect(new Process(store, machine.wallMs).breaker.phase).toBe("closed");
  });

  it("is so until everybody has released it; an old release ends no newer one (K5)", () => {
    const { memory, breaker } = new Process(memoryStateStore(new ManualTools()));
    const [first, second] = [memory.isolate(name, "one"), memory.isolate(name, "two")];
    expect(breaker.isolatedBecause).toBe("two");
    second();
    second();
    expect([breaker.phase, breaker.isolatedBecause]).toEqual(["isolated", "one"]);
    first();
    expect(breaker.phase).toBe("closed");
    memory.isolate(name, "three");
    first();
    second();
    expect(breaker.isolatedBecause).toBe("three");
    memory.release(name);
    expect(breaker.phase).toBe("closed");
  });

  it("is taken over by who isolates it first after a restart, with the new reason", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    const first = new Process(store, machine.wallMs);
    first.memory.isolate(name, "one");
    await first.memory.close();
    const second = new Process(store, machine.wallMs);
    const release = second.memory.isolate(name, "two");
    expect(second.breaker.isolatedBecause).toBe("two");
    release();
    expect(second.breaker.phase).toBe("closed");
    await second.memory.close();
    expect((await held(store))?.phase).toBe("closed");
  });
});
