import { expect, test } from "vitest";
import { Batches } from "./batches.ts";

/** Each batch waits until it is let go. */
function held(): {
  readonly batches: Batches<number, number>;
  readonly begun: (readonly number[])[];
  readonly letGo: () => Promise<void>;
} {
  const begun: (readonly number[])[] = [];
  const waiting: (() => void)[] = [];
  const batches = new Batches<number, number>({
    mostItems: 3,
    mostWeight: 10,
    atOnce: 2,
    run: async (items) => {
      begun.push(items);
      await new Promise<void>((resolve) => void waiting.push(resolve));
      return items.map((item) => item * 2);
    },
  });
  const letGo = async (): Promise<void> => {
    waiting.shift()?.();
    for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
  };
  return { batches, begun, letGo };
}

test("wishes go together by the number and by the weight, and each gets its own answer", async () => {
  const { batches, begun, letGo } = held();
  const answers = [1, 2, 3, 4].map((item) => batches.add(item, item === 4 ? 10 : 1));
  expect(begun).toEqual([[1, 2, 3], [4]]);
  await letGo();
  await letGo();
  expect(await Promise.all(answers)).toEqual([2, 4, 6, 8]);
});

test("an unfilled batch begins when nothing more is coming", async () => {
  const { batches, begun, letGo } = held();
  const answer = batches.add(5, 1);
  expect(begun).toEqual([]);
  batches.flush();
  batches.flush();
  await letGo();
  expect(await answer).toBe(10);
  expect(begun).toEqual([[5]]);
});

test("there is no room while as many run as may (B1)", async () => {
  const { batches, letGo } = held();
  for (let item = 0; item < 6; item += 1) void batches.add(item, 1);
  let hasRoom = false;
  const room = (async () => {
    await batches.room();
    hasRoom = true;
  })();
  await Promise.resolve();
  expect(hasRoom).toBe(false);
  await letGo();
  await room;
  await letGo();
});

test("a batch that fails fails all its wishes, and no others", async () => {
  const failure = new Error("no");
  const batches = new Batches<number, number>({
    mostItems: 2,
    mostWeight: 10,
    atOnce: 2,
    run: (items) => (items.includes(1) ? Promise.reject(failure) : Promise.resolve([...items])),
  });
  const answers = await Promise.allSettled([1, 2, 3, 4].map((item) => batches.add(item, 1)));
  expect(answers.map(({ status }) => status)).toEqual([
    "rejected",
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
});
