/** What a new daemon will know: a checkpoint is what the journal says up to it, and no more. */
import { expect, test } from "vitest";
import type { JournalKeeper } from "../../src/daemon/journal-keeper.ts";
import {
  createMemoryStore,
  createRecollection,
  recollect,
  sealCheckpoint,
  unsealCheckpoint,
  writeRecollection,
} from "../../src/knowledge/index.ts";
import type { Entry, SealedEntry, Store } from "../../src/model/index.ts";
import { realClock } from "../../src/system/index.ts";
import { keptJournal, mac } from "./keeper-bench.ts";

test("a write that is under way is not in the checkpoint of the one before it (J1)", async () => {
  await using stack = new AsyncDisposableStack();
  const store = createMemoryStore();
  const checkpoints: { readonly position: number; readonly state: string }[] = [];
  const saveCheckpoint = store.saveCheckpoint.bind(store);
  store.saveCheckpoint = async (position, state) => {
    checkpoints.push({ position, state });
    await saveCheckpoint(position, state);
  };
  const keeperOf = await keptJournal(stack, { store });
  const keeper = keeperOf();

  const { wallMs } = realClock.now();
  const scopes = (from: number, count: number): readonly Entry[] =>
    Array.from({ length: count }, (_, index) => {
      return { kind: "mode_changed", scope: `s${from + index}`, mode: "full", by: "a test" };
    });
  await Promise.all([keeper.write(scopes(0, 2000), wallMs), keeper.write(scopes(2000, 1), wallMs)]);
  await expect.poll(() => checkpoints.length).toBeGreaterThan(0);
  for (const { position, state } of checkpoints) {
    const memory = createRecollection();
    for (const { entry, at } of await store.read(1, position)) recollect(memory, entry, at);
    expect(unsealCheckpoint({ position, state }, mac)).toBe(writeRecollection(memory));
  }
});

test("a store that has lost everything gets what is known, and readers hear the new journal from its beginning", async () => {
  await using stack = new AsyncDisposableStack();
  let current = createMemoryStore();
  const store = new Proxy({} as Store, {
    get: (_, name) => current[name as keyof Store].bind(current),
  });
  const keeperOf = await keptJournal(stack, {
    store,
    probeMs: 1,
    returned: (how) => keeper.returned(how),
  });
  const keeper: JournalKeeper = keeperOf();
  const modes = (from: number, count: number): readonly Entry[] =>
    Array.from({ length: count }, (_, index) => {
      return { kind: "mode_changed", scope: `s${from + index}`, mode: "shadow", by: "a test" };
    });
  const heard: SealedEntry[] = [];
  keeper.subscribe((entries) => heard.push(...entries));
  const { wallMs } = realClock.now();
  await keeper.write(modes(0, 300), wallMs);
  await expect.poll(() => heard.length).toBe(300);

  current = createMemoryStore();
  await keeper.write(modes(300, 1), wallMs);
  await expect.poll(() => heard.at(-1)?.entry).toMatchObject({ scope: "s300" });
  const anew = heard.slice(300);
  expect(anew.map(({ position }) => position)).toEqual(anew.map((_, index) => index + 1));
  expect(anew.map(({ entry }) => entry.kind)).toContain("gap");
  await expect.poll(() => current.loadCheckpoint()).toBeDefined();
  expect([...(await keeperOf().recall()).modes.keys()]).toContain("s0");
});

test("a checkpoint that somebody has changed, or taken away, is told, and not believed (J3)", async () => {
  await using stack = new AsyncDisposableStack();
  const store = createMemoryStore();
  const keeperOf = await keptJournal(stack, { store });
  const { wallMs } = realClock.now();
  const modeOf = (mode: "full" | "off"): Entry => {
    return { kind: "mode_changed", scope: "fleet", mode, by: "a test" };
  };
  const first = keeperOf();
  await first.write([modeOf("off")], wallMs);
  await first.checkpoint();
  const saved = await store.loadCheckpoint();
  const state = saved?.state.replace('"off"', '"full"') ?? "";
  await store.saveCheckpoint(saved?.position ?? 0, state);

  const next = keeperOf();
  expect((await next.recall()).modes.get("fleet")).toBe("off");
  await next.write([modeOf("full")], wallMs);
  const last = (await store.read(2, 10)).map(({ entry }) => entry);
  expect(last.map(({ kind }) => kind)).toEqual(["gap", "mode_changed"]);
  expect(last[0]).toHaveProperty("reason", expect.stringContaining("does not fit its seal"));
  // What was pruned up to a checkpoint is missed without it.
  await next.checkpoint();
  const retention = { metricsBefore: 0, failuresBefore: 0, entriesBefore: wallMs + 1000 };
  expect(await store.prune(retention)).toBe(2);
  const bare: Pick<Store, "loadCheckpoint"> = { loadCheckpoint: async () => undefined };
  Object.assign(store, bare);
  const third = keeperOf();
  await third.recall();
  await third.write([modeOf("off")], wallMs);
  const told = (await store.read(4, 10)).map(({ entry }) => entry);
  expect(told[0]).toHaveProperty("reason", expect.stringContaining("there is no checkpoint"));
});

test("what was found in the past is told with the next write, when the first one fails", async () => {
  await using stack = new AsyncDisposableStack();
  const store = createMemoryStore();
  let isBroken = false;
  const fragile = (text: string): string => {
    if (isBroken) throw new Error("it cannot be sealed");
    return mac(text);
  };
  const keeperOf = await keptJournal(stack, { store, mac: fragile });
  const { wallMs } = realClock.now();
  const modeOf = (scope: string): Entry => {
    return { kind: "mode_changed", scope, mode: "off", by: "a test" };
  };
  await keeperOf().write([modeOf("service/a")], wallMs);
  await store.saveCheckpoint(1, "nobody's seal\n{}");

  const next = keeperOf();
  await next.recall();
  isBroken = true;
  await expect(next.write([modeOf("service/b")], wallMs)).rejects.toThrow("it cannot be sealed");
  isBroken = false;
  await next.write([modeOf("service/c")], wallMs);
  await next.write([modeOf("service/d")], wallMs);
  const kinds = (await store.read(2, 10)).map(({ entry }) => entry.kind);
  expect(kinds).toEqual(["gap", "mode_changed", "mode_changed"]);
  // What was not written is in no checkpoint either (J1).
  await next.checkpoint();
  const { modes } = await keeperOf().recall();
  expect([...modes.keys()]).toEqual(["service/a", "service/c", "service/d"]);
});

test("an older checkpoint in the place of the last one is not believed, for the journal has a hole behind it (J3)", async () => {
  await using stack = new AsyncDisposableStack();
  const store = createMemoryStore();
  const keeperOf = await keptJournal(stack, { store });
  const { wallMs } = realClock.now();
  const modeOf = (scope: string, mode: "full" | "off"): Entry => {
    return { kind: "mode_changed", scope, mode, by: "a test" };
  };
  const first = keeperOf();
  await first.write([modeOf("fleet", "off")], wallMs);
  await first.checkpoint();
  const older = await store.loadCheckpoint();
  await first.write([modeOf("fleet", "full"), modeOf("service/a", "off")], wallMs);
  await first.checkpoint();
  await store.prune({ metricsBefore: 0, failuresBefore: 0, entriesBefore: wallMs + 1000 });
  await store.saveCheckpoint(older?.position ?? 0, older?.state ?? "");

  const next = keeperOf();
  expect([...(await next.recall()).modes]).toEqual([["service/a", "off"]]);
  await next.write([modeOf("fleet", "full")], wallMs);
  const [gap] = (await store.read(4, 1)).map(({ entry }) => entry);
  expect(gap).toMatchObject({ kind: "gap" });
  expect(gap).toHaveProperty("reason", expect.stringContaining("a newer one was taken away"));
});

test("an end that was cut off is told, and its checkpoint gone on with until another takes its place (J3)", async () => {
  await using stack = new AsyncDisposableStack();
  const modeOf = (scope: string): Entry => {
    return { kind: "mode_changed", scope, mode: "off", by: "a test" };
  };
  const { wallMs } = realClock.now();
  const whole = createMemoryStore();
  const first = (await keptJournal(stack, { store: whole }))();
  await first.write([modeOf("service/a"), modeOf("service/b"), modeOf("service/c")], wallMs);
  await first.checkpoint();
  const saved = await whole.loadCheckpoint();

  const store = createMemoryStore();
  await store.append(await whole.read(1, 1));
  await store.saveCheckpoint(saved?.position ?? 0, saved?.state ?? "");
  const keeperOf = await keptJournal(stack, { store });
  const next = keeperOf();
  expect([...(await next.recall()).modes.keys()]).toEqual(["service/a", "service/b", "service/c"]);
  await next.write([modeOf("service/d")], wallMs);
  const told = (await store.read(2, 10)).map(({ entry }) => entry);
  expect(told.map(({ kind }) => kind)).toEqual(["gap", "mode_changed"]);
  expect(told[0]).toMatchObject({ lost: 2 });
  expect(told[0]).toHaveProperty("reason", expect.stringContaining("the end was cut off"));

  // Nothing that stands now where the checkpoint was is passed over.
  await next.write([modeOf("service/e"), modeOf("service/f")], wallMs);
  const last = keeperOf();
  const scopes = ["a", "b", "c", "d", "e", "f"].map((name) => `service/${name}`);
  expect([...(await last.recall()).modes.keys()]).toEqual(scopes);
  await last.write([modeOf("fleet")], wallMs);
  expect((await store.read(6, 10)).map(({ entry }) => entry.kind)).toEqual(["mode_changed"]);
});

test("a checkpoint that this version cannot read is told once the journal has no beginning (J3)", async () => {
  await using stack = new AsyncDisposableStack();
  const store = createMemoryStore();
  const keeperOf = await keptJournal(stack, { store });
  const { wallMs } = realClock.now();
  const mode: Entry = { kind: "mode_changed", scope: "fleet", mode: "off", by: "a test" };
  await keeperOf().write([mode, { ...mode, scope: "service/a" }], wallMs);
  const state = sealCheckpoint({ position: 2, state: `{"version":2}` }, mac);
  await store.saveCheckpoint(2, state);

  const whole = keeperOf();
  expect([...(await whole.recall()).modes.keys()]).toEqual(["fleet", "service/a"]);
  await whole.write([mode], wallMs);
  expect((await store.read(3, 10)).map(({ entry }) => entry.kind)).toEqual(["mode_changed"]);

  await store.prune({ metricsBefore: 0, failuresBefore: 0, entriesBefore: wallMs + 1000 });
  const partial = keeperOf();
  expect([...(await partial.recall()).modes.keys()]).toEqual(["service/a", "fleet"]);
  await partial.write([mode], wallMs);
  const [gap] = (await store.read(4, 1)).map(({ entry }) => entry);
  expect(gap).toMatchObject({ kind: "gap" });
  expect(gap).toHaveProperty("reason", expect.stringContaining("this version cannot read"));
});

test("a past that is not answered for is read as it lies there, or left until the store is back (J4)", async () => {
  await using stack = new AsyncDisposableStack();
  const lying = createMemoryStore();
  const { wallMs } = realClock.now();
  const before = (await keptJournal(stack, { store: lying }))();
  await before.write([{ kind: "mode_changed", scope: "fleet", mode: "off", by: "a test" }], wallMs);

  const never = () => new Promise<never>(() => undefined);
  /** Writes are taken, and no question about the past is answered. */
  const hanging: Store = { ...createMemoryStore(), loadCheckpoint: never };
  const askDeadlineMs = 20;
  const rest = { store: hanging, askDeadlineMs };
  const next = (await keptJournal(stack, { ...rest, openPast: () => lying }))();
  expect((await next.recall()).modes.get("fleet")).toBe("off");
  const deaf = { ...lying, last: never, read: never, loadCheckpoint: never, close: never };
  const third = (await keptJournal(stack, { ...rest, openPast: () => deaf }))();
  expect((await third.recall()).modes.size).toBe(0);
});

test("a past that could not be read is recalled when the store is back, up to where this daemon began (J4, J5)", async () => {
  await using stack = new AsyncDisposableStack();
  const store = createMemoryStore();
  const { wallMs } = realClock.now();
  const modeOf = (scope: string): Entry => {
    return { kind: "mode_changed", scope, mode: "off", by: "a test" };
  };
  const before = (await keptJournal(stack, { store }))();
  await before.write([modeOf("service/a"), modeOf("service/b")], wallMs);

  const never = () => new Promise<never>(() => undefined);
  const asked: string[] = [];
  let isAway = true;
  const hanging = new Proxy(store, {
    get(own, name: keyof Store) {
      if (!isAway) return own[name].bind(own);
      asked.push(name);
      return never;
    },
  });
  const lying = { ...store, last: never, read: never, loadCheckpoint: never, close: never };
  const keeperOf = await keptJournal(stack, {
    store: hanging,
    away: new Error("the disk does not answer"),
    openPast: () => lying,
    lyingDeadlineMs: 20,
    writeDeadlineMs: 20,
    probeMs: 20,
    returned: (how) => keeper.returned(how),
  });
  const keeper: JournalKeeper = keeperOf();
  expect((await keeper.recall()).modes.size).toBe(0);
  expect([keeper.lacksPast, await keeper.recallLate()]).toEqual([true, undefined]);
  // Only who finds out whether it is back has asked it.
  expect(asked.filter((name) => name !== "last")).toEqual([]);
  await keeper.write([modeOf("service/c")], wallMs);

  isAway = false;
  await expect.poll(() => keeper.kept).toBe("store");
  await keeper.write([modeOf("service/d")], wallMs);
  await keeper.checkpoint();
  expect(await store.loadCheckpoint()).toBeUndefined();
  const late = await keeper.recallLate();
  expect([...(late?.modes.keys() ?? [])]).toEqual(["service/a", "service/b"]);
  await keeper.checkpoint();
  // Behind the past there is a word about the time without a store, too.
  expect((await store.loadCheckpoint())?.position).toBe(5);
});
