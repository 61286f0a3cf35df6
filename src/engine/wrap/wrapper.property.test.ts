/** Any program has the same outcome with the wrapper as with the thing itself, in every mode. */
import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createEngine, type InfrastructureReliabilityEngine } from "../index.ts";

class Base {
  #secret = 1;
  list = [1, 2];
  bump(n = 1): number {
    this.#secret += n;
    return this.#secret;
  }
  get secret(): number {
    return this.#secret;
  }
  set secret(n: number) {
    this.#secret = n;
  }
  self(): this {
    return this;
  }
  fails(): never {
    throw new RangeError("no");
  }
  async later(n: number): Promise<number> {
    if (n < 0) throw new RangeError("below zero");
    return n + this.#secret;
  }
  *[Symbol.iterator](): Generator<number> {
    yield* this.list;
  }
}
class Derived extends Base {
  override bump(n = 1): number {
    return super.bump(n) * 2;
  }
}

const makers = {
  object: () => ({ n: 1, bump: (n = 1) => n + 1, later: async (n: number) => n, list: [1] }),
  instance: () => new Derived(),
  map: () => new Map<unknown, unknown>([["n", 1]]),
  array: () => [1, 2, 3],
  function: () => Object.assign((n: number) => n * 2, { n: 1, bump: (n = 1) => n + 1 }),
} as const;

// Not "0": Node's `inspect` takes any proxy whose target has `null` there for a revoked one.
const key = fc.constantFrom("n", "list", "bump", "later", "secret", "self", "fails", "size", "1");
const value = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.constantFrom("text", null, undefined));
type Deed = (it: object) => unknown;
const named = (name: string, deed: Deed) => Object.assign(deed, { toString: () => name });
const call = (it: object, name: PropertyKey, words: unknown[]): unknown =>
  (Reflect.get(it, name) as (...words: unknown[]) => unknown).apply(it, words);

const deeds = fc.oneof(
  key.map((k) => named(`get ${k}`, (it) => Reflect.get(it, k))),
  fc.tuple(key, value).map(([k, v]) => named(`set ${k}`, (it) => Reflect.set(it, k, v))),
  fc
    .tuple(key, value, fc.boolean())
    .map(([k, v, configurable]) =>
      named(`define ${k}`, (it) =>
        Reflect.defineProperty(it, k, { value: v, configurable, writable: true, enumerable: true }),
      ),
    ),
  key.map((k) => named(`delete ${k}`, (it) => Reflect.deleteProperty(it, k))),
  key.map((k) => named(`has ${k}`, (it) => [k in it, Object.hasOwn(it, k)])),
  fc
    .tuple(
      fc.oneof(key, fc.constantFrom("get", "set", "map", "push", "concat", "call")),
      value,
      value,
    )
    .map(([k, ...words]) => named(`call ${k}`, (it) => call(it, k, words))),
  value.map((v) => named("apply", (it) => (it as (word: unknown) => unknown)(v))),
  fc.constantFrom(
    named("new", (it) => new (it as new () => object)()),
    named("keys", (it) => [Reflect.ownKeys(it), Object.keys(it)]),
    named("json", (it) => JSON.stringify(it)),
    named("spread", (it) => Object.keys({ ...it })),
    named("iterate", (it) => [...(it as Iterable<unknown>)]),
    named("inspect", (it) => inspect(it)),
    named("text", (it) => Object.prototype.toString.call(it)),
    named("instanceof", (it) => [it instanceof Base, it instanceof Map, Array.isArray(it)]),
    named("seal", (it) => Object.isSealed(Object.seal(it))),
    named("descriptor", (it) => Object.keys(Object.getOwnPropertyDescriptors(it))),
    named("same", (it) => new Set([1, 2].map(() => Reflect.get(it, "bump") as unknown)).size),
  ),
);

/** What can be compared of it: the thing itself is one word, a function what it is called. */
async function outcomeOf(deed: Deed, it: object): Promise<unknown> {
  try {
    const result = deed(it);
    if (result === it) return "itself";
    if (result instanceof Promise) return ["later", await result];
    if (typeof result === "function") return ["function", result.name, result.length];
    return typeof result === "object" && result !== null ? ["object", inspect(result)] : result;
  } catch (error) {
    const { name } = error as Error;
    return ["error", name];
  }
}

test.each(["off", "shadow", "full"] as const)("any program, in mode %s", async (mode) => {
  const engines: InfrastructureReliabilityEngine[] = [];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...(Object.keys(makers) as (keyof typeof makers)[])),
      fc.array(deeds, { maxLength: 12 }),
      async (kind, program) => {
        const engine = createEngine({ mode, breaker: false, autoRetry: false });
        engines.push(engine);
        const raw: object = makers[kind]();
        const wrapped: object = engine.wrap("it", makers[kind]());
        for (const deed of program) {
          // oxlint-disable-next-line no-await-in-loop -- One after the other is the program.
          const [expected, got] = [await outcomeOf(deed, raw), await outcomeOf(deed, wrapped)];
          expect([String(deed), got]).toEqual([String(deed), expected]);
        }
      },
    ),
    { numRuns: 300 },
  );
  await Promise.all(engines.map((engine) => engine.close()));
});
