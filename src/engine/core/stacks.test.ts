/** P1: an error's stack names who has waited for it, as it does without the engine. */
import { expect, test } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { type EngineOptions, InfrastructureReliabilityEngine } from "../engine.ts";

class Answer extends Promise<string> {}

const cause = new Error("below");

/** Each fails in a way of its own, late where it can: then nobody who waits is on the stack. */
class Dependency {
  thrown: unknown;
  fail(): never {
    this.thrown = new Error("down", { cause });
    throw this.thrown;
  }
  async later(): Promise<string> {
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
    return this.fail();
  }
  atOnce(): string {
    return this.fail();
  }
  subclass(): Promise<string> {
    return new Answer((resolve, reject) => void this.later().then(resolve, reject));
  }
  query(): PromiseLike<string> & { where: () => PromiseLike<string> } {
    const ask: Promise<string>["then"] = (answered, failed) => this.later().then(answered, failed);
    // oxlint-disable-next-line unicorn/no-thenable -- What is tested is a thenable.
    const query = { then: ask, where: () => query };
    return query;
  }
}

type Ask = (it: Dependency) => unknown;

const ways: readonly (readonly [string, Ask])[] = [
  ["a promise", (it) => it.later()],
  ["at once", (it) => it.atOnce()],
  ["a promise of a class of its own", (it) => it.subclass()],
  ["a query", (it) => it.query().where()],
  ["a query by a method that has answered so before", (it) => it.query()],
];

/** The functions on its stack, from where the work was asked for. */
async function waitersOf(ask: Ask, it: Dependency): Promise<readonly string[]> {
  async function repository(): Promise<unknown> {
    return await ask(it);
  }
  async function handler(): Promise<unknown> {
    return await repository();
  }
  const error = (await handler().catch((failed: unknown) => failed)) as Error;
  expect(error).toBe((it as { thrown: unknown }).thrown);
  expect(error.cause).toBe(cause);
  const names = [...(error.stack ?? "").matchAll(/^\s+at (?:async )?([\w.]+)/gm)];
  return names
    .map(([, name = ""]) => name)
    .filter((name) => ["repository", "handler"].includes(name));
}

const settings: readonly (readonly [string, EngineOptions])[] = [
  ["full", { mode: "full", timeout: 1000 }],
  ["full, without a deadline", { mode: "full", timeout: false, autoRetry: false }],
  ["monitor", { mode: "monitor" }],
  ["off", { mode: "off" }],
];

for (const [mode, options] of settings) {
  test.each(ways)(`${mode}: %s`, async (...[, ask]) => {
    const engine = new InfrastructureReliabilityEngine(options, new ManualTools());
    const raw = new Dependency();
    const bare = await waitersOf(ask, raw);
    const it = engine.wrap("it", raw);
    expect(await waitersOf(ask, it)).toEqual(bare);
    expect(await waitersOf(ask, it)).toEqual(bare);
    expect(bare).toEqual(["repository", "handler"]);
  });
}

test("a further attempt is waited for by the same ones", async () => {
  const tools = new ManualTools();
  const engine = new InfrastructureReliabilityEngine(
    { autoRetry: true, retry: { attempts: 2 } },
    tools,
  );
  const it = engine.wrap("it", new Dependency());
  const waiting = waitersOf((each) => each.later(), it);
  for (let turn = 0; turn < 20; turn += 1) {
    await tools.advance(1000);
  }
  expect(await waiting).toEqual(["repository", "handler"]);
  expect(engine.operation("it.later")?.decisions["retry"]).toMatchObject({ enforced: 1 });
});

test("shadow: the very promise has two who wait for it, and V8 then names neither", async () => {
  const engine = new InfrastructureReliabilityEngine({ mode: "shadow" }, new ManualTools());
  const it = engine.wrap("it", new Dependency());
  expect(await waitersOf((each) => each.later(), it)).toEqual([]);
});
