/** Frozen, sealed and closed things of every kind are wrapped like all others (W1 to W4). */
import { inspect } from "node:util";
import fc from "fast-check";
import { expect, test } from "vitest";
import { createEngine } from "../index.ts";

const hold = {
  frozen: <T>(it: T): T => Object.freeze(it),
  sealed: <T>(it: T): T => Object.seal(it),
  closed: <T>(it: T): T => Object.preventExtensions(it),
  open: <T>(it: T): T => it,
} as const;
type Hold = keyof typeof hold;
const holds = Object.keys(hold) as Hold[];

const tag = Symbol("tag");

class Account {
  #sum = 1;
  owner = "ann";
  add = async (n: number): Promise<number> => {
    this.#sum += n;
    return this.#sum;
  };
  get sum(): number {
    return this.#sum;
  }
  set sum(n: number) {
    this.#sum = n;
  }
  static made = 0;
  static async of(n: number): Promise<number> {
    return n;
  }
  [tag](): string {
    return "tagged";
  }
}

const kinds = {
  object: () => ({ n: 1, ask: async (n: number) => n + 1, [tag]: () => "tagged" }),
  function: () => Object.assign((n: number) => n + 1, { ask: async (n: number) => n + 1, n: 1 }),
  constructor: () =>
    Object.assign(
      function (this: { n: number }, n: number) {
        this.n = n;
      },
      { ask: async (n: number) => n + 1 },
    ),
  bound: () => Object.assign(Account.bind(undefined), { ask: async (n: number) => n + 1 }),
  class: () => {
    class Special extends Account {
      static ask = async (n: number): Promise<number> => n + 1;
    }
    return Special;
  },
  array: () => Object.assign([1, 2, 3], { ask: async (n: number) => n + 1 }),
  "array of functions": () => [async (n: number) => n + 1, () => 2],
  instance: () => new Account(),
} as const;
type Kind = keyof typeof kinds;

/** What everybody can see of a thing without knowing what it is. */
function looks(it: object): unknown {
  return {
    type: typeof it,
    isArray: Array.isArray(it),
    keys: Reflect.ownKeys(it),
    enumerable: Object.keys(it),
    json: JSON.stringify(it),
    inspected: inspect(it),
    prototype: Reflect.getPrototypeOf(it),
    has: ["ask", "n", "sum", "length", "name", "nothing", tag].map((key) => Reflect.has(it, key)),
    tag: Object.prototype.toString.call(it),
    length: Reflect.get(it, "length") as unknown,
    name: Reflect.get(it, "name") as unknown,
  };
}

/** What trying to change it comes to. */
function deeds(it: object): unknown[] {
  return [
    () => Reflect.set(it, "n", 5),
    () => Reflect.set(it, "fresh", 5),
    () => Reflect.set(it, "length", 1),
    () => Reflect.defineProperty(it, "shown", { value: 1, configurable: true }),
    () => Reflect.deleteProperty(it, "n"),
    () => Reflect.get(it, "n") as unknown,
    () => Reflect.get(it, "fresh") as unknown,
    () => Reflect.setPrototypeOf(it, Reflect.getPrototypeOf(it)),
    () => Reflect.setPrototypeOf(it, null),
  ].map((deed) => {
    try {
      return deed();
    } catch (error) {
      return (error as Error).constructor.name;
    }
  });
}

const every = holds.flatMap((how) =>
  (Object.keys(kinds) as Kind[]).map((kind) => [how, kind] as const),
);

test.each(every)("%s: %s looks and changes as without the engine", (how, kind) => {
  const engine = createEngine();
  const raw = hold[how](kinds[kind]());
  const wrapped = engine.wrap("it", hold[how](kinds[kind]()));
  // Each has a class of its own.
  if (kind !== "class") expect(looks(wrapped)).toEqual(looks(raw));
  expect(looks(wrapped)).toEqual(looks(engine.unwrap(wrapped)));
  expect(deeds(wrapped)).toEqual(deeds(raw));
  expect(Reflect.ownKeys(wrapped)).toEqual(Reflect.ownKeys(engine.unwrap(wrapped)));
});

test.each(holds)(
  "%s: functions are called, classes make things, methods are measured",
  async (how) => {
    const engine = createEngine();
    const make = <K extends Kind>(kind: K): ReturnType<(typeof kinds)[K]> =>
      engine.wrap(kind, hold[how](kinds[kind]() as ReturnType<(typeof kinds)[K]>));
    const call = make("function");
    expect(call(1)).toBe(2);
    expect(await call.ask(1)).toBe(2);
    expect(() => void Reflect.construct(call, [])).toThrow(TypeError);
    const Special = make("class");
    const made = new Special();
    expect(made).toBeInstanceOf(Special);
    expect(made).toBeInstanceOf(Account);
    expect(await made.add(1)).toBe(2);
    expect(await Special.ask(1)).toBe(2);
    expect(await Special.of(3)).toBe(3);
    class Further extends Special {}
    expect(new Further()).toBeInstanceOf(Special);
    const Bound = make("bound");
    expect(new Bound()).toBeInstanceOf(Account);
    const list = make("array");
    expect([...list, ...list.map((n) => n * 2)]).toEqual([1, 2, 3, 2, 4, 6]);
    const tools = make("array of functions");
    expect(await tools[0]?.(1)).toBe(2);
    const account = make("instance");
    expect(await account.add(1)).toBe(2);
    account.sum = 9;
    expect([account.sum, account[tag]()]).toEqual([9, "tagged"]);
    for (const name of ["function", "function.ask", "class.ask", "class.of", "instance.add"]) {
      expect([name, engine.operation(name)?.calls]).toEqual([name, 1]);
    }
  },
);

test("things inside of frozen things are wrapped where that is asked for", async () => {
  const engine = createEngine();
  const sdk = Object.freeze({ chat: Object.freeze({ create: async () => "text" }), n: 1 });
  const wrapped = engine.wrap("ai", sdk, { depth: 2 });
  expect(await wrapped.chat.create()).toBe("text");
  expect(engine.operation("ai.chat.create")?.calls).toBe(1);
  expect(Object.isFrozen(wrapped)).toBe(false);
  expect(() => Object.freeze(wrapped)).toThrow(/preventExtensions/);
  // Nothing inside of it is wrapped: it is as frozen as it was.
  expect(Object.isFrozen(engine.wrap("data", Object.freeze({ n: 1 })))).toBe(true);
});

const value = fc.oneof(fc.integer(), fc.string(), fc.constant(null), fc.constant(undefined));
const member = fc.record({
  key: fc.oneof(fc.constantFrom("a", "b", "length", "name", "then", "0", "1"), fc.constant(tag)),
  what: fc.oneof(
    fc.record({ kind: fc.constant("data"), value }),
    fc.record({ kind: fc.constant("method"), value }),
    fc.record({ kind: fc.constant("getter"), value }),
  ),
  enumerable: fc.boolean(),
  configurable: fc.boolean(),
  writable: fc.boolean(),
});

test("any shape: it can be read, listed and called as without the engine", () => {
  const engine = createEngine();
  const read = (it: object, raw: object): unknown =>
    Reflect.ownKeys(raw).map((key) => {
      const found: unknown = Reflect.get(it, key);
      const isMethod = typeof found === "function" && key !== "prototype";
      return [key, isMethod ? (found as (n: number) => unknown).call(it, 7) : found];
    });
  const shape = fc.record({
    kind: fc.constantFrom<Kind[]>("object", "function", "array", "class", "instance"),
    how: fc.constantFrom(...holds),
    members: fc.array(member, { maxLength: 6 }),
    depth: fc.constantFrom(1, 2),
  });
  let n = 0;
  fc.assert(
    fc.property(shape, ({ kind, how, members, depth }) => {
      const raw: object = kind === "object" ? {} : kinds[kind]();
      for (const { key, what, ...flags } of members) {
        const { writable, ...rest } = flags;
        // The length of an array is a number.
        if (kind === "array" && key === "length") continue;
        if (what.kind === "getter") {
          Reflect.defineProperty(raw, key, { ...rest, get: () => what.value });
        } else {
          const held = what.kind === "data" ? what.value : (m: number) => [what.value, m];
          Reflect.defineProperty(raw, key, { ...rest, writable, value: held });
        }
      }
      for (const key of ["add", "ask", "of"]) Reflect.deleteProperty(raw, key);
      hold[how](raw);
      n += 1;
      const wrapped = engine.wrap(`it${n}`, raw, { depth });
      const keys = Reflect.ownKeys(raw).filter((key) => !["add", "ask"].includes(String(key)));
      expect(Reflect.ownKeys(wrapped)).toEqual(Reflect.ownKeys(raw));
      expect(Object.keys(wrapped)).toEqual(Object.keys(raw));
      const own = Object.fromEntries(keys.map((key) => [key, 0]));
      expect(read(wrapped, own)).toEqual(read(raw, own));
    }),
    { numRuns: 500 },
  );
});
