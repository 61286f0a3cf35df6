import { describe, expect, it } from "vitest";
import type { ControlMessage } from "../model/index.ts";
import { EngineSteering } from "./engine-steering.ts";

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
    expect(next.wishOf("shop")).toEqual({
      version: 1,
      mode: "monitor",
      isolated: { "mail.send": "moved" },
    });
    const released = await next.change("shop", { release: "mail.send" });
    expect(released).toEqual({ version: 2, mode: "monitor", isolated: {} });
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

  it.each(["", "{", '{"version":2,"wishes":{}}', '{"version":1,"wishes":{"shop":{"version":1}}}'])(
    "nobody can read any more (%s) lifts nothing: engines hear of none (G3)",
    async (kept) => {
      const bench = new Bench();
      bench.kept = kept;
      const steering = bench.open();
      expect(steering.isReadable).toBe(false);
      const { heard } = listening(steering, "shop", "a");
      expect(heard).toEqual([{ kind: "votes", votes: [] }]);
      await steering.change("shop", { mode: "shadow" });
      expect(heard.at(-1)).toMatchObject({ kind: "wish", mode: "shadow" });
    },
  );

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
