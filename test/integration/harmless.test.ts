import { createContext, runInContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { harmless } from "../../src/resilience/index.ts";

const unhandled: unknown[] = [];
const hear = (reason: unknown): void => void unhandled.push(reason);
let before: readonly NodeJS.UnhandledRejectionListener[] = [];

beforeEach(() => {
  unhandled.length = 0;
  before = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", hear);
});

afterEach(() => {
  process.off("unhandledRejection", hear);
  for (const listener of before) process.on("unhandledRejection", listener);
});

describe("a callback that fails harms nobody", () => {
  test.each<readonly [string, () => unknown]>([
    ["throws", () => fail()],
    ["rejects", async () => fail()],
    ["rejects later", () => new Promise((_resolve, reject) => setImmediate(reject, "late"))],
    [
      "rejects with a promise of another realm",
      (): unknown => runInContext("Promise.reject(1)", realm),
    ],
    ["answers with a thenable that throws", () => thenable],
    ["answers with a `then` that cannot be read", () => unreadable],
  ])("that %s", async (_what, callback) => {
    expect(() => harmless(callback)).not.toThrow();
    await new Promise((done) => setTimeout(done, 20));
    expect(unhandled).toEqual([]);
  });
});

const realm = createContext({});
// oxlint-disable-next-line unicorn/no-thenable -- it is what is handed in.
const thenable = Object.defineProperty({}, "then", { value: fail });
// oxlint-disable-next-line unicorn/no-thenable -- it is what is handed in.
const unreadable = Object.defineProperty({}, "then", { get: fail });

function fail(): never {
  throw new Error("the callback has failed");
}
