/** W1 to W5: what a wrapper is to whoever holds it. */
import { EventEmitter } from "node:events";
import * as path from "node:path";
import { inspect } from "node:util";
import { expect, expectTypeOf, test } from "vitest";
import { createEngine, type InfrastructureReliabilityEngine } from "../index.ts";

class Ledger {
  #balance = 100;
  entries: string[] = [];
  static opened = 0;
  static async open(): Promise<Ledger> {
    Ledger.opened += 1;
    return new Ledger();
  }
  get balance(): number {
    return this.#balance;
  }
  set balance(value: number) {
    this.#balance = value;
  }
  async add(amount: number, note = "none"): Promise<number> {
    this.#balance += amount;
    this.entries.push(note);
    return this.#balance;
  }
  total(): number {
    return this.#balance;
  }
  same(): this {
    return this;
  }
  fails(): never {
    throw new RangeError("too much");
  }
  async rejects(): Promise<never> {
    throw new RangeError("far too much");
  }
}

class Savings extends Ledger {
  override total(): number {
    return super.total() + 1;
  }
}

function engineOf(): InfrastructureReliabilityEngine {
  return createEngine({ service: "tests" });
}

test("a wrapper has the type, the prototype and the members of what it wraps (W1)", async () => {
  const raw = new Ledger();
  const ledger = engineOf().wrap("ledger", raw);
  expectTypeOf(ledger).toEqualTypeOf<Ledger>();
  expect(ledger).toBeInstanceOf(Ledger);
  expect(Object.getPrototypeOf(ledger)).toBe(Ledger.prototype);
  expect(ledger.constructor).toBe(Ledger);
  expect(Reflect.get(ledger, "add")).toBe(Reflect.get(ledger, "add"));
  expect(ledger.add.name).toBe("add");
  expect(ledger.add.length).toBe(1);
  expect(Object.keys(ledger)).toEqual(["entries"]);
  expect("balance" in ledger).toBe(true);
  expect(JSON.stringify(ledger)).toBe(JSON.stringify(raw));
  expect(inspect(ledger)).toBe(inspect(raw));
});

test("`this` inside is the thing itself: private fields, getters and setters work (W2, W3)", async () => {
  const raw = new Ledger();
  const ledger = engineOf().wrap("ledger", raw);
  expect(await ledger.add(5, "first")).toBe(105);
  ledger.balance = 7;
  expect([ledger.balance, raw.balance, ledger.total()]).toEqual([7, 7, 7]);
  ledger.entries = ["other"];
  expect(raw.entries).toEqual(["other"]);
  delete (ledger as Partial<Ledger>).entries;
  expect(Object.keys(raw)).toEqual([]);
});

test("inherited and overridden methods are those of the thing", () => {
  const engine = engineOf();
  const savings = engine.wrap("savings", new Savings());
  expect(savings.total()).toBe(101);
  expect(savings).toBeInstanceOf(Ledger);
  expect(engine.operation("savings.total")?.calls).toBe(1);
});

test("wrapping twice is one wrap, and unwrap gives the thing back (W1)", () => {
  const engine = engineOf();
  const raw = new Ledger();
  const once = engine.wrap("ledger", raw);
  expect(engine.wrap("ledger", once)).toBe(once);
  expect(engine.wrap("ledger", raw)).toBe(once);
  expect(engine.unwrap(once)).toBe(raw);
  expect(engine.unwrap(raw)).toBe(raw);
});

test("a chain stays on the wrapper (W4)", async () => {
  const engine = engineOf();
  const ledger = engine.wrap("ledger", new Ledger());
  expect(ledger.same()).toBe(ledger);
  await ledger.same().add(1);
  expect(engine.operation("ledger.add")?.calls).toBe(1);
});

test("errors are the thing's own, thrown where they were thrown before", async () => {
  const engine = engineOf();
  const ledger = engine.wrap("ledger", new Ledger());
  expect(() => ledger.fails()).toThrow(new RangeError("too much"));
  const rejected = ledger.rejects();
  expect(rejected).toBeInstanceOf(Promise);
  await expect(rejected).rejects.toThrow(new RangeError("far too much"));
  expect(engine.operation("ledger.fails")).toMatchObject({ calls: 1, failed: 1, succeeded: 0 });
});

test("a class makes protected things, and things know their class", async () => {
  const engine = engineOf();
  const Protected = engine.wrap("ledger", Ledger);
  const ledger = new Protected();
  expect(ledger).toBeInstanceOf(Protected);
  expect(ledger).toBeInstanceOf(Ledger);
  await ledger.add(1);
  expect(engine.operation("ledger.add")?.calls).toBe(1);
  expect(await Protected.open()).toBeInstanceOf(Protected);
  expect(Protected.opened).toBe(1);
  class Special extends Protected {
    #own = 3;
    own(): number {
      return this.#own + this.total();
    }
  }
  expect(new Special().own()).toBe(103);
  expect(new Special()).toBeInstanceOf(Protected);
});

test("a function keeps its `this`, its arguments and what is put on it", async () => {
  const engine = engineOf();
  const add = Object.assign(
    async function (this: { by: number } | undefined, value: number) {
      return value + (this?.by ?? 0);
    },
    { unit: "EUR" },
  );
  const wrapped = engine.wrap("add", add);
  expectTypeOf(wrapped).toEqualTypeOf<typeof add>();
  expect(await wrapped.call({ by: 2 }, 1)).toBe(3);
  expect(wrapped.unit).toBe("EUR");
  expect(engine.operation("add")?.calls).toBe(1);
});

test("a module namespace, and a frozen thing", async () => {
  const engine = engineOf();
  const wrapped = engine.wrap("path", path);
  expect(wrapped.join("a", "b")).toBe("a/b");
  expect(Object.keys(wrapped)).toEqual(Object.keys(path));
  const frozen = engine.wrap("frozen", Object.freeze({ size: 3, ask: async () => "answer" }));
  expect(await frozen.ask()).toBe("answer");
  expect(Object.keys(frozen)).toEqual(["size", "ask"]);
  expect(() => {
    (frozen as { size: number }).size = 4;
  }).toThrow(TypeError);
  expect(engine.operation("frozen.ask")?.calls).toBe(1);
});

test("built-in things with internal slots work", () => {
  const engine = engineOf();
  const map = engine.wrap("map", new Map([["a", 1]]));
  expect(map.get("a")).toBe(1);
  expect(map.set("b", 2)).toBe(map);
  expect(map.size).toBe(2);
  expect([...map.keys()]).toEqual(["a", "b"]);
  expect(engine.wrap("date", new Date(0)).toISOString()).toBe("1970-01-01T00:00:00.000Z");
});

test("an emitter passes through: listeners, chains and `this`", () => {
  const engine = engineOf();
  const raw = new EventEmitter();
  const emitter = engine.wrap("emitter", raw);
  const seen: unknown[] = [];
  expect(emitter.on("news", (word) => seen.push(word))).toBe(emitter);
  raw.emit("news", 1);
  emitter.emit("news", 2);
  expect(seen).toEqual([1, 2]);
  expect([...engine.operations()]).toEqual([]);
});

test("things inside are wrapped where that is asked for", async () => {
  const engine = engineOf();
  const sdk = { chat: { completions: { create: async () => "text" } }, name: "sdk" };
  const wrapped = engine.wrap("ai", sdk, { depth: 3 });
  expect(await wrapped.chat.completions.create()).toBe("text");
  expect(wrapped.chat).toBe(wrapped.chat);
  expect(engine.operation("ai.chat.completions.create")?.calls).toBe(1);
  expect(engine.wrap("plain", { inner: sdk }).inner).toBe(sdk);
});

test("a method that is replaced is the new one, and one that is taken out is used without", async () => {
  const engine = engineOf();
  const raw = { ask: async (): Promise<string> => "old" };
  const wrapped = engine.wrap("it", raw);
  const { ask } = wrapped;
  expect(await wrapped.ask()).toBe("old");
  raw.ask = async () => "new";
  expect(await wrapped.ask()).toBe("new");
  expect(await ask()).toBe("old");
});

test("an object that inherits from a wrapper has its own fields", () => {
  const wrapped = engineOf().wrap("it", {
    n: 1,
    get twice(): number {
      return this.n * 2;
    },
  });
  const child = Object.create(wrapped) as typeof wrapped;
  child.n = 5;
  expect([child.twice, wrapped.twice]).toEqual([10, 2]);
});

test("what nobody has called has no operation (W5)", () => {
  const engine = engineOf();
  engine.wrap("ledger", new Ledger());
  expect([...engine.operations()]).toEqual([]);
});

class Account {
  #sum = 1;
  sumOf(other: Account): number {
    return other.#sum;
  }
  async itself(): Promise<this> {
    return this;
  }
  tell(listener: (it: Account) => void): void {
    listener(this);
  }
}

test.each<[row: string, message: RegExp, refused: () => unknown]>([
  [
    "a structured clone",
    /could not be cloned/,
    () => structuredClone(engineOf().wrap("it", { n: 1 })),
  ],
  [
    "private fields from outside",
    /Cannot read private member #sum/,
    () => new Account().sumOf(engineOf().wrap("it", new Account())),
  ],
  [
    "native code",
    /must be an instance of/,
    () => Buffer.concat([engineOf().wrap("it", Buffer.from("a"))]),
  ],
  [
    "frozen after wrapping",
    /read-only and non-configurable/,
    () => {
      const raw = { ask: () => 1 };
      const wrapped = engineOf().wrap("it", raw);
      Object.freeze(raw);
      return wrapped.ask();
    },
  ],
])("what a proxy cannot do, with an error: %s", (_, message, refused) => {
  expect(refused).toThrow(message);
});

test("what a proxy cannot do: pass for the thing itself", async () => {
  const engine = engineOf();
  const raw = new Account();
  const wrapped = engine.wrap("it", raw);
  expect(raw.sumOf(engine.unwrap(wrapped))).toBe(1);
  const got: Account[] = [];
  wrapped.tell((it) => got.push(it));
  expect(got[0]).toBe(raw);
  expect(await wrapped.itself()).toBe(raw);
  expect(engine.wrap("it", raw)).toBe(wrapped);
  expect(new WeakMap([[raw, 1]]).has(wrapped)).toBe(false);
  expect(Object.isFrozen(engine.wrap("frozen", Object.freeze({ ask() {} })))).toBe(false);
});

test("a function that is its own `default` stays so", () => {
  const raw = (n: number) => n + 1;
  raw.default = raw as unknown;
  const wrapped = engineOf().wrap("it", raw);
  expect(wrapped.default).toBe(wrapped);
});

test("options that cannot be are named with the fix", () => {
  const engine = engineOf();
  expect(() => engine.wrap("it", {}, { timeout: -5 })).toThrow(
    /wrap\("it"\): timeout: expected a duration, found -5/,
  );
  expect(() => engine.wrap("it", {}, { timout: 5 } as object)).toThrow(
    /there is no option "timout"/,
  );
});

test("methods whose names begin like `class` are methods (W2)", () => {
  class Sorter {
    #kind = "letter";
    classify(text: string): string {
      return `${this.#kind} ${text}`;
    }
    class(): string {
      return this.#kind;
    }
  }
  const engine = engineOf();
  const wrapped = engine.wrap("it", new Sorter());
  expect([wrapped.classify("a"), wrapped.class()]).toEqual(["letter a", "letter"]);
  expect(engine.operation("it.classify")).toMatchObject({ calls: 1, succeeded: 1 });
  const inner = engine.wrap("module", { Sorter });
  expect(new inner.Sorter() instanceof Sorter).toBe(true);
});

test("a method that is put back where it was taken from is measured once", () => {
  const engine = engineOf();
  const raw = { ask: () => 1 };
  const { ask } = raw;
  const wrapped = engine.wrap("it", raw);
  const taken = wrapped.ask;
  wrapped.ask = () => 2;
  wrapped.ask = taken;
  expect(raw.ask).toBe(ask);
  expect(wrapped.ask()).toBe(1);
  expect(engine.operation("it.ask")).toMatchObject({ calls: 1 });
  const other = engine.wrap("other", { ask: () => 3 });
  wrapped.ask = other.ask;
  expect(wrapped.ask()).toBe(3);
  expect(engine.operation("other.ask")).toMatchObject({ calls: 1 });
});
