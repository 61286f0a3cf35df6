/** Whose retries are paid from which budget. */
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";

function ground(options: EngineOptions) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ breaker: false, ...options }, tools);
  const told: string[] = [];
  engine.on("retry", ({ enforced }) => told.push(`retry ${enforced}`));
  engine.on("retry_refused", ({ decision, enforced }) =>
    told.push(`${decision.because} ${enforced}`),
  );
  return { tools, engine, told };
}

function refused(): Error {
  return Object.assign(new Error("connect ECONNREFUSED"), { code: "ECONNREFUSED" });
}

async function times(count: number, ask: () => Promise<unknown>, tools: ManualTools) {
  for (let call = 0; call < count; call += 1) {
    const asked = ask().catch(() => undefined);
    await tools.advance(20);
    await asked;
  }
}

test("what is only looked at takes nothing from the budget of those that act (O2)", async () => {
  const { tools, engine, told } = ground({ retry: { delay: 1 } });
  let failures = 1;
  const raw = {
    watched: () => Promise.reject(refused()),
    atOnce: () => {
      throw refused();
    },
    async acting() {
      failures -= 1;
      if (failures >= 0) throw refused();
      return "ok";
    },
  };
  const it = engine.wrap("it", raw, { methods: { watched: { mode: "monitor" } } });
  await times(60, () => it.watched(), tools);
  await times(60, async () => it.atOnce(), tools);
  const acting = it.acting();
  await tools.advance(20);
  expect(await acting).toBe("ok");
  expect(told.at(-1)).toBe("retry true");
});

test("what is only looked at has a budget as well: what would be refused is told as such", async () => {
  const { tools, engine, told } = ground({ mode: "monitor" });
  let isWell = false;
  const it = engine.wrap("it", {
    async ask() {
      if (!isWell) throw refused();
    },
  });
  const granted = () => told.splice(0).filter((each) => each === "retry false").length;
  // A fifth of the calls, and thirty.
  await times(60, () => it.ask(), tools);
  expect(granted()).toBe(42);
  isWell = true;
  await times(500, () => it.ask(), tools);
  isWell = false;
  await times(60, () => it.ask(), tools);
  expect(granted()).toBe(60);
});

test("methods with ratios of their own keep their budgets, whatever is set otherwise meanwhile", async () => {
  const { tools, engine } = ground({ retry: { delay: 1, attempts: 2 } });
  let works = 0;
  const fail = async (): Promise<never> => {
    works += 1;
    throw refused();
  };
  const methods = { b: { retry: { budget: 0.5 } } };
  const it = engine.wrap("it", { a: fail, b: fail }, { methods });
  await times(1, () => it.b(), tools);
  await times(60, () => it.a(), tools);
  works = 0;
  engine.setMode("monitor");
  engine.setMode("full");
  await times(60, () => it.a(), tools);
  // A fifth, and nothing of the thirty that have been spent.
  expect(works - 60).toBe(12);
});
