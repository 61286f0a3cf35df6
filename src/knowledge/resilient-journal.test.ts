import { describe, expect, it } from "vitest";
import { createIds, createRandom, type Timers } from "../kernel/index.ts";
import type { Entry, Store } from "../model/index.ts";
import type { EmergencyJournal, HeldEntries } from "./emergency-journal.ts";
import { createMemoryStore } from "./memory-store.ts";
import { openResilientJournal } from "./resilient-journal.ts";

const clock = { now: () => ({ wallMs: 1e12, monotonicMs: 0 }) };
const note = (what: string): Entry => ({ kind: "request", by: "ann", what });

/** Timers that fire when the test says so. */
class Told implements Timers {
  #waiting: { readonly run: () => void; readonly delayMs: number }[] = [];

  after(delayMs: number, run: () => void): () => void {
    const timer = { run, delayMs };
    this.#waiting.push(timer);
    return () => {
      this.#waiting = this.#waiting.filter((each) => each !== timer);
    };
  }

  fire(delayMs: number): void {
    const due = this.#waiting.filter((each) => each.delayMs === delayMs);
    this.#waiting = this.#waiting.filter((each) => each.delayMs !== delayMs);
    for (const { run } of due) run();
  }
}

async function settle(): Promise<void> {
  for (let count = 0; count < 100; count += 1) await Promise.resolve();
}

function optionsFor(store: Store, timers: Timers, emergency?: EmergencyJournal) {
  const ids = createIds(clock, createRandom(1));
  const mac = (text: string): string => String(text.length);
  return { store, timers, mac, clock, ids, ...(emergency ? { emergency } : {}) };
}

describe("the resilient journal", () => {
  it("goes on behind the store when that is back before the past has been read", async () => {
    const store = createMemoryStore();
    const first = await openResilientJournal(optionsFor(store, new Told()));
    await first.write([note("one"), note("two")]);
    let isAway = true;
    const last = async () => {
      if (isAway) throw new Error("away");
      return await store.last();
    };
    let open: (held: HeldEntries) => void = () => undefined;
    const reads = [
      new Promise<HeldEntries>((resolve) => {
        open = resolve;
      }),
    ];
    const nothing: HeldEntries = { storeEnd: undefined, entries: [] };
    const emergency: EmergencyJournal = {
      append: async () => {},
      read: async () => await (reads.shift() ?? nothing),
      reset: async () => {},
    };
    const timers = new Told();
    const faulty: Store = {
      ...({} as Store),
      last,
      append: (entries) => store.append(entries),
      read: (position, limit) => store.read(position, limit),
    };
    const opening = openResilientJournal(optionsFor(faulty, timers, emergency));
    await settle();
    isAway = false;
    // The probe finds the store, while what the emergency file holds is still being read.
    timers.fire(500);
    await settle();
    open(nothing);
    const journal = await opening;
    await settle();
    expect(await journal.write([note("three")])).toBe("store");
    expect((await store.read(1, 10)).map(({ position }) => position)).toEqual([1, 2, 3]);
    await journal.close();
  });

  it("gives up bringing it to the disk when the disk does not answer", async () => {
    const memory = createMemoryStore();
    const timers = new Told();
    const hanging: Store = {
      ...({} as Store),
      last: () => memory.last(),
      append: (entries) => memory.append(entries),
      read: (position, limit) => memory.read(position, limit),
      sync: () => new Promise<void>(() => undefined),
    };
    const journal = await openResilientJournal(optionsFor(hanging, timers));
    await journal.write([note("one")]);
    const syncing = journal.sync();
    await settle();
    timers.fire(10_000);
    await expect(syncing).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    await journal.close();
  });
});
