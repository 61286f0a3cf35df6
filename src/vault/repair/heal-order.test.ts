import { expect, test } from "vitest";
import { type FileKind, LocationFault } from "../location.ts";
import { MemoryLocation } from "../memory-location.ts";
import { withSession } from "../repository/session.ts";
import { prepareEmpty } from "./heal.ts";
import {
  checkAll,
  flip,
  healAll,
  never,
  openScene,
  pathsOf,
  type RepairScene,
  store,
  unlocked,
} from "./repair-bench.ts";
import { RepairWork, unhurried } from "./repair-work.ts";

const contents = Array.from({ length: 12 }, (_, at) => `content ${at} `.repeat(20 + at));

/** What is written and removed at a location, but for locks; kinds that it refuses to take. */
function changesOf(location: MemoryLocation, refused: readonly FileKind[] = []): string[] {
  const changes: string[] = [];
  const put = location.put.bind(location);
  const remove = location.remove.bind(location);
  location.put = async (file, ...rest) => {
    if (refused.includes(file.kind)) throw new LocationFault("full", "no room");
    await put(file, ...rest);
    if (file.kind !== "lock") changes.push(`put ${file.kind} ${file.id}`);
  };
  location.remove = async (file, signal) => {
    await remove(file, signal);
    if (file.kind !== "lock") changes.push(`remove ${file.kind} ${file.id}`);
  };
  return changes;
}

/** One location, with a pack of which parts are lost everywhere. */
async function salvaging(): Promise<{
  scene: RepairScene;
  location: MemoryLocation;
  path: string;
}> {
  const scene = openScene(1);
  await store(scene, contents, 1);
  const [location = new MemoryLocation()] = scene.locations;
  const sizeOf = (path: string): number => location.files.get(path)?.length ?? 0;
  const [path = ""] = pathsOf(location, "pack").toSorted((a, b) => sizeOf(b) - sizeOf(a));
  flip(location, path, 1 - 40 / sizeOf(path));
  return { scene, location, path };
}

test("E4: what is sound of a pack is stored and named before the pack goes", async () => {
  const { location, path, scene } = await salvaging();
  const changes = changesOf(location);
  expect(await healAll(scene)).toMatchObject({ findings: [], lost: [] });
  const words = changes.map((change) => change.split(" ").slice(0, 2).join(" "));
  const index = words.indexOf("put index");
  expect(words.indexOf("put pack")).toBeLessThan(index);
  expect(words.indexOf("put pack")).toBeGreaterThanOrEqual(0);
  expect(index).toBeLessThan(words.indexOf("remove index"));
  expect(words.lastIndexOf("remove index")).toBeLessThan(words.indexOf("remove pack"));
  expect(location.files.has(path)).toBe(false);
});

test.each(["pack", "index"] as const)(
  "E4: where a new %s finds no room, the damaged pack and what names it stay",
  async (kind) => {
    const { location, path, scene } = await salvaging();
    const indexes = pathsOf(location, "index");
    changesOf(location, [kind]);
    const outcome = await healAll(scene);
    expect(outcome.refusals.length).toBeGreaterThan(0);
    expect(location.files.has(path)).toBe(true);
    expect(pathsOf(location, "index")).toEqual(indexes);
  },
);

test("E4: a damaged index stays where there is no room for what would take its place", async () => {
  const scene = openScene(1);
  await store(scene, contents, 1);
  const [location = new MemoryLocation()] = scene.locations;
  const indexes = pathsOf(location, "index");
  for (const path of indexes) flip(location, path);
  const put = location.put.bind(location);
  changesOf(location, ["index"]);
  await healAll(scene);
  expect(pathsOf(location, "index")).toEqual(indexes);
  location.put = put;
  expect(await healAll(scene)).toMatchObject({ findings: [], lost: [] });
  expect((await checkAll(scene)).findings).toEqual([]);
});

test("T1: the newest snapshot is the first that comes", async () => {
  const scene = openScene(2);
  const ids: string[] = [];
  for (const timeMs of [1, 3, 2]) {
    ids.push(await store(scene, [...contents, `of ${timeMs}`], timeMs));
  }
  const changes = changesOf(await emptied(scene));
  expect(await healAll(scene)).toMatchObject({ findings: [], left: [] });
  const came = changes.filter((change) => change.startsWith("put snapshot"));
  expect(came).toEqual([ids[1], ids[2], ids[0]].map((id) => `put snapshot ${id}`));
});

/** The second location is empty, and ready to be filled. */
async function emptied(scene: RepairScene): Promise<MemoryLocation> {
  const [, second = new MemoryLocation()] = scene.locations;
  second.files.clear();
  const states = [{ kind: "ready" }, { kind: "empty" }] as const;
  await prepareEmpty(scene.locations, { ...unlocked, states }, never);
  return second;
}

test("T1: a snapshot that cannot be had whole comes nowhere", async () => {
  const scene = openScene(2);
  const old = await store(scene, contents, 1);
  const [first = new MemoryLocation()] = scene.locations;
  const before = new Set(first.files.keys());
  await store(scene, [...contents, "one more"], 2);
  for (const path of pathsOf(first, "pack")) if (!before.has(path)) first.files.delete(path);
  const second = await emptied(scene);
  // Nothing is given up: a third one may have it.
  const { left } = await healAll(scene, { isAnyLeftOut: true });
  expect(left.map(({ location }) => location)).toContain("memory:1");
  expect(pathsOf(second, "snapshot")).toEqual([`snapshots/${old}`]);
});

test("T3: what lies there under the name of a pack is read before it is named", async () => {
  const scene = openScene(2);
  await store(scene, contents, 1);
  const [first = new MemoryLocation()] = scene.locations;
  const second = await emptied(scene);
  const [path = ""] = pathsOf(first, "pack");
  second.files.set(path, first.files.get(path)?.slice() ?? new Uint8Array());
  flip(second, path, 0.1);
  await healAll(scene);
  expect(second.files.get(path)).toEqual(first.files.get(path));
  expect((await checkAll(scene)).findings).toEqual([]);
});

test("nothing is written when the lock is lost, and who is away is asked once", async () => {
  const scene = openScene(1);
  const [location = new MemoryLocation()] = scene.locations;
  const [place] = scene.vault.places;
  if (place === undefined) throw new Error("a vault has a place");
  const file = { kind: "snapshot", id: "ab".repeat(32) } as const;
  const options = { parts: [new Uint8Array(9)], how: "copied" } as const;
  let puts = 0;
  await withSession(scene.vault, { isExclusive: true, signal: never }, async (session) => {
    const confirm = (): Promise<void> => Promise.reject(new Error("it is lost"));
    const late = new RepairWork({ ...session, confirm }, unhurried);
    await expect(late.write(place, file, options)).rejects.toThrow("it is lost");
    expect(pathsOf(location, "snapshot")).toEqual([]);
    location.put = async () => {
      puts += 1;
      throw new LocationFault("away", "unplugged");
    };
    const work = new RepairWork(session, unhurried);
    expect(await work.write(place, file, options)).toBe(false);
    expect(await work.write(place, file, options)).toBe(false);
  });
  expect(puts).toBe(1);
});

test("what is away is not prepared: something else may stand in its place", async () => {
  const location = new MemoryLocation();
  const fault = new LocationFault("away", "unplugged");
  await prepareEmpty([location], { ...unlocked, states: [{ kind: "away", fault }] }, never);
  expect(location.files.size).toBe(0);
});
