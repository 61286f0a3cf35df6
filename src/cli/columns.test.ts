import { describe, expect, it } from "vitest";
import { columns, cutTo, visibleWidth } from "./columns.ts";

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;

describe("columns", () => {
  it("is as wide as the widest cell, colours not counted", () => {
    expect(
      columns([
        ["a", red("bb"), "c"],
        ["dddd", "e"],
      ]),
    ).toBe(`a     ${red("bb")}  c\ndddd  e`);
  });

  it("lets a remark of one cell be as long as it likes", () => {
    expect(columns([["a", "b"], ["a long remark"], ["c", "d"]])).toBe("a  b\na long remark\nc  d");
  });
});

describe("columns in a narrow room", () => {
  const rows = [["web", "healthy", "7001", "0"], ["  why"], ["base", "ill"]];

  it("leave out what can be spared, one after the other, and only as long as they must", () => {
    const spare = [3, 2];
    expect(columns(rows, { width: 80, spare })).toBe(columns(rows));
    expect(columns(rows, { width: 20, spare })).toBe("web   healthy  7001\n  why\nbase  ill");
    expect(columns(rows, { width: 5, spare })).toBe("web   healthy\n  why\nbase  ill");
  });
});

describe("cutTo", () => {
  it("counts what is seen, and keeps every colour", () => {
    const cut = cutTo(`ab${red("cdef")}gh`, 5);
    expect(cut).toBe(`ab${red("cd")}…`);
    expect(visibleWidth(cut)).toBe(5);
  });

  it("leaves what fits as it is", () => {
    expect(cutTo(red("abc"), 3)).toBe(red("abc"));
  });
});
