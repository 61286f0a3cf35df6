/** F1 and F2: what a fallback answers with may be a query, whoever it answers for. */
import { expect, test } from "vitest";
import { ManualTools, outcome } from "../../resilience/index.ts";
import { InfrastructureReliabilityEngine, type WrapOptions } from "../engine.ts";
import type { EngineEvents } from "../events.ts";

const down = Object.assign(new Error("down"), { status: 500 });

function fail(): never {
  throw down;
}

/** It begins when somebody waits for it. */
class Query implements PromiseLike<string> {
  static begun = 0;
  readonly #run: () => Promise<string>;
  constructor(run: () => Promise<string>) {
    this.#run = run;
  }
  // oxlint-disable-next-line unicorn/no-thenable -- What is tested is a thenable.
  then<A, B>(
    done?: ((value: string) => A | PromiseLike<A>) | null,
    failed?: ((error: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    Query.begun += 1;
    // oxlint-disable-next-line promise/no-callback-in-promise -- As thenables do.
    return this.#run().then(done, failed);
  }
}

function ground(run: (tools: ManualTools) => Promise<string>) {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine({ mode: "full", autoRetry: false }, tools);
  const recoveries: EngineEvents["recovery_success"][] = [];
  engine.on("recovery_success", (event) => void recoveries.push(event));
  const options: WrapOptions = { timeout: 500, fallback: () => new Query(() => run(tools)) };
  const raw = { now: fail, later: async (): Promise<string> => fail() };
  const it = engine.wrap("it", raw, options);
  Query.begun = 0;
  return { tools, engine, it, recoveries };
}

type Ground = ReturnType<typeof ground>;

/** Who may be answered by a fallback. */
const cases: readonly (readonly [string, unknown, (at: Ground) => unknown])[] = [
  ["a method that throws at once", down, ({ it }) => it.now()],
  ["a method that fails later", down, ({ it }) => it.later()],
  ...(["now", "later"] as const).map(
    (method) =>
      [
        `a call that is refused (${method})`,
        expect.objectContaining({ code: "CIRCUIT_OPEN" }),
        ({ engine, it }: Ground) => {
          engine.isolate(`it.${method}`, "a person says so");
          return it[method]();
        },
      ] as const,
  ),
];

test.each(cases)(
  "%s: a query of the fallback that fails says less than the error (F1)",
  async (_who, error, ask) => {
    const at = ground(async () => {
      throw new Error("of the fallback");
    });
    const answer = outcome(Promise.resolve(ask(at)));
    await at.tools.settle();
    expect(answer.error).toEqual(error);
    expect([Query.begun, at.recoveries]).toEqual([1, []]);
  },
);

test.each(cases)(
  "%s: a query of the fallback that hangs is given up in time (F2)",
  async (_who, error, ask) => {
    const at = ground(() => new Promise<never>(() => {}));
    const answer = outcome(Promise.resolve(ask(at)));
    await at.tools.advance(499);
    expect(answer.isSettled).toBe(false);
    await at.tools.advance(1);
    expect(answer.error).toMatchObject({ code: "CALL_TIMEOUT", cause: error });
    expect(at.recoveries).toEqual([]);
  },
);

test.each(cases)("%s: it is a recovery when the query has answered", async (_who, _error, ask) => {
  const at = ground(async (tools) => {
    await new Promise<void>((resolve) => tools.timers.after(100, resolve));
    return "from the replica";
  });
  const answer = outcome(Promise.resolve(ask(at)));
  await at.tools.advance(99);
  expect(at.recoveries).toEqual([]);
  await at.tools.advance(1);
  expect([answer.value, Query.begun]).toEqual(["from the replica", 1]);
  expect(at.recoveries).toMatchObject([{ by: "fallback" }]);
});
