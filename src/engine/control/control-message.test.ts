import { describe, expect, it } from "vitest";
import { readControl, writeWish } from "./control-message.ts";

const wish = { kind: "wish", version: 3, mode: "monitor", isolated: { "mail.send": "moved" } };
const long = "x".repeat(201);
const many = Object.fromEntries(Array.from({ length: 101 }, (_, at) => [`op-${at}`, "why"]));

describe("a message of the daemon", () => {
  it("is a wish, which is kept and read again the same", () => {
    const read = readControl(JSON.stringify(wish));
    expect(read).toEqual({
      kind: "wish",
      version: 3,
      mode: "monitor",
      isolated: new Map([["mail.send", "moved"]]),
    });
    if (read.kind !== "wish") throw new Error("it is one");
    expect(readControl(writeWish(read))).toEqual(read);
    const free = { ...read, mode: undefined };
    expect(readControl(writeWish(free))).toEqual(free);
  });

  it("is what others have opened", () => {
    const votes = [{ instance: "a", open: [{ name: "mail.send", forMs: 10 }] }];
    expect(readControl(JSON.stringify({ kind: "votes", votes }))).toEqual({ kind: "votes", votes });
  });

  it.each([
    ["no JSON", "{"],
    ["nothing", "null"],
    ["a list", "[]"],
    ["another kind", { kind: "eval", code: "1" }],
    ["a mode that is none", { ...wish, mode: "fuller" }],
    ["no mode at all", { kind: "wish", version: 3, isolated: {} }],
    ["a version below 0", { ...wish, version: -1 }],
    ["more than it should have", { ...wish, switches: {} }],
    ["a reason that is none", { ...wish, isolated: { "mail.send": 1 } }],
    ["a reason that is too long", { ...wish, isolated: { "mail.send": long } }],
    ["too many operations", { ...wish, isolated: many }],
    ["a name that pollutes", '{"kind":"wish","version":1,"mode":null,"isolated":{"__proto__":""}}'],
    ["votes without a list", { kind: "votes", votes: "all" }],
    [
      "a vote for ever",
      { kind: "votes", votes: [{ instance: "a", open: [{ name: "x", forMs: 1e12 }] }] },
    ],
    ["a vote by a name that is too long", { kind: "votes", votes: [{ instance: long, open: [] }] }],
  ])("that is or has %s is refused", (_what, message) => {
    const text = typeof message === "string" ? message : JSON.stringify(message);
    expect(() => readControl(text)).toThrow(Error);
  });
});
