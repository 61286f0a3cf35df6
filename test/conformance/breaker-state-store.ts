/** What every store of breaker states promises (`src/engine/breaker-states/`), as one suite. */
import { describe, expect, test } from "vitest";
import type { BreakerStateStore } from "../../src/engine/breaker-states/breaker-state-store.ts";
import { breakersMax, type SavedBreaker } from "../../src/engine/breaker-states/saved-breaker.ts";

export const startWallMs = 1_700_000_000_000;

/** An empty place; `open` can be called again, as after a restart or by another process. */
export interface StateScene extends AsyncDisposable {
  open(): BreakerStateStore;
}

export function saved(name: string, state: Partial<SavedBreaker> = {}): SavedBreaker {
  return {
    name,
    phase: "closed",
    failureCount: 0,
    successCount: 0,
    openedAt: undefined,
    nextRetryAt: undefined,
    lastFailureAt: undefined,
    lastSuccessAt: undefined,
    isInduced: false,
    configuration: undefined,
    updatedAt: startWallMs - 1000,
    ...state,
  };
}

const openedAt = startWallMs - 10_000;
const open = saved("llm:openai", {
  phase: "open",
  failureCount: 5,
  openedAt,
  nextRetryAt: openedAt + 60_000,
  lastFailureAt: openedAt,
  lastSuccessAt: openedAt - 1,
  configuration: {
    failureThreshold: 5,
    successThreshold: 2,
    timeout: 30_000,
    resetTimeout: 60_000,
  },
  updatedAt: openedAt,
});

export function breakerStateConformance(name: string, begin: Begin): void {
  describe(`states of circuits: ${name}`, () => {
    keepingTests(begin);
    limitTests(begin);
    sharingTests(begin);
  });
}

type Begin = () => Promise<StateScene>;

async function statesIn(scene: StateScene): Promise<readonly SavedBreaker[]> {
  const store = scene.open();
  const { states, troubles } = await store.load();
  await store.close?.();
  expect(troubles).toEqual([]);
  return states.toSorted((a, b) => a.name.localeCompare(b.name));
}

async function save(scene: StateScene, ...states: readonly SavedBreaker[]): Promise<void> {
  const store = scene.open();
  await store.load();
  await store.save(states);
  await store.close?.();
}

function keepingTests(begin: Begin): void {
  test("an empty store has none, and says so without trouble", async () => {
    await using scene = await begin();
    expect(await statesIn(scene)).toEqual([]);
  });

  test("gives a state back as it was, to whoever opens it next", async () => {
    await using scene = await begin();
    await save(scene, open, saved("b'; drop table x; -- ü", { phase: "half_open", openedAt }));
    expect(await statesIn(scene)).toEqual([
      saved("b'; drop table x; -- ü", { phase: "half_open", openedAt }),
      open,
    ]);
  });

  test("tells what opened because others said so from what it has seen itself", async () => {
    await using scene = await begin();
    const induced = [saved("a", { phase: "open", isInduced: true }), { ...open, isInduced: true }];
    await save(scene, ...induced);
    expect(await statesIn(scene)).toEqual(induced);
  });

  test("lays later states over earlier ones, and leaves the others", async () => {
    await using scene = await begin();
    await save(scene, open, saved("other"));
    const closed = { ...open, phase: "closed" as const, nextRetryAt: undefined };
    const later = { ...closed, failureCount: 0, updatedAt: openedAt + 5 };
    await save(scene, later);
    await save(scene, later);
    expect(await statesIn(scene)).toEqual([later, saved("other")]);
  });
}

function limitTests(begin: Begin): void {
  test("keeps an isolation, and whose it is", async () => {
    await using scene = await begin();
    const isolated = saved("a", { phase: "isolated", openedAt });
    await save(scene, isolated);
    expect(await statesIn(scene)).toEqual([isolated]);
  });

  test("beyond its limit the ones that changed longest ago go, and a new one is taken", async () => {
    await using scene = await begin();
    const many = Array.from({ length: breakersMax }, (_, index) =>
      saved(`circuit-${index}`, { updatedAt: startWallMs - 2_000_000 + index }),
    );
    await save(scene, ...many);
    await save(scene, open);
    const names = new Set((await statesIn(scene)).map((state) => state.name));
    expect(names.size).toBeLessThanOrEqual(breakersMax);
    expect(names.size).toBeGreaterThan(breakersMax * 0.9);
    expect(names.has(open.name)).toBe(true);
    expect(names.has("circuit-0")).toBe(false);
    expect(names.has(`circuit-${breakersMax - 1}`)).toBe(true);
  });
}

function sharingTests(begin: Begin): void {
  test("whoever never saw it open cannot close it for the others (M1)", async () => {
    await using scene = await begin();
    await save(scene, open);
    await save(scene, saved(open.name, { updatedAt: startWallMs }));
    expect(await statesIn(scene)).toEqual([open]);
  });

  test("of two openings the last one stays, in whatever order they are saved (M1)", async () => {
    await using scene = await begin();
    const last = { ...open, openedAt: openedAt + 1, nextRetryAt: openedAt + 60_001 };
    await save(scene, last);
    await save(scene, { ...open, updatedAt: startWallMs });
    expect(await statesIn(scene)).toEqual([last]);
  });

  test("takes what several save at once, and loses nothing", async () => {
    await using scene = await begin();
    const stores = Array.from({ length: 4 }, () => scene.open());
    for (const store of stores) await store.load();
    const names = Array.from({ length: 20 }, (_, index) => `circuit-${index + 10}`);
    await Promise.all(
      stores.flatMap((store, turn) =>
        names.filter((_, at) => at % 4 === turn).map((each) => store.save([saved(each), open])),
      ),
    );
    for (const store of stores) await store.close?.();
    expect((await statesIn(scene)).map((state) => state.name)).toEqual([...names, open.name]);
  });

  test("a time that lies ahead is taken as now (M2)", async () => {
    await using scene = await begin();
    const day = 86_400_000;
    await save(scene, {
      ...open,
      openedAt: startWallMs + day,
      nextRetryAt: startWallMs + day + 60_000,
      updatedAt: startWallMs + day,
    });
    const [state] = await statesIn(scene);
    expect(state).toMatchObject({
      openedAt: startWallMs,
      nextRetryAt: startWallMs + 60_000,
      updatedAt: startWallMs,
    });
  });
}
