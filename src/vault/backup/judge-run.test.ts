import { expect, test } from "vitest";
import { rawPathOfText } from "../raw-path.ts";
import { judgeRun, type RunFacts } from "./judge-run.ts";
import { emptyTally, type Tally } from "./tally.ts";

const path = rawPathOfText("/srv/a");

function facts(changes: Partial<RunFacts> = {}, tally: Partial<Tally> = {}, files = 100): RunFacts {
  const { counts, ...lists } = emptyTally();
  return {
    tally: { ...lists, counts: { ...counts, unchangedFiles: files }, ...tally },
    filesBefore: 100,
    wallElapsedMs: 1000,
    elapsedMs: 1000,
    sinceLastMs: 60_000,
    ...changes,
  };
}

test("a run that saw what there was is not suspect", () => {
  expect(judgeRun(facts())).toEqual([]);
  expect(judgeRun(facts({ filesBefore: undefined, sinceLastMs: undefined }, {}, 0))).toEqual([]);
});

test("what was not read is told with the first of it (Q1)", () => {
  const failures = [{ path, code: "EIO" }];
  const expected = [{ kind: "unread", count: 1, first: "/srv/a: EIO" }];
  expect(judgeRun(facts({}, { failures }))).toEqual(expected);
});

test("files that end before their size are told", () => {
  expect(judgeRun(facts({}, { short: [path] }))).toMatchObject([{ kind: "short", count: 1 }]);
});

test.each([
  [100, 9, true],
  [100, 10, false],
  [20, 0, true],
  [19, 0, false],
])("of %i files %i are left: suspect is %s (Q2)", (filesBefore, files, isSuspect) => {
  expect(judgeRun(facts({ filesBefore }, {}, files))).toHaveLength(isSuspect ? 1 : 0);
});

test.each([
  [{ wallElapsedMs: 3_601_000 }, 3_600_000],
  [{ wallElapsedMs: -86_399_000 }, -86_400_000],
  [{ sinceLastMs: -7_200_000 }, -7_200_000],
])("a clock that jumped makes the run suspect: %j", (changes, jumpMs) => {
  expect(judgeRun(facts(changes))).toEqual([{ kind: "clock", jumpMs }]);
});

test("clocks that are set by seconds are not", () => {
  expect(judgeRun(facts({ wallElapsedMs: 5000, sinceLastMs: -4000 }))).toEqual([]);
});
