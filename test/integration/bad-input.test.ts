/**
 * Whatever is handed in wrongly, to any function of the package, is told by a SoulMirrorError that
 * names what it was, its value and the fix; nobody has to find out what `undefined` has not got.
 */
import { expect, it } from "vitest";
import { SoulMirrorError } from "../../src/public/index.ts";
import { doors, notCalled, type Slot, slots } from "./bad-input-table.ts";

interface Case {
  readonly name: string;
  readonly call: Slot["call"];
  readonly value: unknown;
  /** What the message names. */
  readonly key?: string;
  readonly shown: string;
}

function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value);
  return Array.isArray(value) ? "[" : String(value);
}

function casesOf({ name, call, fine = [], numbers, needs }: Slot): readonly Case[] {
  if (fine.includes("any")) return [];
  const at = (value: unknown, key?: string, what: unknown = value): Case => {
    return { name, call, value, shown: shown(what), ...(key === undefined ? {} : { key }) };
  };
  const isFine = (value: unknown): boolean =>
    fine.some((each) => JSON.stringify(each) === JSON.stringify(value));
  const plain = [null, "text", 5, true, []].filter((value) => !isFine(value)).map((v) => at(v));
  const odd = [Number.NaN, -1, ""].filter((value) => !isFine(value)).map((v) => at(v));
  if (numbers === undefined) return [...plain, ...odd];
  const unknown = at({ ...needs, nonsense: 1 }, "nonsense", "nonsense");
  const ofKeys = numbers.flatMap((key) =>
    [null, -1, Number.NaN, "soon", []].map((value) => at({ ...needs, [key]: value }, key, value)),
  );
  return [...plain, ...odd, unknown, ...ofKeys];
}

const cases = slots.flatMap(casesOf);

it("every function and class of every door is called here", () => {
  const called = new Set(slots.map(({ name }) => name.split(" ")[0]));
  const missing = Object.entries(doors).flatMap(([door, exported]) =>
    Object.entries(exported).flatMap(([name, value]) => {
      const isCalled = called.has(`${door}.${name}`) || notCalled.has(name);
      return typeof value !== "function" || isCalled ? [] : [`${door}.${name}`];
    }),
  );
  expect(missing).toEqual([]);
});

it("what takes anything takes anything", async () => {
  for (const { call, fine } of slots) {
    if (fine?.includes("any") !== true) continue;
    for (const value of [null, undefined, "text", 5, {}]) await call(value as never);
  }
  expect(slots.filter(({ fine }) => fine?.includes("any") === true)).not.toEqual([]);
});

it("what is wrong is told with its key, its value and the fix", async () => {
  const untold: string[] = [];
  for (const { name, call, value, key, shown: what } of cases) {
    const at = `${name} ${key === undefined ? "" : `{ ${key} } `}${what}`;
    try {
      await call(value as never);
      untold.push(`${at}: it was taken`);
    } catch (error) {
      if (!(error instanceof SoulMirrorError)) untold.push(`${at}: ${String(error)}`);
      else {
        const { message, fix = "", code } = error;
        const told = code === "CONFIG_NOT_FOUND" ? what.replaceAll(`"`, "") : what;
        const isTold = ["OPTIONS_INVALID", "CONFIG_NOT_FOUND"].includes(code) && fix !== "";
        if (!isTold || !message.includes(key ?? "") || !message.includes(told)) {
          untold.push(`${at}: ${code} ${message} -> ${fix}`);
        }
      }
    }
  }
  expect(untold).toEqual([]);
});
