/** Tools that follow asynchronous resources, as tracers do, and an engine beside them. */
import { createHook } from "node:async_hooks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { createEngine } from "../../src/engine/index.ts";
import { until } from "../until.ts";

test("a tool that follows asynchronous resources is told of the end of each call", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const alive = new Set<number>();
  let made = 0;
  const hook = createHook({
    init(id, type) {
      if (type !== "SoulMirrorCall") return;
      made += 1;
      alive.add(id);
    },
    destroy: (id) => void alive.delete(id),
  }).enable();
  const engine = createEngine();
  const it = engine.wrap("it", { ask: async () => 1 }, { timeout: 60_000, fallback: () => 0 });
  for (let call = 0; call < 100; call += 1) await it.ask();
  await until(
    () => {
      collect();
      return alive.size < made / 10;
    },
    { limitMs: 5000, seen: () => alive.size },
  );
  expect(made).toBe(100);
  hook.disable();
  await engine.close();
});
