import { describe, expect, it } from "vitest";
import { Breaker, breakerDefaults, ManualTools, refused } from "../../resilience/index.ts";
import { BreakerMemory } from "./breaker-memory.ts";
import type { BreakerStateStore, LoadedStates } from "./breaker-state-store.ts";
import { memoryStateStore } from "./memory-state-store.ts";
import type { SavedBreaker } from "./saved-breaker.ts";

const name = "llm:openai";

/** One process: its own monotonic clock, the wall clock of the machine. */
class Process {
  readonly tools = new ManualTools();
  readonly told: string[] = [];
  readonly phases: string[] = [];
  readonly memory: BreakerMemory;
  readonly breaker: Breaker;

  constructor(store: BreakerStateStore, wallMs?: () => number) {
    const { monotonicMs, timers, background, random } = this.tools;
    const machine = wallMs ?? this.tools.wallMs;
    const tools = { monotonicMs, timers, background, random, wallMs: machine };
    const tell = (message: string): void => void this.told.push(message);
    this.memory = new BreakerMemory({ tools, store, tell });
    this.breaker = new Breaker(breakerDefaults, (_from, to, reason) => {
      this.phases.push(`${to}: ${reason}`);
      this.memory.moved(name, to);
    });
    this.memory.adopt(name, this.breaker, 30_000);
  }

  fail(times: number): void {
    for (let time = 0; time < times; time += 1) {
      const nowMs = this.tools.monotonicMs();
      this.breaker.failed(this.breaker.admit(nowMs), nowMs, 1);
    }
  }

  get isAdmitted(): boolean {
    const ticket = this.breaker.admit(this.tools.monotonicMs());
    if (ticket !== refused) this.breaker.dismissed(ticket);
    return ticket !== refused;
  }
}

/** What the store holds, as somebody else sees it. */
function held(store: BreakerStateStore): SavedBreaker | undefined {
  const loaded = store.load();
  if (loaded instanceof Promise) throw new Error("this store answers later");
  return loaded.states.find((state) => state.name === name);
}

describe("a circuit across a restart", () => {
  it("that was saved the moment it opened is open for the rest of its time (K2)", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    // The circuit was made long before it opened.
    const first = new Process(store, machine.wallMs);
    await first.tools.advance(3_600_000);
    first.fail(5);
    await first.tools.advance(0);
    expect(held(store)).toMatchObject({ phase: "open", openedAt: machine.wallMs() });
    await machine.advance(20_000);
    const second = new Process(store, machine.wallMs);
    expect(second.breaker.phase).toBe("open");
    expect(second.breaker.openLeftMs(second.tools.monotonicMs())).toBe(40_000);
    expect(second.isAdmitted).toBe(false);
    await second.tools.advance(39_999);
    expect(second.isAdmitted).toBe(false);
    await second.tools.advance(1);
    expect(second.isAdmitted).toBe(true);
  });

  it("opens for longer when a probe fails, as if there had been no restart", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    const first = new Process(store, machine.wallMs);
    first.fail(5);
    await first.tools.advance(0);
    await machine.advance(59_000);
    const second = new Process(store, machine.wallMs);
    await second.tools.advance(1000);
    second.fail(1);
    expect(second.breaker.openLeftMs(second.tools.monotonicMs())).toBe(120_000);
  });

  it("whose time is over, or that was half-open, lets probes through at once", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    const first = new Process(store, machine.wallMs);
    first.fail(5);
    await first.tools.advance(0);
    await machine.advance(60_000);
    expect(new Process(store, machine.wallMs).isAdmitted).toBe(true);
    await first.tools.advance(60_000);
    expect(first.isAdmitted).toBe(true);
    await first.tools.advance(1000);
    expect(held(store)?.phase).toBe("half_open");
    expect(new Process(store, machine.wallMs).isAdmitted).toBe(true);
  });

  it.each([
    ["forward a year", 365 * 86_400_000, 0],
    ["back a year", -365 * 86_400_000, 60_000],
  ])(
    "whose wall clock jumped %s is open for at most its own time",
    async (_what, jumpMs, leftMs) => {
      const machine = new ManualTools();
      const store = memoryStateStore(machine);
      const first = new Process(store, machine.wallMs);
      first.fail(5);
      await first.tools.advance(0);
      const second = new Process(store, () => machine.wallMs() + jumpMs);
      expect(second.breaker.openLeftMs(second.tools.monotonicMs())).toBe(leftMs);
    },
  );

  it("is not held open by a clock that jumps while it runs", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    const first = new Process(store, machine.wallMs);
    first.fail(5);
    await first.tools.advance(0);
    let jumpMs = 0;
    const second = new Process(store, () => machine.wallMs() + jumpMs);
    jumpMs = -1e9;
    await second.tools.advance(60_000);
    expect(second.isAdmitted).toBe(true);
  });

  it("that was isolated stays so until it is released", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    const first = new Process(store, machine.wallMs);
    first.memory.isolate(name, "maintenance");
    await first.tools.advance(0);
    await machine.advance(86_400_000);
    const second = new Process(store, machine.wallMs);
    expect(second.breaker.phase).toBe("isolated");
    second.memory.release(name);
    expect(second.isAdmitted).toBe(true);
    await second.tools.advance(1000);
    expect(new Process(store, machine.wallMs).breaker.phase).toBe("closed");
  });

  it("counts its faults in a row on, while they are recent (K4)", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    const first = new Process(store, machine.wallMs);
    first.fail(4);
    expect(await first.memory.close()).toBe(true);
    const second = new Process(store, machine.wallMs);
    second.fail(1);
    expect(second.breaker.phase).toBe("open");
    await machine.advance(3_600_000);
    const third = new Process(
      memoryOf({ ...saved(store), phase: "closed" }, machine),
      machine.wallMs,
    );
    third.fail(1);
    expect(third.breaker.phase).toBe("closed");
  });

  it.each([
    ["in 1970", (nowMs: number) => ({ openedAt: 0, nextRetryAt: nowMs + 9e14 }), 0],
    ["just now", (nowMs: number) => ({ openedAt: nowMs, nextRetryAt: 9e14 }), 600_000],
    ["an hour ahead", (nowMs: number) => ({ openedAt: nowMs + 36e5, nextRetryAt: 9e14 }), 600_000],
  ])(
    "that opened %s by a damaged file is open for the longest reset time at most (K2)",
    (...row) => {
      const [, timesAt, leftMs] = row;
      const machine = new ManualTools();
      const times = timesAt(machine.wallMs());
      const state: SavedBreaker = { ...blank, ...times, updatedAt: machine.wallMs() };
      const process = new Process(memoryOf(state, machine), machine.wallMs);
      expect(process.breaker.openLeftMs(process.tools.monotonicMs())).toBe(leftMs);
      expect(process.isAdmitted).toBe(leftMs === 0);
    },
  );

  it("that others have opened is no vote of its own after a restart either", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    const first = new Process(store, machine.wallMs);
    first.memory.induce(name, 60_000, "2 of 2 instances have opened it");
    expect(first.memory.ownOpens()).toEqual([]);
    await first.memory.close();
    const second = new Process(store, machine.wallMs);
    expect([second.breaker.phase, second.memory.ownOpens()]).toEqual(["open", []]);
    await second.tools.advance(60_000);
    second.fail(1);
    expect(second.memory.ownOpens()).toHaveLength(1);
  });

  it("is not written down again because it was restored", async () => {
    const machine = new ManualTools();
    const store = memoryStateStore(machine);
    const first = new Process(store, machine.wallMs);
    first.fail(5);
    await first.tools.advance(0);
    const before = held(store);
    await machine.advance(10_000);
    const second = new Process(store, machine.wallMs);
    await second.tools.advance(10_000);
    expect(held(store)).toEqual(before);
    expect(second.phases).toEqual(["open: it was open before the restart"]);
  });
});

const blank: SavedBreaker = {
  name,
  phase: "open",
  failureCount: 5,
  successCount: 0,
  openedAt: undefined,
  nextRetryAt: undefined,
  lastFailureAt: undefined,
  lastSuccessAt: undefined,
  isInduced: false,
  configuration: undefined,
  updatedAt: 0,
};

function saved(store: BreakerStateStore): SavedBreaker {
  const found = held(store);
  if (found === undefined) throw new Error("nothing is held");
  return found;
}

function memoryOf(state: SavedBreaker, tools: ManualTools): BreakerStateStore {
  const store = memoryStateStore(tools);
  void store.save([state]);
  return store;
}

describe("a store", () => {
  it("that answers later is laid over what was made meanwhile, and never reopens (K1)", async () => {
    const machine = new ManualTools();
    const open = memoryStateStore(machine);
    const first = new Process(open, machine.wallMs);
    first.fail(5);
    await first.tools.advance(0);
    const answer = Promise.withResolvers<LoadedStates>();
    const slow: BreakerStateStore = { ...open, load: () => answer.promise };
    const second = new Process(slow, machine.wallMs);
    expect(second.isAdmitted).toBe(true);
    answer.resolve(await open.load());
    await second.memory.ready;
    expect(second.breaker.phase).toBe("open");
  });

  it.each([
    [
      "throws",
      () => {
        throw new Error("no such disk");
      },
    ],
    ["rejects", () => Promise.reject(new Error("no such disk"))],
  ])("that %s when it is read stops nobody (K3)", async (_what, load) => {
    const process = new Process({ ...memoryStateStore(new ManualTools()), name: "S", load });
    await process.memory.ready;
    expect(process.isAdmitted).toBe(true);
    expect(process.told).toEqual(["S cannot be read: no such disk"]);
  });

  it("that takes nothing is told once, asked ever later, and gets everything in the end (W3)", async () => {
    const tools = new ManualTools();
    const store = memoryStateStore(tools);
    let isBroken = true;
    let saves = 0;
    const flaky: BreakerStateStore = {
      ...store,
      name: "S",
      save(states) {
        saves += 1;
        return isBroken ? Promise.reject(new Error("disk full")) : store.save(states);
      },
    };
    const process = new Process(flaky);
    process.fail(5);
    await process.tools.advance(7000);
    expect(saves).toBe(4);
    expect(process.told).toEqual(["S takes no states of circuits: disk full"]);
    isBroken = false;
    await process.tools.advance(10_000);
    expect(process.told[1]).toBe("S takes states of circuits again");
    expect(held(store)?.phase).toBe("open");
    expect(process.tools.pendingTimers).toBe(0);
  });

  it("is asked once for many changes that come together (W1, W2)", async () => {
    const tools = new ManualTools();
    const batches: number[] = [];
    const store = {
      ...memoryStateStore(tools),
      save: (states: readonly SavedBreaker[]) => {
        batches.push(states.length);
        return Promise.resolve();
      },
    };
    const memory = new BreakerMemory({ tools, store });
    const breakers = Array.from({ length: 50 }, (_, index) => {
      const breaker: Breaker = new Breaker(breakerDefaults, (_from, to) =>
        memory.moved(`c${index}`, to),
      );
      memory.adopt(`c${index}`, breaker);
      return breaker;
    });
    for (const breaker of breakers) breaker.open(0, 1000, "a test says so");
    await tools.advance(0);
    expect(batches).toEqual([50]);
    for (const breaker of breakers) breaker.close("a test says so");
    await tools.advance(199);
    expect(batches).toEqual([50]);
    await tools.advance(1);
    expect(batches).toEqual([50, 50]);
  });
});
