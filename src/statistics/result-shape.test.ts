import { describe, expect, it } from "vitest";
import { ResultShape, type Suspicion } from "./result-shape.ts";

function shapeOf(count: number, usual: (index: number) => unknown): ResultShape {
  const shape = new ResultShape();
  for (let index = 0; index < count; index += 1) see(shape, usual(index));
  return shape;
}

function see(shape: ResultShape, value: unknown): Suspicion | undefined {
  return shape.look(value) ? shape.explain(value) : undefined;
}

/** What is told while `value` comes `times` times. */
function told(shape: ResultShape, value: unknown, times = 1): readonly Suspicion[] {
  return Array.from({ length: times }, () => see(shape, value)).filter(
    (each) => each !== undefined,
  );
}

describe("results that are suspicious for their operation", () => {
  it.each<[string, (index: number) => unknown, unknown, string]>([
    ["NaN for a number", (index) => index / 3, Number.NaN, "notANumber"],
    [
      "a missing value in an address",
      (index) => `/users/${index}`,
      "/users/undefined",
      "placeholder",
    ],
    ["a missing value in a query", (index) => `/find?id=${index}`, "/find?id=null", "placeholder"],
    [
      "an object in a text",
      (index) => `Dear number ${index}`,
      "Dear [object Object]",
      "placeholder",
    ],
    ["an error of the file system", (index) => `file ${index}`, "ENOENT: no file", "errorText"],
    ["a page of a gateway", (index) => `file ${index}`, "502 Bad Gateway", "errorText"],
    ["an error in a success", () => ({ ok: true }), { ok: true, error: "gone" }, "errorInSuccess"],
    [
      "an error in a body",
      () => ({ status: 200, body: {} }),
      { status: 200, body: { error: "x" } },
      "errorInSuccess",
    ],
    [
      "an error's text in a body",
      () => ({ statusCode: 200, body: "fine" }),
      { statusCode: 200, body: "Internal Server Error" },
      "errorInSuccess",
    ],
    ["NaN in a record of a list", (index) => [{ index }], [{ index: Number.NaN }], "notANumber"],
  ])("%s is told the first time", (_, ...[usual, fault, name]) => {
    const [first] = told(shapeOf(250, usual), fault);
    expect(first?.sign).toBe(name);
  });

  it("NaN that was there now and then from the start is the habit of its column", () => {
    const score = (index: number): number => (index % 30 === 7 ? Number.NaN : index / 3);
    const shape = new ResultShape();
    for (let index = 0; index < 2000; index += 1)
      expect(see(shape, [{ s: score(index) }])).toBe(undefined);
    // From then on all of them.
    expect(told(shape, [{ s: Number.NaN }], 2000)).toHaveLength(1);
  });

  it("NaN that goes on is told although it began before the operation was known", () => {
    const shape = shapeOf(100, (index) => index / 3);
    expect(told(shape, Number.NaN, 200)).toHaveLength(1);
  });

  it.each<[string, (index: number) => unknown, unknown, string]>([
    ["an empty list", (index) => [index], [], "empty"],
    ["an empty text", (index) => `text ${index}`, "", "empty"],
    ["an empty buffer", () => new Uint8Array(9), new Uint8Array(0), "empty"],
    ["an empty object", (index) => ({ index }), {}, "empty"],
    ["undefined", (index) => ({ index }), undefined, "undefined"],
    ["null", (index) => ({ index }), null, "null"],
    ["another kind", (index) => ({ index }), "not an object", "otherKind"],
    [
      "a text of a thousand times the size",
      (index) => `text ${index}`,
      "x".repeat(9000),
      "tooLarge",
    ],
    ["a text of a thousandth of the size", () => "x".repeat(9000), "x", "tooSmall"],
    ["missing fields", (index) => ({ index, name: "a" }), { name: "a" }, "missingKeys"],
    [
      "an error beside what is usual",
      (index) => ({ index }),
      { index: 1, error: "x" },
      "errorField",
    ],
  ])("%s is told when it goes on, not when it comes once", (_, ...[usual, fault, name]) => {
    const shape = shapeOf(1000, usual);
    shape.refill(100);
    expect(told(shape, fault)).toEqual([]);
    expect(told(shape, fault, 40).map((each) => each.sign)).toEqual([name]);
  });

  it("says what is usual and what was seen, and keeps the result itself to itself", () => {
    const shape = shapeOf(300, (index) => `/users/${index + 100}/secret-word`);
    const [first] = told(shape, "/users/undefined/secret-word");
    expect(first?.reason).toBe(
      "a result that has a placeholder for a missing value in it: the first in 301 results",
    );
    expect(first?.evidence).toEqual({
      found: "undefined",
      position: 7,
      seen: 1,
      of: 301,
      usualKinds: ["string"],
      size: 28,
      usualSize: 22,
    });
    expect(JSON.stringify(first)).not.toContain("secret-word");
  });

  it("what goes on is told once, and again after it was gone for long", () => {
    const shape = shapeOf(1000, () => 1);
    expect(told(shape, Number.NaN, 500)).toHaveLength(1);
    for (let index = 0; index < 400_000; index += 1) see(shape, index);
    shape.refill(1000);
    for (let index = 0; index < 500; index += 1) see(shape, index);
    expect(told(shape, Number.NaN, 500)).toHaveLength(1);
  });

  it("is silent before the operation is known (invariant 3)", () => {
    expect(
      told(
        shapeOf(10, () => "a"),
        "undefined",
      ),
    ).toEqual([]);
    expect(
      told(
        shapeOf(10, () => [1]),
        [],
        20,
      ),
    ).toEqual([]);
  });

  it("a new normal is taken over: results of a new size are learned in the end", () => {
    const shape = shapeOf(300, () => "x".repeat(20));
    const large = "y".repeat(5000);
    expect(told(shape, large, 4000)).toHaveLength(1);
    const minded = Array.from({ length: 640 }, () => shape.look(large)).filter(Boolean);
    expect(minded.length).toBeLessThanOrEqual(10);
  });
});

describe("what a look may not do", () => {
  it("runs no code of an instance, and survives what throws (invariants 1 and 4)", () => {
    class Lazy {
      reads = 0;
      get error(): string {
        this.reads += 1;
        return "read";
      }
    }
    const lazy = new Lazy();
    const shape = shapeOf(300, () => lazy);
    expect(told(shape, lazy, 100)).toEqual([]);
    expect(lazy.reads).toBe(0);
    const hostile = new Proxy(
      {},
      {
        getPrototypeOf() {
          throw new Error("do not look");
        },
      },
    );
    expect(
      told(
        shapeOf(300, () => ({ a: 1 })),
        hostile,
        100,
      ),
    ).toEqual([]);
  });
});
