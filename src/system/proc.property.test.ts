import fc from "fast-check";
import { expect, test } from "vitest";
import { parseProcessStat } from "./proc.ts";

test("P1: the start of a process is found whatever the process calls itself", () => {
  const name = fc.oneof(
    fc.string({ maxLength: 15 }),
    fc.constantFrom(") S 1 (", "a b", "(()", ") Z"),
  );
  fc.assert(
    fc.property(name, fc.tuple(fc.nat(), fc.nat(), fc.nat()), (text, numbers) => {
      const [pid, startTicks, threads] = numbers;
      const rest = `S 1 ${pid} ${pid} 0 -1 4194560 1 0 0 0 7 5 0 0 20 0 ${threads} 0 ${startTicks} 1000 3`;
      const stat = parseProcessStat(`${pid} (${text}) ${rest} 18446744073709551615 1 1\n`);
      expect(stat).toMatchObject({ pid, name: text, state: "S", parent: 1, startTicks, threads });
      expect(stat?.cpuTicks).toBe(12);
    }),
  );
});

test("anything else is no process", () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const stat = parseProcessStat(text.replaceAll("(", ""));
      expect(stat).toBeUndefined();
    }),
  );
});
