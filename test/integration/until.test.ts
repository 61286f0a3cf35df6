import { expect, test } from "vitest";
import { found, until } from "../until.ts";
import { CliBench } from "./cli-bench.ts";

test("what never comes to be is told with what was seen last", async () => {
  let looks = 0;
  const holds = (): boolean => (looks += 1) < 0;
  const options = { what: "a miracle", limitMs: 50, seen: () => ({ looks }) };
  const refused = await until(holds, options).catch((error: unknown) => String(error));
  expect(refused).toMatch(/never in 50 ms: a miracle\nseen last: \{\n "looks": \d+\n\}/);
  expect(looks).toBeGreaterThan(1);
  const blind = () => Promise.reject(new Error("nothing answers"));
  await expect(until(() => false, { limitMs: 1, seen: blind })).rejects.toThrow(
    "never in 1 ms: () => false\nnothing to see: Error: nothing answers",
  );
});

test("what is looked for is handed out as soon as it is there", async () => {
  let looks = 0;
  expect(await found(() => ((looks += 1) < 3 ? undefined : `look ${looks}`))).toBe("look 3");
  const refused = found(() => undefined, { limitMs: 1, what: "a notice" });
  await expect(refused).rejects.toThrow("never in 1 ms: a notice");
});

test("a look that fails is not taken for one that has to be repeated", async () => {
  const look = () => Promise.reject(new Error("it is broken"));
  await expect(until(look)).rejects.toThrow("it is broken");
});

test("of a program that has ended nothing is awaited", async () => {
  await using bench = await CliBench.open();
  const running = bench.start(["no-such-command"]);
  await expect(running.until(() => false, "a miracle")).rejects.toThrow(
    /never: a miracle; it ended and said: .*unknown command 'no-such-command'/,
  );
  await running.says(/unknown command/);
});
