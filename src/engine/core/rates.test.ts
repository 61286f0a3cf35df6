/** So many calls per second, whenever they begin, and whoever makes them again. */
import { expect, test } from "vitest";
import { createClassify, ManualTools, outcome } from "../../resilience/index.ts";
import { BreakerMemory } from "../breaker-states/index.ts";
import { EngineEventHub } from "../events.ts";
import { Operations } from "../facade/operations.ts";
import { EngineSettings, type Entry } from "../settings/index.ts";
import { Wrapper } from "../wrap/wrapper.ts";

/** Rates are the daemon's: there is no option for them. */
function ground(...more: Pick<Entry, "leaf" | "value">[]) {
  const tools = new ManualTools();
  const events = new EngineEventHub();
  const all = [{ leaf: "rate.perSecond" as const, value: 2 }, ...more];
  const entries = all.map((each) => ({ key: each.leaf, from: "a test", ...each }));
  const settings = new EngineSettings([{ name: "runtime", entries }]);
  const operations = new Operations({
    tools,
    events,
    classify: createClassify(tools.wallMs),
    sampling: "adaptive",
    memory: new BreakerMemory({ tools }),
    settings: () => settings,
  });
  const wrapper = new Wrapper({ operation: (name, method) => operations.of(name, method) });
  return { tools, wrapper };
}

test("queries ask when they are awaited, and as many are sent as may be", async () => {
  const { wrapper } = ground();
  let sent = 0;
  const query = (): PromiseLike<string> => ({
    // oxlint-disable-next-line unicorn/no-thenable -- What is tested is a thenable.
    then(done, failed) {
      sent += 1;
      // oxlint-disable-next-line promise/no-callback-in-promise -- As thenables do.
      return Promise.resolve("rows").then(done, failed);
    },
  });
  const db = wrapper.wrap("db", { find: query });
  // What it answers with is seen at its first call.
  const answers: unknown[] = [];
  for (let call = 0; call < 6; call += 1) {
    answers.push(await (async () => db.find())().catch((error: unknown) => error));
  }
  expect(answers.filter((each) => each === "rows")).toHaveLength(sent);
  expect(sent).toBeLessThanOrEqual(2);
  expect(answers.at(-1)).toMatchObject({ code: "RATE_LIMITED" });
});

test("a further attempt is a call like any other", async () => {
  const { tools, wrapper } = ground(
    { leaf: "retry.permission", value: "declared_idempotent" },
    { leaf: "retry.attempts", value: 10 },
    { leaf: "retry.delayMs", value: 1 },
    { leaf: "breaker.enabled", value: false },
  );
  const down = new Error("down");
  let works = 0;
  const ask = (): Promise<never> => {
    works += 1;
    return Promise.reject(down);
  };
  const it = wrapper.wrap("it", { ask });
  const asked = [outcome(it.ask()), outcome(it.ask())];
  await tools.advance(400);
  expect(asked.map(({ error }) => error)).toEqual([down, down]);
  expect(works).toBe(2);
});
