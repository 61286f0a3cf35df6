import { describe, expect, test } from "vitest";
import { parsePrometheus, type Series } from "./parse.ts";
import { fits, readSelector } from "./selector.ts";

function only(text: string): Series | undefined {
  const { series, badLines } = parsePrometheus(text);
  expect(badLines).toBe(0);
  expect(series.length).toBe(1);
  return series[0];
}

describe("the text formats", () => {
  test("timestamps and exemplars are passed over", () => {
    expect(only("http_requests_total 1027 1395066363000")?.value).toBe(1027);
    const line = 'foo_bucket{le="10.0"} 17 # {trace_id="oHg5SJYRHA0"} 9.8 1520879607.789';
    expect(only(line)).toEqual({ name: "foo_bucket", labels: { le: "10.0" }, value: 17 });
  });

  test("the forms of a number", () => {
    const values = ["1", "-1.5", "+2", ".5", "5.", "1e3", "1.5E-2", "+Inf", "-Inf", "inf", "NaN"];
    expect(values.map((word) => only(`x ${word}`)?.value)).toEqual([
      1,
      -1.5,
      2,
      0.5,
      5,
      1000,
      0.015,
      Infinity,
      -Infinity,
      Infinity,
      NaN,
    ]);
  });

  test("blanks, trailing commas, Windows line ends and no last newline", () => {
    const text = 'a{ b = "c" , d="e", } \t 1\r\nb\t2\r\n  c   3';
    expect(parsePrometheus(text)).toEqual({
      series: [
        { name: "a", labels: { b: "c", d: "e" }, value: 1 },
        { name: "b", labels: {}, value: 2 },
        { name: "c", labels: {}, value: 3 },
      ],
      badLines: 0,
      isCut: false,
    });
  });

  test("quoted names", () => {
    const line = '{"http.requests", "my label"="x\\"\\\\\\ny"} 4';
    expect(only(line)).toEqual({
      name: "http.requests",
      labels: { "my label": 'x"\\\ny' },
      value: 4,
    });
  });

  test("a line that has a label twice is none, and the others count (1)", () => {
    const text = 'a{x="1",x="2"} 1\nb{x="1",x="1"} 2\nc{x="1"} 3\n';
    const { series, badLines } = parsePrometheus(text);
    expect(series.map(({ name }) => name)).toEqual(["c"]);
    expect(badLines).toBe(2);
  });

  test("a label of any name is a label, also one that objects have already", () => {
    expect(Object.entries(only('a{__proto__="x"} 1')?.labels ?? {})).toEqual([["__proto__", "x"]]);
  });

  test.each(["<html>", "a", "a{", 'a{b="c} 1', "a{b=c} 1", "a 1x", "1a 2", 'a{"b"} 1', "a1 0x10"])(
    "%s is counted as a bad line",
    (line) => {
      expect(parsePrometheus(`${line}\nb 2`)).toMatchObject({
        badLines: 1,
        series: [{ name: "b" }],
      });
    },
  );
});

test("more series than wanted are cut off, and it is said (2)", () => {
  const text = "a 1\nb 2\nc 3\n";
  expect(parsePrometheus(text, { seriesMax: 2 })).toMatchObject({ isCut: true, badLines: 0 });
  expect(parsePrometheus(text, { seriesMax: 2 }).series.length).toBe(2);
  expect(parsePrometheus(text, { seriesMax: 3 }).isCut).toBe(false);
});

describe("a selector", () => {
  test("has labels that must be there; others do not matter", () => {
    const wanted = readSelector('jobs{queue="mail"}');
    const { series } = parsePrometheus(
      'jobs{queue="mail",zone="a"} 1\njobs{queue="web"} 2\njobs 3',
    );
    expect(series.filter((each) => fits(each, wanted)).map(({ value }) => value)).toEqual([1]);
  });

  test.each(["", "{}", "a b", 'a{b="c"} 1', "a{"])("%s is none", (text) => {
    expect(() => readSelector(text)).toThrow("names no series");
  });
});
