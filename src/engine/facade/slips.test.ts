/** Slips of code that would protect nothing, each told with its fix. */
import { afterEach, expect, test } from "vitest";
import { SoulMirrorError } from "../../kernel/index.ts";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";

const engines: InfrastructureReliabilityEngine[] = [];

afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.close();
});

function engineOf(options: EngineOptions = {}): InfrastructureReliabilityEngine {
  const engine = new InfrastructureReliabilityEngine(options, new ManualTools());
  engines.push(engine);
  return engine;
}

function refusal(work: () => unknown): { readonly message: string; readonly fix: unknown } {
  try {
    work();
  } catch (error) {
    if (!(error instanceof SoulMirrorError)) throw error;
    return { message: error.message, fix: error.fix };
  }
  throw new Error("it was accepted");
}

class Card {
  async charge(): Promise<string> {
    return "charged";
  }
}

test("a promise is refused, and what is more than one is not", () => {
  const engine = engineOf();
  const forgotten = async (): Promise<object> => new Card();
  expect(refusal(() => engine.wrap("card", forgotten()))).toEqual({
    message: "wrap: target: expected what a promise is for, found the promise itself",
    fix: "await it first",
  });
  class Request extends Promise<string> {}
  const query = { exec: async () => "rows" };
  const started = Object.assign(Promise.resolve("x"), { cancel: () => "cancelled" });
  for (const target of [Request.resolve("x"), query, started]) {
    expect(() => engine.wrap("more", target)).not.toThrow();
  }
  expect(engine.wrap("more", started).cancel()).toBe("cancelled");
});

test.each([
  ["card.chrage", 'nothing here is called "card.chrage" yet: did you mean "card.charge"?'],
  ["crad.charge", 'nothing here is called "crad.charge" yet: did you mean "card.charge"?'],
  ["card", 'nothing here is called "card" yet: use one of: card.charge'],
  ["card.charge", undefined],
  ["open.anything", undefined],
])(
  "the isolation of %s is doubted where nothing has that name, and makes nobody ill",
  async (name, doubt) => {
    const engine = engineOf();
    const told: unknown[] = [];
    engine.on("configuration", ({ subject, message }) => void told.push({ subject, message }));
    // It holds for what is wrapped a moment later as well.
    engine.isolate(name, "by hand");
    engine.wrap("card", new Card());
    engine.wrap("open", new Proxy({}, {}));
    await Promise.resolve();
    expect(told).toEqual(doubt === undefined ? [] : [{ subject: name, message: doubt }]);
    const { checks } = await engine.getSystemHealth();
    expect(checks.find((check) => check.name === "circuits")).toMatchObject({
      status: "healthy",
      metadata: { notEnforced: [`${name} (isolated: by hand)`] },
    });
  },
);

test("an isolation of what is called degrades health", async () => {
  const engine = engineOf();
  const card = engine.wrap("card", new Card());
  engine.isolate("card.charge", "by hand");
  await expect(card.charge()).rejects.toThrow("isolated (by hand)");
  const { checks } = await engine.getSystemHealth();
  expect(checks.find((check) => check.name === "circuits")).toMatchObject({
    status: "degraded",
    message: "not closed: card.charge (isolated: by hand)",
  });
});

test("a recommendation that is not there is refused", () => {
  const engine = engineOf();
  const fix =
    "there is none now: optimizePerformance().recommendations lists them when there are some";
  const message = 'optimizePerformance: there is no recommendation "nosuch"';
  expect(refusal(() => engine.optimizePerformance({ apply: "nosuch" }))).toEqual({ message, fix });
  expect(refusal(() => engine.optimizePerformance({ undo: "nosuch" }))).toEqual({ message, fix });
});

test.each<readonly [unknown, string]>([
  [3, "write { attempts: 3 }"],
  [99, "write { attempts: 20 }"],
  [false, "write autoRetry: false beside it instead"],
  [true, "write { attempts: 3 }, and autoRetry: true where calls may be done twice"],
  ["often", "use some of: attempts, delay, growth, delayMax, budget"],
])("retry: %j is answered with what was meant", (retry, fix) => {
  const options = { retry } as EngineOptions;
  expect(refusal(() => engineOf(options)).fix).toBe(fix);
  expect(refusal(() => engineOf().wrap("card", new Card(), options as object)).fix).toBe(fix);
});

test("a delay above the longest one is a problem, where it is said and until it is mended", () => {
  const engine = engineOf({ retry: { delay: "60s" } });
  const message = "a delay of 1 m is above the longest one, and is cut to 30 s";
  const fix = "set retry.delay_max (in code retry.delayMax) to 1 m or more";
  expect(engine.problems).toMatchObject([{ key: "retry.delay", message, fix }]);
  const fine = engineOf({ retry: { delay: "60s", delayMax: "2m" } });
  expect(fine.problems).toEqual([]);
  fine.wrap("card", new Card(), { methods: { charge: { retry: { delayMax: "70s" } } } });
  expect(fine.problems).toEqual([]);
  fine.wrap("mail", new Card(), { methods: { charge: { retry: { delay: "5m" } } } });
  expect(fine.problems).toMatchObject([{ key: "services.mail.methods.charge.retry.delay" }]);
});

test("operations are a list that can be sent", async () => {
  const engine = engineOf({ sampling: "every" });
  await engine.wrap("card", new Card()).charge();
  const sent = JSON.parse(JSON.stringify(engine.operations())) as unknown;
  expect(sent).toMatchObject([{ name: "card.charge", calls: 1, latency: { count: 1 } }]);
});
