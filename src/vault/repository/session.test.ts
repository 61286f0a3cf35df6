import { Buffer } from "node:buffer";
import { describe, expect, test } from "vitest";
import { encodeLock } from "../format/lock-json.ts";
import { LocationFault, pathOfFile } from "../location.ts";
import { MemoryLocation } from "../memory-location.ts";
import { atEach } from "./place.ts";
import { codecOf, randomBytesOf, storeAll, vaultOf } from "./repository-bench.ts";
import { type Session, withSession } from "./session.ts";
import { listSnapshots, writeSnapshot } from "./snapshots.ts";

const { signal } = new AbortController();
const shared = { isExclusive: false, signal };
const exclusive = { isExclusive: true, signal };
const nothing = async (): Promise<void> => {};

const stranger = { hostname: "there", username: "they", pid: 7, uid: 0, gid: 0 };
const startNs = 1_700_000_000_000n * 1_000_000n;

function plantLock(location: MemoryLocation, changes: object = {}): string {
  const lock = { ...stranger, timeNs: startNs, isExclusive: false, ...changes };
  const { bytes, id } = codecOf(9).encodeFile(encodeLock(lock));
  location.files.set(pathOfFile({ kind: "lock", id }), bytes);
  return id;
}

const locksIn = ({ files }: MemoryLocation): readonly string[] =>
  [...files.keys()].filter((path) => path.startsWith("locks/"));

describe("locks", () => {
  test("one stands at each place while work is done, and none afterwards", async () => {
    const places = [new MemoryLocation(), new MemoryLocation()];
    const seen: number[] = [];
    await withSession(vaultOf(places).vault, shared, async () => {
      seen.push(...places.map((place) => locksIn(place).length));
    });
    expect(seen).toEqual([1, 1]);
    expect(places.map((place) => locksIn(place).length)).toEqual([0, 0]);
  });

  test("a place that rests is not asked until it is woken (P2)", async () => {
    const places = [new MemoryLocation(), new MemoryLocation()];
    const { vault } = vaultOf(places);
    vault.places[0]?.rest(new Error("it was away"));
    const taking = (): Promise<readonly boolean[]> =>
      withSession(vault, shared, async () => vault.places.map(({ takesPart }) => takesPart));
    expect(await taking()).toEqual([false, true]);
    vault.places[0]?.wake();
    expect(await taking()).toEqual([true, true]);
  });

  test("they go when the work fails, too", async () => {
    const place = new MemoryLocation();
    const failure = new Error("no");
    const work = withSession(vaultOf([place]).vault, shared, () => Promise.reject(failure));
    await expect(work).rejects.toBe(failure);
    expect(locksIn(place)).toEqual([]);
  });

  test("they go when the caller gives up just when one was written", async () => {
    const giveUp = new AbortController();
    const place = new MemoryLocation();
    const put = place.put.bind(place);
    place.put = async (...call) => {
      await put(...call);
      giveUp.abort();
      giveUp.signal.throwIfAborted();
    };
    const wish = { ...shared, signal: giveUp.signal };
    await expect(withSession(vaultOf([place]).vault, wish, nothing)).rejects.toThrow(/aborted/);
    expect(locksIn(place)).toEqual([]);
  });

  test("shared ones of others are no obstacle to a shared one, but to an exclusive one", async () => {
    const place = new MemoryLocation();
    plantLock(place);
    await withSession(vaultOf([place]).vault, shared, nothing);
    const work = withSession(vaultOf([place]).vault, exclusive, nothing);
    await expect(work).rejects.toMatchObject({ code: "VAULT_LOCKED" });
    await expect(work).rejects.toThrow(/process 7 of they on there, since 2023-11-14T22:13:20Z/);
    expect(locksIn(place)).toHaveLength(1);
  });

  test.each([
    ["a dead process of this machine", { hostname: "here", pid: 8, isExclusive: true }],
    [
      "nobody renewed for half an hour",
      { timeNs: startNs - 1_801_000_000_000n, isExclusive: true },
    ],
  ])("one of %s is removed (K3)", async (_, changes) => {
    const place = new MemoryLocation();
    plantLock(place, changes);
    await withSession(vaultOf([place]).vault, exclusive, nothing);
    expect(locksIn(place)).toEqual([]);
  });

  test("one of a living process of this machine is honoured, and so is one that cannot be read", async () => {
    const place = new MemoryLocation();
    plantLock(place, { hostname: "here", pid: 100, isExclusive: true });
    const work = withSession(vaultOf([place]).vault, shared, nothing);
    await expect(work).rejects.toMatchObject({ code: "VAULT_LOCKED" });
    const other = new MemoryLocation();
    other.files.set(pathOfFile({ kind: "lock", id: "0".repeat(64) }), randomBytesOf(5)(100));
    await expect(withSession(vaultOf([other]).vault, shared, nothing)).rejects.toThrow(
      /cannot be read/,
    );
  });

  test("who only reads goes on without one where none can be written, and nowhere else (S2)", async () => {
    const reading = { ...shared, mayGoWithoutLock: true };
    const readOnly = new MemoryLocation({
      before: ({ method }) => {
        if (method === "put") throw new LocationFault("read-only", "nothing is written here");
      },
    });
    await withSession(vaultOf([readOnly]).vault, reading, nothing);
    const writing = withSession(vaultOf([readOnly]).vault, shared, nothing);
    await expect(writing).rejects.toThrow("nothing is written here");
    const pruned = new MemoryLocation();
    plantLock(pruned, { isExclusive: true });
    const beside = withSession(vaultOf([pruned]).vault, reading, nothing);
    await expect(beside).rejects.toMatchObject({ code: "VAULT_LOCKED" });
  });

  test("one that goes while it is looked at holds nobody off", async () => {
    const place: MemoryLocation = new MemoryLocation({
      before: ({ file, method }) => {
        if (method === "get" && file?.kind === "lock") place.files.delete(pathOfFile(file));
      },
    });
    plantLock(place, { isExclusive: true });
    await withSession(vaultOf([place]).vault, exclusive, nothing);
    expect(locksIn(place)).toEqual([]);
  });

  test("of those that could not be given back a hundred are remembered", async () => {
    const place = new MemoryLocation({
      before: ({ method }) => {
        if (method === "remove") throw new LocationFault("away", "cut off");
      },
    });
    const { vault } = vaultOf([place]);
    for (let count = 0; count < 110; count += 1) await withSession(vault, shared, nothing);
    expect(vault.places[0]?.leftLocks.size).toBe(100);
  });

  test("of two that come at the same time at least one withdraws (K2)", async () => {
    const files = new Map<string, Uint8Array>();
    const attempts = [100, 101].map((pid) => {
      const worker = { hostname: "here", username: "we", pid, uid: 0, gid: 0 };
      const changes = { worker, isAlive: () => true };
      return withSession(
        vaultOf([new MemoryLocation({ files })], changes).vault,
        exclusive,
        nothing,
      );
    });
    const outcomes = await Promise.allSettled(attempts);
    expect(outcomes.filter(({ status }) => status === "rejected").length).toBeGreaterThan(0);
    expect([...files.keys()].filter((path) => path.startsWith("locks/"))).toEqual([]);
  });

  test("one that stands long is renewed by a new file before the old one goes (K4)", async () => {
    const place = new MemoryLocation();
    const { time, vault } = vaultOf([place]);
    await withSession(vault, shared, async () => {
      const [first] = locksIn(place);
      time.pass(5 * 60_000);
      await settle();
      expect(locksIn(place)).toHaveLength(1);
      expect(locksIn(place)).not.toContain(first);
    });
    expect(locksIn(place)).toEqual([]);
  });

  test("work stops when its lock cannot be renewed before others may take it for stale (S3)", async () => {
    let isAway = false;
    const before = (): void => {
      if (isAway) throw new LocationFault("away", "gone");
    };
    const { time, vault } = vaultOf([new MemoryLocation({ before })]);
    await withSession(vault, shared, async (session) => {
      isAway = true;
      for (let minute = 0; minute < 22; minute += 1) {
        time.pass(60_000);
        await settle();
      }
      expect(session.signal.aborted).toBe(false);
      time.pass(60_000);
      await settle();
      time.pass(60_000);
      await settle();
      expect(session.signal.aborted).toBe(true);
      isAway = false;
    });
  });
});

describe("places", () => {
  test("one that does not answer is left out, and is back the next time", async () => {
    let isAway = true;
    const before = (): void => {
      if (isAway) throw new LocationFault("away", "the cable is out");
    };
    const places = [new MemoryLocation(), new MemoryLocation({ before })];
    const { vault } = vaultOf(places);
    const parts = async (): Promise<readonly boolean[]> =>
      withSession(vault, shared, async () => vault.places.map((place) => place.takesPart));
    expect(await parts()).toEqual([true, false]);
    expect(vault.places[1]?.trouble?.message).toBe("the cable is out");
    isAway = false;
    expect(await parts()).toEqual([true, true]);
  });

  test("all have ended before anybody goes on, also when one of them throws", async () => {
    const { vault } = vaultOf([new MemoryLocation(), new MemoryLocation()]);
    const [slow] = vault.places;
    const held = Promise.withResolvers<undefined>();
    let hasEnded = false;
    const run = atEach(
      vault.places,
      async (place) => {
        if (place !== slow) throw new TypeError("a mistake of ours");
        await held.promise;
        hasEnded = true;
      },
      signal,
    );
    const ended = run.catch((error: unknown) => [String(error), hasEnded]);
    for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
    held.resolve(undefined);
    expect(await ended).toEqual(["TypeError: a mistake of ours", true]);
    // The reason why a place is out is the first one.
    slow?.leaveOut(new Error("unplugged"));
    slow?.leaveOut(new Error("what came of it"));
    expect(slow?.trouble?.message).toBe("unplugged");
  });

  test("a snapshot that is damaged at one is told, and none is written without a lock", async () => {
    const places = [new MemoryLocation(), new MemoryLocation()];
    const { damage, vault } = vaultOf(places);
    const about = { parent: "", hostname: "here", username: "", uid: 0, gid: 0, original: "" };
    const lists = { paths: ["/a"], excludes: [], tags: [], programVersion: "" };
    const snapshot = { ...about, ...lists, timeNs: startNs, tree: "ab".repeat(32) };
    const id = await withSession(vault, shared, async (session) => {
      const confirm = (): Promise<void> => Promise.reject(new Error("the lock is lost"));
      await expect(writeSnapshot({ ...session, confirm }, snapshot)).rejects.toThrow("is lost");
      expect(await listSnapshots(session)).toEqual([]);
      return await writeSnapshot(session, snapshot);
    });
    places[0]?.files.set(`snapshots/${id}`, new Uint8Array(100));
    const listed = await withSession(vault, shared, listSnapshots);
    expect(listed.map((each) => each.id)).toEqual([id]);
    expect(damage).toMatchObject([{ kind: "snapshot", id }]);
  });

  test("when none answers, the reasons are thrown (S2)", async () => {
    const before = (): never => {
      throw new LocationFault("away", "the cable is out");
    };
    const work = withSession(vaultOf([new MemoryLocation({ before })]).vault, shared, nothing);
    await expect(work).rejects.toMatchObject({ code: "LOCATION_FAILED" });
    await expect(work).rejects.toThrow("the cable is out");
  });
});

describe("indexes", () => {
  const texts = (count: number, from = 0): readonly Uint8Array[] =>
    Array.from({ length: count }, (_, at) => Buffer.from(`text ${from + at} `.repeat(20)));

  test("what is stored is found again by another who opens the vault, and read whole", async () => {
    const files = new Map<string, Uint8Array>();
    const contents = texts(100);
    const first = vaultOf([new MemoryLocation({ files })]).vault;
    const ids = await withSession(first, shared, (session) => storeAll(session, contents));
    const second = vaultOf([new MemoryLocation({ files })]).vault;
    const read = await withSession(second, shared, (session) => readAll(session, ids));
    expect(read).toEqual(contents.map((content) => Buffer.from(content)));
  });

  test("what is stored already is not stored again, unless a place lacks it (W1)", async () => {
    const places = [new MemoryLocation(), new MemoryLocation()];
    const contents = texts(10);
    const alone = vaultOf(places.slice(0, 1)).vault;
    await withSession(alone, shared, (session) => storeAll(session, contents));
    const packs = countOf(places[0], "data/");
    await withSession(alone, shared, (session) => storeAll(session, contents));
    expect(countOf(places[0], "data/")).toBe(packs);
    const both = vaultOf(places).vault;
    const ids = await withSession(both, shared, (session) => storeAll(session, contents));
    places[0]?.files.clear();
    const last = vaultOf(places).vault;
    await withSession(last, shared, (session) => readAll(session, ids));
  });

  test("packs that a foreign prune took away are not counted on any more", async () => {
    const place = new MemoryLocation();
    const { vault } = vaultOf([place]);
    const [kept, gone] = [texts(5), texts(5, 100)];
    const store = (contents: readonly Uint8Array[]): Promise<readonly Uint8Array[]> =>
      withSession(vault, shared, (session) => storeAll(session, contents));
    await store(kept);
    const before = new Set(place.files.keys());
    const ids = await store(gone);
    for (const path of place.files.keys()) if (!before.has(path)) place.files.delete(path);
    await withSession(vault, shared, async () => {
      expect(ids.map((id) => vault.index.locationsOf(id, "data"))).toEqual([0, 0, 0, 0, 0]);
    });
    await store(gone);
    const [first] = await withSession(vault, shared, (session) => readAll(session, ids));
    expect(first).toEqual(gone[0]);
  });

  test("an index that is sound nowhere leaves its place out, with the reason", async () => {
    const places = [new MemoryLocation(), new MemoryLocation()];
    await withSession(vaultOf(places).vault, shared, (session) => storeAll(session, texts(3)));
    const path = [...(places[1]?.files.keys() ?? [])].find((each) => each.startsWith("index/"));
    const bytes = places[1]?.files.get(path ?? "");
    if (bytes) bytes[20] = (bytes[20] ?? 0) ^ 1;
    places[0]?.files.delete(path ?? "");
    const { vault } = vaultOf(places);
    await withSession(vault, shared, nothing);
    expect(vault.places.map((place) => place.takesPart)).toEqual([true, false]);
    expect(vault.places[1]?.trouble?.message).toMatch(/hash of the file is another/);
  });

  test("damage in one place is read around, and told (R2)", async () => {
    const places = [new MemoryLocation(), new MemoryLocation()];
    const contents = texts(40);
    const { damage, vault } = vaultOf(places);
    const ids = await withSession(vault, shared, (session) => storeAll(session, contents));
    for (const [path, bytes] of places[0]?.files ?? []) {
      if (path.startsWith("data/")) bytes[60] = (bytes[60] ?? 0) ^ 1;
    }
    const read = await withSession(vault, shared, (session) => readAll(session, ids));
    expect(read).toEqual(contents.map((content) => Buffer.from(content)));
    expect(damage.length).toBeGreaterThan(0);
    expect(damage.every(({ kind, location }) => kind === "pack" && location === "memory:")).toBe(
      true,
    );
  });

  test("a place that is full in the middle holds no index of what it lacks (U1, U2)", async () => {
    let puts = 0;
    const before = ({ file, method }: { method: string; file?: { kind: string } }): void => {
      if (method === "put" && file?.kind === "pack" && (puts += 1) > 2) {
        throw new LocationFault("full", "no room");
      }
    };
    const full = new MemoryLocation({ before });
    const whole = new MemoryLocation();
    const { vault } = vaultOf([full, whole]);
    await withSession(vault, shared, (session) => storeAll(session, texts(100)));
    expect(vault.places.map((place) => place.takesPart)).toEqual([false, true]);
    expect(countOf(full, "index/")).toBe(0);
    expect(countOf(whole, "index/")).toBe(1);
  });
});

function countOf(location: MemoryLocation | undefined, beginning: string): number {
  return [...(location?.files.keys() ?? [])].filter((path) => path.startsWith(beginning)).length;
}

async function readAll(
  { signal: limit, vault }: Session,
  ids: readonly Uint8Array[],
): Promise<readonly Buffer[]> {
  const contents: Buffer[] = [];
  for (const id of ids) contents.push(Buffer.from(await vault.reader.read(id, "data", limit)));
  return contents;
}

/** What was begun goes on until it waits for a timer. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
}
