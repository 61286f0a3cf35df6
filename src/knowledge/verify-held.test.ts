import { createHmac } from "node:crypto";
import { expect, it } from "vitest";
import { createIds, createRandom } from "../kernel/index.ts";
import type { SealedEntry } from "../model/index.ts";
import { createChain, type Mac } from "./chain.ts";
import { verifyHeld } from "./verify-held.ts";

const mac: Mac = (text) => createHmac("sha256", "key").update(text).digest("hex");
const ids = createIds({ now: () => ({ wallMs: 0, monotonicMs: 0 }) }, createRandom(1));

function entries(count: number): readonly SealedEntry[] {
  const wishes = Array.from({ length: count }, (_, index) => {
    return { kind: "request", by: "test", what: `wish ${index + 1}` } as const;
  });
  return createChain(mac).seal(wishes, 0, ids);
}

const all = entries(9);
const [end, held] = [all[3], all.slice(4)];
const none: ReadonlySet<string> = new Set();

it("proves entries behind the end of the store, and behind each other (V1)", () => {
  const whole = { waiting: 5, proven: 5, lost: 0 };
  expect(verifyHeld(held, { mac, end, known: none })).toEqual(whole);
  // In any order, and with what was written twice.
  const doubled = [...held.toReversed(), ...held.slice(2)];
  expect(verifyHeld(doubled, { mac, end, known: none })).toEqual(whole);
  // A replay came so far: two are in the store, perhaps under other numbers.
  const known = new Set(held.slice(0, 2).map(({ id }) => id));
  expect(verifyHeld(held, { mac, end: all[5], known })).toMatchObject({ waiting: 3, lost: 0 });
  expect(verifyHeld(all, { mac, end: undefined, known: none })).toMatchObject({ proven: 9 });
  expect(verifyHeld([], { mac, end, known: none })).toEqual({ waiting: 0, proven: 0, lost: 0 });
});

it("finds what was changed, wherever (V1)", () => {
  for (let index = 0; index < held.length; index += 1) {
    const spoilt = held.map((sealed, at) => (at === index ? { ...sealed, at: 7 } : sealed));
    const { finding } = verifyHeld(spoilt, { mac, end, known: none });
    expect(finding).toMatchObject({ kind: "edited", position: index + 5 });
  }
  const other = { ...end, seal: "00" } as SealedEntry;
  expect(verifyHeld(held, { mac, end: other, known: none }).finding?.position).toBe(5);
});

it("counts what was lost in memory, and goes on behind it (V2)", () => {
  const without = held.filter(({ position }) => position !== 5 && position !== 8);
  expect(verifyHeld(without, { mac, end, known: none })).toEqual({
    waiting: 3,
    proven: 1,
    lost: 2,
  });
});
