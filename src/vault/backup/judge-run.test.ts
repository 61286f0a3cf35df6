import { expect, test } from "vitest";
import { rawPathOfText } from "../raw-path.ts";
import { judgeRun, type RunFacts } from "./judge-run.ts";
import { emptyTally, type Tally } from "./tally.ts";

const path = rawPathOfText("/srv/a");
const source = rawPathOfText("/srv");
const mount = "ext4 /dev/sdb at /srv";

function facts(changes: Partial<RunFacts> = {}, tally: Partial<Tally> = {}): RunFacts {
  return {
    tally: { ...emptyTally(), ...tally },
    sources: [],
    wallElapsedMs: 1000,
    elapsedMs: 1000,
    sinceLastMs: 60_000,
    ...changes,
  };
}

/** Of a source that had so many files, and has. */
function counted(filesBefore: number | undefined, files: number): RunFacts {
  const before = filesBefore === undefined ? undefined : { files: filesBefore, mount };
  const filesIn = new Map([[source, files]]);
  return facts({ sources: [{ path: source, mount, before }] }, { filesIn });
}

test("a run that saw what there was is not suspect", () => {
  expect(judgeRun(counted(100, 100))).toEqual([]);
  expect(judgeRun({ ...counted(undefined, 0), sinceLastMs: undefined })).toEqual([]);
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
  const { kind } = judgeRun(counted(filesBefore, files))[0] ?? {};
  expect(kind).toBe(isSuspect ? "vanished" : undefined);
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

test("a source that is empty is not hidden by one that is full (Q2)", () => {
  const [empty, full] = [counted(200, 0), counted(300, 300)];
  const other = rawPathOfText("/home");
  const sources = [...empty.sources, ...full.sources.map((each) => ({ ...each, path: other }))];
  const filesIn = new Map([[other, 300]]);
  expect(judgeRun(facts({ sources }, { filesIn }))).toEqual([
    { kind: "vanished", source: "/srv", files: 0, before: 200 },
  ]);
});

test("a source of another file system is suspect, however small (Q3)", () => {
  const before = { files: 2, mount };
  const sources = [{ path: source, mount: "ext4 /dev/sda at /", before }];
  expect(judgeRun(facts({ sources }))).toMatchObject([{ kind: "mount", before: mount }]);
});

test("what goes while it is looked at is no failure, but a source that is missing (Q4)", () => {
  const sources = counted(undefined, 0).sources;
  const gone = { failures: [{ path, code: "ENOENT" }] };
  expect(judgeRun(facts({ sources }, gone))).toEqual([]);
  const missing = { failures: [{ path: source, code: "ENOENT" }] };
  expect(judgeRun(facts({ sources }, missing))).toMatchObject([{ kind: "unread", count: 1 }]);
});
