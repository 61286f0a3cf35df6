import { describe, expect, test } from "vitest";
import {
  type Acceptances,
  accept,
  acceptancesOfText,
  isAccepted,
  noAcceptances,
  textOfAcceptances,
  withoutExpired,
} from "./acceptances.ts";
import { rawPath } from "./heal-facts-bench.ts";

const hidden = rawPath("/source/.hidden");
const below = rawPath("/source/.hidden/a/b");
const minuteMs = 60_000;

function accepted(path: string, more: { forMs?: number; nowMs?: number } = {}): Acceptances {
  return added(noAcceptances, path, more);
}

function added(
  acceptances: Acceptances,
  path: string,
  { forMs, nowMs = 1000 }: { forMs?: number; nowMs?: number },
): Acceptances {
  const said = { path: rawPath(path), nowMs, ...(forMs === undefined ? {} : { forMs }) };
  const result = accept(acceptances, said);
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

describe("acceptances", () => {
  test("hold for the path and all below it, and for no name that begins alike", () => {
    const acceptances = accepted("/source/.hidden");
    expect(isAccepted(acceptances, hidden, 1000)).toBe(true);
    expect(isAccepted(acceptances, below, 1000)).toBe(true);
    expect(isAccepted(acceptances, rawPath("/source/.hidden-2"), 1000)).toBe(false);
    expect(isAccepted(acceptances, rawPath("/source"), 1000)).toBe(false);
  });

  test("A1: end after ten minutes, or after what was said, and never live for ever", () => {
    const unsaid = accepted("/source/.hidden");
    expect(isAccepted(unsaid, hidden, 1000 + 10 * minuteMs - 1)).toBe(true);
    expect(isAccepted(unsaid, hidden, 1000 + 10 * minuteMs)).toBe(false);
    const said = accepted("/source/.hidden", { forMs: minuteMs });
    expect(isAccepted(said, hidden, 1000 + minuteMs)).toBe(false);
    for (const forMs of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 31 * 86_400_000]) {
      expect(accept(noAcceptances, { path: hidden, nowMs: 0, forMs })).toMatchObject({ ok: false });
    }
  });

  test("A2: a clock that went back makes them void", () => {
    expect(isAccepted(accepted("/source/.hidden"), hidden, 999)).toBe(false);
  });

  test("A3: one for each path, and so many at most, those that ended not counted", () => {
    const limits = { defaultForMs: minuteMs, longestForMs: 10 * minuteMs, acceptances: 2 };
    let acceptances = added(accepted("/a", { forMs: minuteMs }), "/b", { forMs: minuteMs });
    acceptances = added(acceptances, "/a", { nowMs: 2000, forMs: minuteMs });
    expect(acceptances.living.map((each) => each.path)).toEqual(["/b", "/a"]);
    const third = { path: rawPath("/c"), nowMs: 3000 };
    expect(accept(acceptances, third, limits)).toMatchObject({ ok: false });
    const afterAll = { ...third, nowMs: 10 * minuteMs };
    expect(accept(acceptances, afterAll, limits)).toMatchObject({ ok: true });
  });

  test("leave nothing behind when they have ended", () => {
    const acceptances = added(accepted("/a", { forMs: 5 }), "/b", { forMs: 500 });
    expect(withoutExpired(acceptances, 1005).living.map((each) => each.path)).toEqual(["/b"]);
  });

  test("A4: are the same when read back, names of any bytes too", () => {
    const acceptances = accepted('/source/\u00ff\u0080\n"');
    expect(acceptancesOfText(textOfAcceptances(acceptances))).toEqual({
      ok: true,
      value: acceptances,
    });
  });

  test.each([
    "",
    "null",
    "[]",
    "{}",
    '{"acceptances":{}}',
    '{"acceptances":[null]}',
    '{"acceptances":[{"path":"relative","fromMs":0,"untilMs":1}]}',
    '{"acceptances":[{"path":"/a","fromMs":0}]}',
    '{"acceptances":[{"path":"/a","fromMs":0,"untilMs":null}]}',
  ])("A4: refuse %s", (text) => {
    expect(acceptancesOfText(text)).toMatchObject({ ok: false });
  });
});
