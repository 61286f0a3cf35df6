import { describe, expect, it } from "vitest";
import { type BreakerPhase, ManualTools } from "../../resilience/index.ts";
import { BreakerMemory } from "./breaker-memory.ts";
import type { BreakerStateStore } from "./breaker-state-store.ts";
import { readSaved, type SavedBreaker } from "./saved-breaker.ts";
import { StateKeeper } from "./state-keeper.ts";

function kept(given: Partial<BreakerStateStore> = {}) {
  const tools = new ManualTools();
  const told: string[] = [];
  const saves: { readonly atMs: number; readonly names: readonly string[] }[] = [];
  const store: BreakerStateStore = {
    name: "memory",
    load: () => ({ states: [], troubles: [] }),
    save: async (states) => {
      saves.push({ atMs: tools.monotonicMs(), names: states.map(({ name }) => name) });
    },
    ...given,
  };
  const tell = (message: string): void => void told.push(message);
  const keeper = new StateKeeper({ store, tools, tell });
  const changed = (name: string, phase: BreakerPhase): void =>
    keeper.changed(readSaved({ name, phase, updatedAt: 1, isInduced: false }) as SavedBreaker);
  return { tools, told, saves, store, keeper, changed };
}

const hangs = (): Promise<never> => new Promise<never>(() => undefined);

describe("StateKeeper", () => {
  it("saves at once what has opened, whatever changes after it (W1)", async () => {
    const { tools, saves, changed } = kept();
    changed("a", "open");
    changed("b", "closed");
    await tools.advance(0);
    expect(saves).toEqual([{ atMs: 0, names: ["a", "b"] }]);
  });

  it("saves what changes without end as often as what changes once (W1)", async () => {
    const { tools, saves, changed } = kept();
    for (let time = 0; time < 20; time += 1) {
      changed("a", "closed");
      await tools.advance(50);
    }
    expect(saves.map(({ atMs }) => atMs)).toEqual([200, 400, 600, 800, 1000]);
  });

  it("does not wait for a store that hangs (W5)", async () => {
    const { tools, told, keeper, changed } = kept({ save: hangs });
    changed("a", "open");
    await tools.advance(0);
    const closing = keeper.close();
    await tools.advance(2000);
    expect(await closing).toBe(false);
    expect(told).toEqual(["memory does not say within 2 s whether it has the states"]);
    expect(tools.pendingTimers).toBe(0);
  });

  it("nor does a memory of circuits for one that does not close (W5)", async () => {
    const { tools, told, store } = kept({ close: hangs });
    const tell = (message: string): void => void told.push(message);
    const closing = new BreakerMemory({ store, tools, tell }).close();
    await tools.advance(2000);
    expect(await closing).toBe(true);
    expect(told).toEqual(["memory does not end within 2 s"]);
  });
});
