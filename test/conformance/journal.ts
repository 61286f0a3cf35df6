/**
 * What the journal that outlives its store promises, as one suite: a random life with outages of
 * the store and of the emergency journal, hangs, late successes and crashes.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Timers } from "../../src/kernel/index.ts";
import {
  createMemoryStore,
  type EmergencyJournal,
  openResilientJournal,
  type ResilientJournal,
  verifyChain,
} from "../../src/knowledge/index.ts";
import type { Entry, Kept, SealedEntry, Store } from "../../src/model/index.ts";
import { idsAt, mac, startAt } from "./entries.ts";

export interface EmergencyScene extends AsyncDisposable {
  readonly emergency: EmergencyJournal;
}

/** `late` carries the call out and does not say so; `hang` does not even do that. */
type Fault = "none" | "reject" | "hang" | "late";

const never = new Promise<never>(() => undefined);

/** The same journal behind a door that can be shut. */
class Faulty {
  fault: Fault = "none";
  /** Counts down to the fault: 0 is now. */
  afterCalls = 0;
  /** Calls that are really under way. */
  underWay = 0;

  async pass<T>(call: () => Promise<T>): Promise<T> {
    if (this.fault !== "none" && this.afterCalls > 0) {
      this.afterCalls -= 1;
      return await this.through(call);
    }
    switch (this.fault) {
      case "reject":
        throw new Error("disk full");
      case "hang":
        return await never;
      case "late":
        await this.through(call);
        return await never;
      default:
        return await this.through(call);
    }
  }

  async through<T>(call: () => Promise<T>): Promise<T> {
    this.underWay += 1;
    try {
      return await call();
    } finally {
      this.underWay -= 1;
    }
  }
}

function faultyStore(store: Store, door: Faulty): Store {
  const pass = <K extends "append" | "read" | "last" | "sync">(method: K): Store[K] =>
    ((...values: never[]) =>
      door.pass(() =>
        (store[method] as (...values: never[]) => Promise<unknown>)(...values),
      )) as Store[K];
  return {
    ...({} as Store),
    append: (entries) => door.pass(() => store.append(entries)),
    read: pass("read"),
    last: pass("last"),
    sync: pass("sync"),
  };
}

function faultyEmergency(emergency: EmergencyJournal, door: Faulty): EmergencyJournal {
  return {
    append: (held) => door.pass(() => emergency.append(held)),
    read: () => door.through(() => emergency.read()),
    reset: () => door.pass(() => emergency.reset()),
  };
}

/** Time that passes when it is told to. */
class ToldTimers implements Timers {
  #nowMs = 0;
  #timers = new Map<object, { dueMs: number; run: () => void }>();
  readonly #isBusy: () => boolean;

  constructor(isBusy: () => boolean) {
    this.#isBusy = isBusy;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, run: () => void): () => void {
    const key = {};
    this.#timers.set(key, { dueMs: this.#nowMs + delayMs, run });
    return () => void this.#timers.delete(key);
  }

  /** What a dead process had asked for does not happen. */
  clear(): void {
    this.#timers.clear();
  }

  async pass(ms: number): Promise<void> {
    const end = this.#nowMs + ms;
    for (;;) {
      await this.#settle();
      const due = [...this.#timers].filter(([, { dueMs }]) => dueMs <= end);
      const next = due.sort((a, b) => a[1].dueMs - b[1].dueMs)[0];
      if (next === undefined) break;
      this.#timers.delete(next[0]);
      this.#nowMs = Math.max(this.#nowMs, next[1].dueMs);
      next[1].run();
    }
    this.#nowMs = end;
  }

  /** Until nothing is under way any more and everybody has heard of it. */
  async #settle(): Promise<void> {
    for (let turn = 0; turn < 20 || this.#isBusy(); turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const ringMax = 12;

class Life {
  readonly store = createMemoryStore();
  readonly storeDoor = new Faulty();
  readonly emergencyDoor = new Faulty();
  readonly timers = new ToldTimers(() => this.storeDoor.underWay + this.emergencyDoor.underWay > 0);
  readonly kept = new Map<string, Kept>();
  readonly #emergency: EmergencyJournal;
  journal!: ResilientJournal;
  crashes = 0;
  #written = 0;

  constructor(emergency: EmergencyJournal) {
    this.#emergency = emergency;
  }

  async start(): Promise<void> {
    const clock = {
      now: () => ({ wallMs: startAt + this.timers.nowMs, monotonicMs: this.timers.nowMs }),
    };
    const opening = openResilientJournal({
      store: faultyStore(this.store, this.storeDoor),
      emergency: faultyEmergency(this.#emergency, this.emergencyDoor),
      mac,
      clock,
      timers: this.timers,
      ids: idsAt(startAt + this.crashes, this.crashes),
      ringMax,
    });
    this.journal = await this.#meanwhile(opening);
  }

  async write(count: number): Promise<Kept> {
    const entries: Entry[] = [];
    for (let index = 0; index < count; index += 1) {
      this.#written += 1;
      entries.push({ kind: "request", by: "ann", what: String(this.#written) });
    }
    const kept = await this.#meanwhile(this.journal.write(entries));
    for (const entry of entries) {
      if (entry.kind === "request") this.kept.set(entry.what, kept);
    }
    return kept;
  }

  /** Time passes until it is done, and not without end. */
  async #meanwhile<T>(work: Promise<T>): Promise<T> {
    const progress = { isDone: false };
    const done = work.finally(() => {
      progress.isDone = true;
    });
    for (let second = 0; second < 100 && !progress.isDone; second += 1) {
      await this.timers.pass(1000);
    }
    expect(progress.isDone).toBe(true);
    return await done;
  }

  async crash(): Promise<void> {
    this.crashes += 1;
    this.timers.clear();
    await this.start();
  }

  async heal(): Promise<void> {
    this.storeDoor.fault = "none";
    this.emergencyDoor.fault = "none";
    await this.timers.pass(120_000);
  }

  async stored(): Promise<readonly SealedEntry[]> {
    return await this.store.read(1, 100_000);
  }
}

type Deed =
  | { readonly kind: "write"; readonly count: number }
  | { readonly kind: "store" | "emergency"; readonly fault: Fault; readonly afterCalls: number }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "crash" }
  | { readonly kind: "heal" };

const faults = fc.constantFrom<Fault>("none", "reject", "hang", "late");
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.integer({ min: 1, max: 8 }).map((count) => ({ kind: "write", count })),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constantFrom("store" as const, "emergency" as const),
      fault: faults,
      afterCalls: fc.integer({ min: 0, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 60_000 }).map((ms) => ({ kind: "pass", ms })) },
  { weight: 1, arbitrary: fc.constantFrom({ kind: "crash" }, { kind: "heal" }) },
) as fc.Arbitrary<Deed>;

type Open = () => Promise<EmergencyScene>;

export function journalConformance(name: string, open: Open): void {
  describe(`the resilient journal over ${name}`, () => {
    lifeTests(open);
    restartTests(open);
  });
}

function lifeTests(open: Open): void {
  test("survives any life: in order, once, chained, and it says what was lost", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(deed, { maxLength: 25 }), async (deeds) => {
        await using scene = await open();
        await judge(await live(scene, deeds));
      }),
      { numRuns: 60 },
    );
  });

  test("goes to the emergency journal, comes back by itself and loses nothing", async () => {
    await using scene = await open();
    const life = new Life(scene.emergency);
    await life.start();
    expect(await life.write(3)).toBe("store");
    life.storeDoor.fault = "reject";
    expect(await life.write(3)).toBe("emergency");
    await expect(life.journal.sync()).rejects.toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(await life.journal.held()).toHaveLength(3);
    life.storeDoor.fault = "none";
    await life.timers.pass(5000);
    expect(life.journal.kept).toBe("store");
    expect(await life.write(1)).toBe("store");
    expect(await scene.emergency.read()).toMatchObject({ entries: [] });
    const entries = await life.stored();
    expect(entries.map(({ entry }) => entry.kind)).toEqual(Array(7).fill("request"));
    expect(verifyChain(entries, mac)).toMatchObject({ proven: 7, lost: 0 });
  });

  test("keeps the newest in memory when both are away, and tells the gap", async () => {
    await using scene = await open();
    const life = new Life(scene.emergency);
    await life.start();
    await life.write(2);
    life.storeDoor.fault = "reject";
    life.emergencyDoor.fault = "reject";
    for (let index = 0; index < 5; index += 1) expect(await life.write(4)).toBe("memory");
    expect(life.journal.lost).toBe(20 - ringMax);
    await life.heal();
    const entries = await life.stored();
    expect(entries.map(({ position }) => position)).toEqual(entries.map((_, index) => index + 1));
    expect(entries[2]?.entry).toEqual({ kind: "gap", lost: 8, reason: "disk full" });
    expect(verifyChain(entries, mac)).toMatchObject({ proven: 2 + 1 + ringMax, lost: 8 });
  });
}

function restartTests(open: Open): void {
  test("a write that was given up and succeeds late is there once", async () => {
    await using scene = await open();
    const life = new Life(scene.emergency);
    await life.start();
    life.storeDoor.fault = "late";
    expect(await life.write(2)).toBe("emergency");
    await life.heal();
    await life.write(1);
    expect((await life.stored()).map(whatOf)).toEqual(["1", "2", "3"]);
  });

  test("what was in memory only goes to the emergency journal when that is back", async () => {
    await using scene = await open();
    const life = new Life(scene.emergency);
    await life.start();
    life.storeDoor.fault = "reject";
    life.emergencyDoor.fault = "reject";
    expect(await life.write(3)).toBe("memory");
    life.emergencyDoor.fault = "none";
    await life.timers.pass(60_000);
    expect(await life.write(1)).toBe("emergency");
    life.storeDoor.fault = "none";
    await life.crash();
    expect((await life.stored()).map(whatOf)).toEqual(["1", "2", "3", "4"]);
  });

  test("a new life brings in what the last one left", async () => {
    await using scene = await open();
    const life = new Life(scene.emergency);
    await life.start();
    await life.write(1);
    life.storeDoor.fault = "hang";
    await life.write(2);
    await life.crash();
    expect(await life.write(1)).toBe("emergency");
    life.storeDoor.fault = "none";
    await life.crash();
    await life.write(1);
    expect((await life.stored()).map(whatOf)).toEqual(["1", "2", "3", "4", "5"]);
    expect(verifyChain(await life.stored(), mac)).toMatchObject({ proven: 5, lost: 0 });
  });
}

async function live(scene: EmergencyScene, deeds: readonly Deed[]): Promise<Life> {
  const life = new Life(scene.emergency);
  await life.start();
  for (const deed of deeds) {
    if (deed.kind === "write") await life.write(deed.count);
    else if (deed.kind === "pass") await life.timers.pass(deed.ms);
    else if (deed.kind === "crash") await life.crash();
    else if (deed.kind === "heal") await life.heal();
    else {
      const door = deed.kind === "store" ? life.storeDoor : life.emergencyDoor;
      door.fault = deed.fault;
      door.afterCalls = deed.afterCalls;
    }
  }
  await life.heal();
  return life;
}

async function judge(life: Life): Promise<void> {
  expect(life.journal.kept).toBe("store");
  const entries = await life.stored();
  const verification = verifyChain(entries, mac);
  expect(verification.finding).toBeUndefined();
  expect(verification.proven).toBe(entries.length);
  const seen = entries.flatMap(({ entry }) =>
    entry.kind === "request" ? [Number(entry.what)] : [],
  );
  // In the order in which they were written, and each once.
  expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
  const there = new Set(seen.map(String));
  const missing = [...life.kept].filter(([what]) => !there.has(what));
  expect(missing.filter(([, kept]) => kept !== "memory")).toEqual([]);
  if (life.crashes === 0) expect(verification.lost).toBe(missing.length);
}

function whatOf({ entry }: SealedEntry): string {
  return entry.kind === "request" ? entry.what : entry.kind;
}
