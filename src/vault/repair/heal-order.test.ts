import { expect, test } from "vitest";
import { type FileKind, LocationFault } from "../location.ts";
import { MemoryLocation } from "../memory-location.ts";
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
  const { put } = location;
  changesOf(location, ["index"]);
  await healAll(scene);
  expect(pathsOf(location, "index")).toEqual(indexes);
  location.put = put.bind(location);
  expect(await healAll(scene)).toMatchObject({ findings: [], lost: [] });
  expect((await checkAll(scene)).findings).toEqual([]);
});

test("T1: the newest snapshot is the first that comes", async () => {
  const scene = openScene(2);
  const ids: string[] = [];
  for (const timeMs of [1, 3, 2]) {
    ids.push(await store(scene, [...contents, `of ${timeMs}`], timeMs));
  }
  const [, second = new MemoryLocation()] = scene.locations;
  second.files.clear();
  const states = [{ kind: "ready" }, { kind: "empty" }] as const;
  await prepareEmpty(scene.locations, { ...unlocked, states }, never);
  const changes = changesOf(second);
  expect(await healAll(scene)).toMatchObject({ findings: [], left: [] });
  const came = changes.filter((change) => change.startsWith("put snapshot"));
  expect(came).toEqual([ids[1], ids[2], ids[0]].map((id) => `put snapshot ${id}`));
});

test("what is away is not prepared: something else may stand in its place", async () => {
  const location = new MemoryLocation();
  const fault = new LocationFault("away", "unplugged");
  await prepareEmpty([location], { ...unlocked, states: [{ kind: "away", fault }] }, never);
  expect(location.files.size).toBe(0);
});
