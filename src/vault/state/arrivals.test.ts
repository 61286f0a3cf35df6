import { expect, it } from "vitest";
import type { StoredSnapshot } from "../format/snapshot-json.ts";
import { MemoryPlaces, MemoryStateFile } from "../prune/prune-bench.ts";
import { Arrivals } from "./arrivals.ts";

const { codec } = new MemoryPlaces(1);

function snapshot(id: string, atMs: number): StoredSnapshot {
  return {
    id,
    timeNs: BigInt(atMs) * 1_000_000n,
    parent: "",
    tree: "",
    paths: ["/srv"],
    hostname: "box",
    username: "me",
    uid: 0,
    gid: 0,
    excludes: [],
    tags: [],
    original: "",
    programVersion: "",
  };
}

function now(at: number): { at: number; uptimeMs: number; bootId: string; utcOffsetMinutes: 0 } {
  return { at, uptimeMs: at, bootId: "boot", utcOffsetMinutes: 0 };
}

it("hands out a sequence once, and who comes later comes later (A1, A2)", async () => {
  const file = new MemoryStateFile();
  const arrivals = await Arrivals.open({ file, codec });
  await arrivals.see([], now(1));
  await arrivals.see([snapshot("b", 500)], now(1000));
  const again = await Arrivals.open({ file, codec });
  // Its own time says that it is years older, or that it comes from the future.
  const both = [snapshot("a", 1), snapshot("b", 500), snapshot("c", 10 ** 12)];
  const seen = await again.see(both, now(2000));
  const found = seen.map(({ arrival, id }) => [id, arrival.sequence, arrival.at]);
  expect(found).toEqual([
    ["a", 2, 2000],
    ["b", 1, 1000],
    ["c", 3, 2000],
  ]);
});

it("is made anew by times and ids when it is lost, none later than now (A3)", async () => {
  const file = new MemoryStateFile();
  for (const bytes of [undefined, new Uint8Array(99)]) {
    file.bytes = bytes;
    const arrivals = await Arrivals.open({ file, codec });
    const all = [snapshot("d", 9000), snapshot("c", 70), snapshot("b", 70), snapshot("a", 80)];
    const seen = await arrivals.see(all, now(1000));
    const ordered = seen.toSorted((one, other) => one.arrival.sequence - other.arrival.sequence);
    expect(ordered.map(({ arrival, id }) => [id, arrival.at])).toEqual([
      ["b", 70],
      ["c", 70],
      ["a", 80],
      ["d", 1000],
    ]);
    expect(new Set(seen.map(({ arrival }) => arrival.bootId)).size).toBe(4);
  }
});

it("keeps what was noted of a snapshot", async () => {
  const file = new MemoryStateFile();
  const arrivals = await Arrivals.open({ file, codec });
  await arrivals.see([snapshot("a", 1)], now(10));
  await arrivals.mark("a", { isVerified: true });
  await arrivals.mark("unknown", { isSuspect: true });
  const seen = await (await Arrivals.open({ file, codec })).see([snapshot("a", 1)], now(20));
  expect(seen).toMatchObject([{ id: "a", isVerified: true, isSuspect: false }]);
});

it("lets the oldest of what is gone go first, and hands no sequence out twice (A4)", async () => {
  const file = new MemoryStateFile();
  const arrivals = await Arrivals.open({ file, codec, recordsMax: 2 });
  await arrivals.see([snapshot("a", 1), snapshot("b", 2), snapshot("c", 3)], now(10));
  const seen = await arrivals.see([snapshot("c", 3)], now(20));
  expect(seen.map(({ arrival }) => arrival.sequence)).toEqual([3]);
  const back = await arrivals.see([snapshot("a", 1), snapshot("c", 3)], now(30));
  expect(back.map(({ arrival, id }) => [id, arrival.sequence])).toEqual([
    ["a", 4],
    ["c", 3],
  ]);
});

it("takes each of several at its own moment, and what is known keeps its own", async () => {
  const file = new MemoryStateFile();
  const arrivals = await Arrivals.open({ file, codec });
  expect(arrivals.isNew).toBe(true);
  await arrivals.see([snapshot("a", 1)], now(1000));
  expect(arrivals.isNew).toBe(false);
  await arrivals.add([
    { snapshot: { id: "b" }, moment: now(2000), isSuspect: false, isComplete: true },
    { snapshot: { id: "a" }, moment: now(2500), isSuspect: true, isComplete: true },
    { snapshot: { id: "c" }, moment: now(3000), isSuspect: true, isComplete: true },
    // Whoever has it for good does not make what was suspect well.
    { snapshot: { id: "c" }, moment: now(3500), isSuspect: false, isComplete: true },
  ]);
  const again = await Arrivals.open({ file, codec });
  const seen = await again.see([snapshot("a", 1), snapshot("b", 2), snapshot("c", 3)], now(9000));
  const found = seen.map(({ arrival, id, isSuspect }) => [id, arrival.sequence, isSuspect]);
  expect(found).toEqual([
    ["a", 1, true],
    ["b", 2, false],
    ["c", 3, true],
  ]);
  expect(seen.slice(1).map(({ arrival }) => arrival.at)).toEqual([2000, 3000]);
});

it("knows what a person accepted, and with the record that is lost as well (A3)", async () => {
  const file = new MemoryStateFile();
  const arrivals = await Arrivals.open({ file, codec });
  expect(arrivals.accepted).toBeUndefined();
  await arrivals.see([snapshot("a", 1), snapshot("b", 2)], now(1000));
  await arrivals.accept(now(2000));
  await arrivals.see([snapshot("c", 1)], now(3000));
  const again = await Arrivals.open({ file, codec });
  expect(again.accepted).toEqual({ at: 2000, uptimeMs: 2000, bootId: "boot", sequence: 2 });
  file.bytes = new Uint8Array(99);
  expect((await Arrivals.open({ file, codec })).accepted).toBeUndefined();
});
