import { setImmediate as turn } from "node:timers/promises";
import { getHeapStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, test } from "vitest";
import { OpenLooks } from "./open-looks.ts";

const calm = new AbortController().signal;

test("the caller waits until the look or the abort (L1)", async () => {
  const looks = new OpenLooks();
  expect(await looks.run("a", calm, async () => 1)).toBe(1);
  const controller = new AbortController();
  const hung = looks.run("a", controller.signal, () => new Promise<number>(() => undefined));
  controller.abort();
  expect(await hung).toBeUndefined();
  await expect(looks.run("b", calm, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
});

test("a key whose last look still hangs begins no other; then they follow one another (L2)", async () => {
  const looks = new OpenLooks();
  const begun: number[] = [];
  const first = Promise.withResolvers<number>();
  const look = (number: number, signal: AbortSignal, ends: Promise<number>) =>
    looks.run("a", signal, () => {
      begun.push(number);
      return ends;
    });
  const aborted = new AbortController();
  const hung = look(1, aborted.signal, first.promise);
  aborted.abort();
  await hung;
  expect(await look(2, AbortSignal.timeout(5), Promise.resolve(2))).toBeUndefined();
  expect(begun).toEqual([1]);
  const waiting = [look(3, calm, Promise.resolve(3)), look(4, calm, Promise.resolve(4))];
  first.resolve(1);
  expect(await Promise.all(waiting)).toEqual([3, 4]);
  expect(begun).toEqual([1, 3, 4]);
});

test("a look that has failed is over", async () => {
  const looks = new OpenLooks();
  await expect(looks.run("a", calm, () => Promise.reject(new Error("no")))).rejects.toThrow("no");
  expect(await looks.run("a", calm, async () => 2)).toBe(2);
});

test("after an abort nothing is begun", async () => {
  let begun = 0;
  await new OpenLooks().run("a", AbortSignal.abort(), async () => {
    begun += 1;
  });
  expect(begun).toBe(0);
});

test("whoever has given up leaves nothing behind at a look that hangs (L3)", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const looks = new OpenLooks();
  const hung = looks.run("a", calm, () => new Promise<never>(() => undefined));
  const giveUp = async (times: number): Promise<number> => {
    for (let time = 0; time < times; time += 1) {
      const controller = new AbortController();
      const waiting = looks.run("a", controller.signal, async () => 1);
      controller.abort();
      await waiting;
    }
    await turn();
    collect();
    return getHeapStatistics().used_heap_size;
  };
  // What a look leaves behind is seen each time, what others do in this thread is not.
  const keptBytes: number[] = [];
  for (let round = 0; round < 4; round += 1) {
    const before = await giveUp(1000);
    keptBytes.push(((await giveUp(10_000)) - before) / 10_000);
  }
  expect(Math.min(...keptBytes)).toBeLessThan(20);
  expect(await Promise.race([hung, looks.run("b", calm, async () => 1)])).toBe(1);
});
