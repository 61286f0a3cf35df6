import { expect, it } from "vitest";
import type { RawPath } from "../raw-path.ts";
import { Arrivals } from "../state/arrivals.ts";
import { Doubts } from "../state/doubts.ts";
import { Tombstones } from "../state/tombstones.ts";
import { type ForgetOptions, type ForgetOutcome, forget } from "./forget.ts";
import { prune } from "./prune.ts";
import {
  countOf,
  exclusively,
  isKill,
  MemoryPlaces,
  MemoryStateFile,
  restoreAll,
  store,
} from "./prune-bench.ts";

class Scene {
  readonly places: MemoryPlaces;
  readonly graves = new MemoryStateFile();
  readonly records = new MemoryStateFile();
  readonly doubts = new MemoryStateFile();

  constructor(places: MemoryPlaces) {
    this.places = places;
  }

  async backUp(count: number): Promise<readonly string[]> {
    const ids: string[] = [];
    for (let at = 0; at < count; at += 1) {
      this.places.wallMs += 3_600_000;
      const vault = this.places.open();
      ids.push(await store(vault, { a: { file: `${this.places.wallMs}` } }));
    }
    return ids;
  }

  async forget(options: Partial<ForgetOptions>, callsLeft?: number): Promise<ForgetOutcome> {
    const vault = this.places.open();
    const { codec, wallMs: at } = this.places;
    const tombstones = await Tombstones.open({ file: this.graves, codec });
    const arrivals = await Arrivals.open({ file: this.records, codec });
    const now = { at, uptimeMs: at, bootId: "boot", utcOffsetMinutes: 0 };
    this.places.callsLeft = callsLeft ?? Number.POSITIVE_INFINITY;
    return await exclusively(vault, async (session) =>
      forget(session, {
        policy: { last: 2 },
        host: "box",
        paths: ["/srv"],
        now,
        tombstones,
        arrivals,
        doubts: await Doubts.open({ file: this.doubts, codec }),
        ...options,
      }),
    );
  }

  async tombstones(): Promise<Tombstones> {
    return await Tombstones.open({ file: this.graves, codec: this.places.codec });
  }

  snapshotsAt(place: number): readonly string[] {
    return [...restoreAll(this.places.files[place] ?? new Map(), this.places.codec).keys()];
  }
}

it("forgets at every place, with the reasons for what is kept", async () => {
  const scene = new Scene(new MemoryPlaces(2));
  const ids = await scene.backUp(5);
  const outcome = await scene.forget({});
  expect(outcome.forgotten.toSorted()).toEqual(ids.slice(0, 3).toSorted());
  expect(outcome.removedFiles).toBe(6);
  expect(outcome.plan.keep.map(({ id, reasons }) => [id, reasons[0]])).toEqual([
    [ids[4], { kind: "rule", rule: "last" }],
    [ids[3], { kind: "rule", rule: "last" }],
  ]);
  for (const place of [0, 1]) expect(scene.snapshotsAt(place)).toEqual(ids.slice(3));
  expect((await scene.tombstones()).size).toBe(0);
});

it("changes nothing at any place in a dry run (F4)", async () => {
  const scene = new Scene(new MemoryPlaces(2));
  const ids = await scene.backUp(5);
  expect((await scene.forget({ isDryRun: true })).forgotten).toHaveLength(3);
  for (const place of [0, 1]) expect(scene.snapshotsAt(place)).toEqual(ids);
  expect((await scene.tombstones()).size).toBe(0);
});

it("keeps the tombstone until a place that was away has removed it as well (F1)", async () => {
  const scene = new Scene(new MemoryPlaces(2));
  const ids = await scene.backUp(4);
  scene.places.away.add(1);
  await scene.forget({});
  expect([scene.snapshotsAt(0), scene.snapshotsAt(1)]).toEqual([ids.slice(2), ids]);
  expect((await scene.tombstones()).size).toBe(2);
  scene.places.away.clear();
  expect((await scene.forget({})).forgotten).toEqual([]);
  expect(scene.snapshotsAt(1)).toEqual(ids.slice(2));
  expect((await scene.tombstones()).size).toBe(0);
});

it("forgets what a place that only appends goes on to hold, and never counts it again (F2)", async () => {
  const scene = new Scene(new MemoryPlaces(2, [1]));
  const ids = await scene.backUp(4);
  await scene.forget({});
  expect([scene.snapshotsAt(0), scene.snapshotsAt(1)]).toEqual([ids.slice(2), ids]);
  expect((await scene.tombstones()).size).toBe(2);
  const again = await scene.forget({});
  expect(again.plan.keep.map(({ id }) => id).toSorted()).toEqual(ids.slice(2).toSorted());
});

it("lets the union win when tombstones are lost or damaged (T3)", async () => {
  for (const bytes of [undefined, new Uint8Array(64)]) {
    const scene = new Scene(new MemoryPlaces(2, [1]));
    const ids = await scene.backUp(4);
    await scene.forget({});
    scene.graves.bytes = bytes;
    const again = await scene.forget({ policy: {} });
    expect(again.plan.keep.map(({ id }) => id).toSorted()).toEqual([...ids].toSorted());
    expect(scene.snapshotsAt(1)).toEqual(ids);
  }
});

it("goes on where it was killed, and what is forgotten stays so (F1)", {
  timeout: 60_000,
}, async () => {
  const scene = new Scene(new MemoryPlaces(2));
  const ids = await scene.backUp(4);
  await scene.forget({ isDryRun: true });
  const atFirst = scene.places.files.map((files) => new Map(files));
  for (let calls = 0; calls < 60; calls += 3) {
    for (const [at, files] of scene.places.files.entries()) {
      for (const [path, bytes] of atFirst[at] ?? []) files.set(path, bytes);
    }
    scene.graves.bytes = undefined;
    await scene.forget({}, calls).catch((error: unknown) => {
      if (!isKill(error)) throw error;
    });
    const left = [0, 1].map((place) => scene.snapshotsAt(place).length);
    const isBegun = Math.min(...left) < 4 && Math.max(...left) > 2;
    if (isBegun) expect((await scene.tombstones()).size).toBe(2);
    await scene.forget({});
    for (const place of [0, 1]) expect(scene.snapshotsAt(place)).toEqual(ids.slice(2));
  }
});

it("thins out what watching made, and what was needed by it is pruned", async () => {
  const scene = new Scene(new MemoryPlaces(1));
  const ids = await scene.backUp(30);
  const outcome = await scene.forget({ policy: {}, limit: 12, target: 8 });
  expect(outcome.thinning.merges.length).toBeGreaterThanOrEqual(18);
  expect(scene.snapshotsAt(0).length).toBeLessThanOrEqual(12);
  expect(scene.snapshotsAt(0)).toContain(ids[29]);
  const tombstones = await scene.tombstones();
  await exclusively(scene.places.open(), (session) =>
    prune(session, { isForgotten: (id) => tombstones.has(id), smallPacksMax: 4 }),
  );
  expect(countOf(scene.places.files[0] ?? new Map(), "data")).toBeLessThanOrEqual(4);
  expect(countOf(scene.places.files[0] ?? new Map(), "index")).toBeLessThanOrEqual(2);
});

it("takes nothing for forgotten that could not be written down (T1)", async () => {
  const { codec } = new MemoryPlaces(1);
  const file = new MemoryStateFile();
  file.write = () => Promise.reject(new Error("the disk is full"));
  const tombstones = await Tombstones.open({ file, codec });
  const id = "ab".repeat(32);
  await expect(tombstones.add([id])).rejects.toThrow("the disk is full");
  expect(tombstones.has(id)).toBe(false);
});

it("forgets nothing more when there is no room for tombstones (T4)", async () => {
  const scene = new Scene(new MemoryPlaces(2));
  const ids = await scene.backUp(5);
  const { codec } = scene.places;
  const tombstones = await Tombstones.open({ file: scene.graves, codec, tombstonesMax: 2 });
  await expect(scene.forget({ tombstones })).rejects.toMatchObject({ code: "CONFLICT" });
  expect(scene.snapshotsAt(0)).toEqual(ids);
});

it("thins out what is too many, and leaves to the rules what the rules decide", async () => {
  const scene = new Scene(new MemoryPlaces(1));
  const ids = await scene.backUp(6);
  expect((await scene.forget({ thinsOnly: true })).forgotten).toEqual([]);
  const { forgotten } = await scene.forget({ thinsOnly: true, limit: 5, target: 4 });
  expect(forgotten.length).toBeGreaterThan(0);
  // The rule keeps the last two.
  for (const id of ids.slice(-2)) expect(forgotten).not.toContain(id);
  expect(scene.snapshotsAt(0)).toHaveLength(6 - forgotten.length);
});

it("forgets nothing while there is a doubt, and what was accepted once stays so (F5)", async () => {
  const scene = new Scene(new MemoryPlaces(1));
  const { codec } = scene.places;
  await scene.backUp(2);
  await scene.forget({});
  const arrivals = await Arrivals.open({ file: scene.records, codec });
  const [suspect = ""] = scene.snapshotsAt(0);
  await arrivals.mark(suspect, { isSuspect: true });
  const doubts = await Doubts.open({ file: scene.doubts, codec });
  await doubts.add({ path: "/srv" as RawPath, rule: "H8", why: "many were rewritten" });
  await scene.backUp(2);
  const kinds = async (options: Partial<ForgetOptions>): Promise<readonly string[]> =>
    (await scene.forget(options)).plan.freezes.map(({ kind }) => kind);
  expect(await kinds({})).toEqual(["told", "suspect-run"]);
  expect(await kinds({ isAccepted: true, isDryRun: true })).toEqual([]);
  expect(await kinds({ limit: 1, thinsOnly: true })).toEqual(["told", "suspect-run"]);
  expect(scene.snapshotsAt(0)).toHaveLength(4);
  expect(await kinds({ isAccepted: true, policy: {} })).toEqual([]);
  const { forgotten, plan } = await scene.forget({});
  expect([forgotten.length, plan.freezes]).toEqual([2, []]);
});
