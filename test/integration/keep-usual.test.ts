/** A week of what is usual is not lost to the first minutes of a daemon that did not hear of it. */
import { expect, test } from "vitest";
import { loadFleet } from "../../src/config/index.ts";
import { keepUsual } from "../../src/daemon/keep-usual.ts";
import { createIds, createRandom } from "../../src/kernel/index.ts";
import { createMemoryStore, type Sketch } from "../../src/knowledge/index.ts";
import { Conductor, createLoopState } from "../../src/loop/index.ts";
import { hostPressure, type Observation, type Store } from "../../src/model/index.ts";
import { Baseline } from "../../src/statistics/index.ts";
import { openDeadline, realClock, realTimers } from "../../src/system/index.ts";
import { keptJournal } from "./keeper-bench.ts";

const source = hostPressure;
const metricName = "pressure.io.some";

/** Of so many values within an hour, an hour ago. */
function sketchOf(count: number): Sketch {
  const baseline = new Baseline({ offsetMs: 0 });
  for (let index = 0; index < count; index += 1) baseline.add(1, index);
  const calculatedAt = realClock.now().wallMs - 3_600_000;
  const sketch = baseline.save(count) ?? "";
  return { source, metricName, unit: "percent", sketch, calculatedAt, validUntil: 9e15 };
}

async function valuesIn(store: Store): Promise<number> {
  const [found] = await store.sketches({ limit: 10 });
  const baseline = Baseline.restore(found?.sketch ?? "", { nowMs: 0, ageMs: 0 });
  return baseline?.summary("24h")?.count ?? 0;
}

function startLoop(store: Store): Conductor {
  const files = [{ path: "soulmirror.yaml", text: "services: {}" }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: () => "h" });
  if (!loaded.ok) throw new Error("an empty fleet can be loaded");
  const random = createRandom(1);
  const tools = { clock: realClock, random, ids: createIds(realClock, random) };
  return new Conductor(createLoopState(loaded.value.fleet, tools), {
    clock: realClock,
    timers: realTimers,
    sensors: new Map(),
    effectors: new Map(),
    write: async () => "store",
    sync: async () => {},
    writeMetrics: async () => {},
    writeBaselines: async () => {},
    writeSketches: (rows) => store.writeSketches(rows),
    deadline: openDeadline,
    redact: (told) => told,
    complain: (what, error) => {
      throw new Error(what, { cause: error });
    },
  });
}

/** Looks once. */
function observation(): Observation {
  const { wallMs: at, monotonicMs: begunMs } = realClock.now();
  const samples = [{ series: metricName, value: 2, unit: "percent" }] as const;
  return {
    resource: source,
    sensor: "pressure",
    at,
    begunMs,
    reading: { kind: "samples", samples },
  };
}

test("a daemon that ends before it was told what is usual leaves that as it is", async () => {
  await using stack = new AsyncDisposableStack();
  const store = createMemoryStore();
  await store.writeSketches([sketchOf(500)]);
  const sketches = store.sketches.bind(store);
  let isAway = true;
  store.sketches = async (query) => {
    if (isAway) throw new Error("the store is away");
    return await sketches(query);
  };
  const keeper = (await keptJournal(stack, { store }))();
  const later: (() => void)[] = [];
  const complaints: string[] = [];
  const begin = (): { conductor: Conductor; end: () => Promise<void> } => {
    const conductor = startLoop(store);
    conductor.observe(observation());
    const end = keepUsual({
      conductor,
      knowledge: { store, keeper },
      timers: {
        after(_, run) {
          later.push(run);
          return () => {};
        },
      },
      log: { complain: (what) => complaints.push(what) },
    });
    return {
      conductor,
      end: async () => {
        await conductor.stop();
        await end();
      },
    };
  };

  const first = begin();
  await expect.poll(() => later.length).toBe(1);
  await first.end();
  isAway = false;
  expect(complaints).toEqual(["what is usual is not known yet"]);
  expect(await valuesIn(store)).toBe(500);

  // The next one is told at its second attempt, and adds what it has seen.
  isAway = true;
  const second = begin();
  await expect.poll(() => later.length).toBe(2);
  isAway = false;
  later[1]?.();
  await expect.poll(() => second.conductor.state.baselines.isRecalled).toBe(true);
  await second.end();
  expect(await valuesIn(store)).toBe(501);
});
