import { describe, expect, it } from "vitest";
import { readControl, wishAt, writeWish } from "./control-message.ts";

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
      providers: new Map(),
      limits: new Map(),
      said: new Map(),
    });
    if (read.kind !== "wish") throw new Error("it is one");
    expect(readControl(writeWish(read))).toEqual(read);
    const free = { ...read, mode: undefined };
    expect(readControl(writeWish(free))).toEqual(free);
  });

  it("has providers, limits and who wants them, until their time is over", () => {
    const said = { by: "alice", at: 1000, until: 5000, reason: "slow" };
    const full = {
      ...wish,
      providers: { "llm:a": { kind: "eject", reason: "slow" } },
      limits: { "mail.send": { timeoutMs: 2000, concurrency: 3, perSecond: 0.5 } },
      said: { mode: said, "provider llm:a": said, "isolate mail.send": { ...said, until: null } },
    };
    const read = readControl(JSON.stringify(full));
    if (read.kind !== "wish") throw new Error("it is one");
    expect(JSON.parse(writeWish(read))).toEqual(full);
    expect(wishAt(read, 4999)).toEqual({ wish: read, untilMs: 5000 });
    const { wish: left, untilMs } = wishAt(read, 5000);
    expect([left.mode, left.providers.size, untilMs]).toEqual([undefined, 0, Infinity]);
    expect([left.isolated, left.limits]).toEqual([read.isolated, read.limits]);
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
    ["a timeout below the floor", { ...wish, limits: { x: { timeoutMs: 99 } } }],
    ["no call at once", { ...wish, limits: { x: { concurrency: 0 } } }],
    ["next to no calls per second", { ...wish, limits: { x: { perSecond: 0.09 } } }],
    ["a limit that is none", { ...wish, limits: { x: { memory: 1 } } }],
    ["a wish for a provider that is none", { ...wish, providers: { x: { kind: "charge" } } }],
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
