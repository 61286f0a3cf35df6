import { describe, expect, it } from "vitest";
import type { ControlMessage } from "../model/index.ts";
import { EngineSteering } from "./engine-steering.ts";
import { wishWords } from "./engine-wish.ts";

/** What was kept, what an engine hears, and the time. */
class Bench {
  kept: string | undefined;
  nowMs = 1000;
  isFull = false;

  open(): EngineSteering {
    return new EngineSteering({
      kept: this.kept,
      keep: async (content) => {
        if (this.isFull) throw new Error("no space is left");
        this.kept = content;
      },
      wallMs: () => this.nowMs,
    });
  }
}

function listening(steering: EngineSteering, service: string, instance: string) {
  const heard: ControlMessage[] = [];
  const leave = steering.join(service, instance, {
    send: (message) => void heard.push(message),
    end: () => {},
  });
  return { heard, leave };
}

const stand = { version: 0, mode: "full" } as const;
const mail = [{ name: "mail.send", forMs: 5000 }];

describe("a wish", () => {
  it("is known to the next daemon, and counts on (G1)", async () => {
    const bench = new Bench();
    const isolate = { operation: "mail.send", reason: "moved" };
    await bench.open().change("shop", { mode: "monitor", isolate });
    const next = bench.open();
    const by = { by: "somebody", at: 1000, until: null };
    expect(next.wishOf("shop")).toEqual({
      version: 1,
      mode: "monitor",
      isolated: { "mail.send": "moved" },
      providers: {},
      limits: {},
      said: { mode: { ...by, reason: null }, "isolate mail.send": { ...by, reason: "moved" } },
    });
    const released = await next.change("shop", { release: "mail.send" });
    expect(released).toMatchObject({ version: 2, mode: "monitor", isolated: {} });
    expect(Object.keys(released.said)).toEqual(["mode"]);
  });

  it("that could not be kept is told to nobody (G1)", async () => {
    const bench = new Bench();
    const steering = bench.open();
    const { heard } = listening(steering, "shop", "a");
    bench.isFull = true;
    await expect(steering.change("shop", { mode: "off" })).rejects.toThrow("no space is left");
    expect(steering.wishOf("shop").version).toBe(0);
    bench.isFull = false;
    await steering.change("shop", { mode: "limited" });
    const modes = heard.flatMap((each) => (each.kind === "wish" ? [each.mode] : []));
    expect(modes).toEqual([null, "limited"]);
  });

  it("of several at once loses none", async () => {
    const steering = new Bench().open();
    const isolated = ["a", "b", "c"].map((operation) => ({ operation, reason: "x" }));
    await Promise.all(isolated.map((isolate) => steering.change("shop", { isolate })));
    const { version, isolated: all } = steering.wishOf("shop");
    expect([version, Object.keys(all)]).toEqual([3, ["a", "b", "c"]]);
  });

  it("has limits, which join those of before, and providers; each is taken back alone", async () => {
    const bench = new Bench();
    const steering = bench.open();
    const limit = (more: object) => steering.change("shop", { limit: { operation: "a", ...more } });
    await limit({ timeoutMs: 2000 });
    await limit({ perSecond: 5, concurrency: 3 });
    await steering.change("shop", { eject: "llm:a", reason: "wrong answers" }, "alice");
    await steering.change("shop", { prefer: "llm:b" });
    const next = bench.open();
    expect(next.wishOf("shop")).toMatchObject({
      limits: { a: { timeoutMs: 2000, perSecond: 5, concurrency: 3 } },
      providers: {
        "llm:a": { kind: "eject", reason: "wrong answers" },
        "llm:b": { kind: "prefer" },
      },
      said: { "provider llm:a": { by: "alice", reason: "wrong answers" } },
    });
    await limit({ perSecond: null });
    expect(steering.wishOf("shop").limits).toEqual({ a: { timeoutMs: 2000, concurrency: 3 } });
    await limit({ timeoutMs: null, concurrency: null });
    await steering.change("shop", { readmit: "llm:a" });
    await steering.change("shop", { readmit: "llm:b" });
    expect(steering.wishOf("shop")).toMatchObject({ limits: {}, providers: {}, said: {} });
    await limit({ timeoutMs: 2000 });
    expect(await steering.change("shop", { unlimit: "a" })).toMatchObject({ limits: {}, said: {} });
  });

  it("for a time is over then, for who joins and for the next daemon (G6)", async () => {
    const bench = new Bench();
    const steering = bench.open();
    const limit = { operation: "a", timeoutMs: 500 };
    await steering.change("shop", { mode: "shadow", limit, forMs: 5000 });
    await steering.change("shop", { isolate: { operation: "b", reason: "x" } });
    bench.nowMs += 4999;
    expect(steering.wishOf("shop")).toMatchObject({ mode: "shadow", limits: { a: {} } });
    bench.nowMs += 1;
    const left = { mode: null, limits: {}, isolated: { b: "x" } };
    expect(steering.wishOf("shop")).toMatchObject(left);
    expect(bench.open().wishOf("shop")).toMatchObject(left);
    expect(listening(steering, "shop", "late").heard[0]).toMatchObject({ kind: "wish", ...left });
  });

  it.each([
    "",
    "{",
    '{"version":2,"wishes":{}}',
    '{"version":1,"wishes":{"shop":{"version":1}}}',
    '{"version":1,"wishes":{"shop":{"version":1,"mode":null,"isolated":{},"limits":{"a":{"b":1}}}}}',
  ])("nobody can read any more (%s) lifts nothing: engines hear of none (G3)", async (kept) => {
    const bench = new Bench();
    bench.kept = kept;
    const steering = bench.open();
    expect(steering.isReadable).toBe(false);
    const { heard } = listening(steering, "shop", "a");
    expect(heard).toEqual([{ kind: "votes", votes: [] }]);
    await steering.change("shop", { mode: "shadow" });
    expect(heard.at(-1)).toMatchObject({ kind: "wish", mode: "shadow" });
  });

  it("isolates a hundred operations at most (G5)", async () => {
    const steering = new Bench().open();
    for (let at = 0; at < 100; at += 1) {
      await steering.change("shop", { isolate: { operation: `op-${at}`, reason: "x" } });
    }
    const more = { isolate: { operation: "more", reason: "x" } };
    await expect(steering.change("shop", more)).rejects.toThrow("no room");
  });
});

describe("votes", () => {
  it("are told to the others of the service, until their time is over (G4)", () => {
    const bench = new Bench();
    const steering = bench.open();
    const a = listening(steering, "shop", "a");
    const b = listening(steering, "shop", "b");
    const other = listening(steering, "bank", "c");
    const before = [a.heard.length, other.heard.length];
    expect(steering.hear("shop", { ...stand, instance: "a", open: mail })).toBe(true);
    expect(b.heard.at(-1)).toEqual({ kind: "votes", votes: [{ instance: "a", open: mail }] });
    expect([a.heard.length, other.heard.length]).toEqual(before);
    bench.nowMs += 2000;
    const late = listening(steering, "shop", "d");
    const open = [{ name: "mail.send", forMs: 3000 }];
    expect(late.heard.at(-1)).toEqual({ kind: "votes", votes: [{ instance: "a", open }] });
    bench.nowMs += 3000;
    const later = listening(steering, "shop", "e");
    expect(later.heard.at(-1)).toEqual({ kind: "votes", votes: [] });
  });

  it("go with their engine, and count from nobody who does not listen", () => {
    const steering = new Bench().open();
    const a = listening(steering, "shop", "a");
    steering.hear("shop", { ...stand, instance: "a", open: mail });
    a.leave();
    const b = listening(steering, "shop", "b");
    expect(b.heard.at(-1)).toEqual({ kind: "votes", votes: [] });
    expect(steering.hear("shop", { ...stand, instance: "a", open: mail })).toBe(false);
    expect(steering.hear("bank", { ...stand, instance: "b", open: mail })).toBe(false);
  });

  it("of an engine that connects anew do not go with its old connection", () => {
    const steering = new Bench().open();
    const old = listening(steering, "shop", "a");
    listening(steering, "shop", "a");
    old.leave();
    expect(steering.linkOf("shop", "a")).toMatchObject({ instance: "a", version: null });
  });
});

it("is told to people in words", () => {
  const limit = { operation: "mail.send", timeoutMs: 2000, perSecond: 5 };
  const words = wishWords({ mode: null, limit, eject: "llm:a", reason: "slow", forMs: 60_000 });
  expect(words).toBe(
    "no mode of its own, llm:a not asked, a timeout of 2 s and 5 calls per second for mail.send, for 1 m (slow)",
  );
});
