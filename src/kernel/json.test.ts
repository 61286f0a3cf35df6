import { describe, expect, it } from "vitest";
import { canonicalJson } from "./json.ts";

describe("canonical JSON", () => {
  it("sorts keys at every depth, and keeps the order of lists", () => {
    expect(canonicalJson({ b: { d: 1, c: [3, { f: 1, e: 2 }] }, a: null })).toBe(
      '{"a":null,"b":{"c":[3,{"e":2,"f":1}],"d":1}}',
    );
  });

  it("passes over undefined members, and makes undefined items null as JSON does", () => {
    expect(canonicalJson({ a: undefined, b: [undefined, 1] })).toBe('{"b":[null,1]}');
    expect(canonicalJson(undefined)).toBe("null");
  });

  it("can be read again", () => {
    const value = { text: 'a"\n\u2028', number: 1.5e-7, flag: true, list: [], empty: {} };
    expect(JSON.parse(canonicalJson(value))).toEqual(value);
  });
});
