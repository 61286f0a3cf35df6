import { expect, test } from "vitest";
import { isDamage } from "../check/finding.ts";
import { LocationFault } from "../location.ts";
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

async function filled(count: number): Promise<RepairScene> {
  const scene = openScene(count);
  await store(scene, contents, 1);
  await store(scene, [...contents, "one more"], 2);
  return scene;
}

test("finds nothing where nothing is wrong, and heals nothing", async () => {
  const scene = await filled(2);
  const outcome = await checkAll(scene);
  expect(outcome).toMatchObject({ findings: [], left: [] });
  expect(outcome.packsRead).toBeGreaterThan(10);
  expect(await healAll(scene)).toMatchObject({
    repairs: [],
    refusals: [],
    lost: [],
    findings: [],
    left: [],
  });
});

const damages: readonly [string, (scene: RepairScene, path: string) => void][] = [
  ["a flipped bit", ({ locations: [first] }, path) => first && flip(first, path)],
  ["a flipped last bit", ({ locations: [first] }, path) => first && flip(first, path, 1)],
  ["a missing file", ({ locations: [first] }, path) => void first?.files.delete(path)],
  [
    "an empty file",
    ({ locations: [first] }, path) => void first?.files.set(path, new Uint8Array()),
  ],
  [
    "a longer file",
    ({ locations: [first] }, path) => {
      const bytes = first?.files.get(path) ?? [];
      first?.files.set(path, Uint8Array.from([...bytes, 0]));
    },
  ],
  ["a bad sector", ({ locations: [first] }, path) => void first?.badSectors.set(path, 0)],
];

for (const kind of ["config", "key", "pack", "index", "snapshot"] as const) {
  for (const [name, damage] of damages) {
    test(`E1: ${name} among the files of the kind ${kind} is found, and comes back`, async () => {
      const scene = await filled(2);
      const [first, second] = scene.locations;
      const path = (first && pathsOf(first, kind)[0]) ?? "";
      damage(scene, path);
      const { findings } = await checkAll(scene);
      const id = path.slice(path.lastIndexOf("/") + 1);
      const isLostIndex = kind === "index" && name === "a missing file";
      const expected = { location: "memory:0", kind, id: kind === "config" ? "" : id };
      if (isLostIndex) {
        expect(findings.map(({ problem }) => problem)).toContain("incomplete");
      } else {
        expect(findings).toContainEqual(
          expect.objectContaining({ ...expected, repairableFrom: ["memory:1"] }),
        );
      }
      expect(findings.every(({ location }) => location === "memory:0")).toBe(true);
      const outcome = await healAll(scene);
      expect(outcome).toMatchObject({ findings: [], refusals: [], lost: [], left: [] });
      expect((await checkAll(scene)).findings).toEqual([]);
      if (!isLostIndex) expect(first?.files.get(path)).toEqual(second?.files.get(path));
    });
  }
}

test("E2: a pack that is damaged in another part at each location is the same again", async () => {
  const scene = await filled(3);
  const path = pathsOf(scene.locations[0] as never, "pack")[0] ?? "";
  const before = scene.locations[0]?.files.get(path);
  for (const [at, location] of scene.locations.entries()) flip(location, path, at / 2);
  const outcome = await healAll(scene);
  expect(outcome.repairs.map(({ how }) => how)).toEqual(["rebuilt", "rebuilt", "rebuilt"]);
  for (const { files } of scene.locations) expect(files.get(path)).toEqual(before);
  expect((await checkAll(scene)).findings).toEqual([]);
});

test("E2: bad sectors in another blob at each location leave a pack the same", async () => {
  const scene = { ...openScene(2), packBytes: 40_000 };
  const long = Array.from({ length: 9000 }, (_, at) =>
    String.fromCodePoint(0x4e00 + (Math.imul(at, 0x9e37_79b1) >>> 18)),
  );
  await store(scene, [long.join(""), long.toReversed().join("")]);
  const [first = new MemoryLocation(), second = new MemoryLocation()] = scene.locations;
  const sizeOf = (path: string): number => first.files.get(path)?.length ?? 0;
  const [path = ""] = pathsOf(first, "pack").toSorted((a, b) => sizeOf(b) - sizeOf(a));
  const before = first.files.get(path);
  for (const [at, { badSectors }] of [first, second].entries()) {
    badSectors.set(path, Math.floor(sizeOf(path) * (0.25 + at / 2)));
  }
  const outcome = await healAll(scene);
  expect(outcome.repairs.map(({ how }) => how)).toEqual(["rebuilt", "rebuilt"]);
  for (const { files } of scene.locations) expect(files.get(path)).toEqual(before);
  expect((await checkAll(scene)).findings).toEqual([]);
});

/** Each has the name of the next one. */
async function renamed(count: number): Promise<RepairScene> {
  const scene = await filled(1);
  await store(
    scene,
    Array.from(contents, (each) => `${each} again`),
    3,
  );
  const [location = new MemoryLocation()] = scene.locations;
  const paths = pathsOf(location, "pack").slice(0, count);
  expect(paths).toHaveLength(count);
  const before = new Map(location.files);
  for (const [at, path] of paths.entries()) {
    location.files.set(path, before.get(paths[(at + 1) % count] ?? "") ?? new Uint8Array());
  }
  return scene;
}

test.each([2, 8])("E1: %i packs that changed their names are themselves again", async (count) => {
  const scene = await renamed(count);
  const [location] = scene.locations;
  const before = new Map(location?.files);
  const outcome = await healAll(scene);
  expect(outcome).toMatchObject({ findings: [], lost: [] });
  expect(outcome.repairs).toHaveLength(count);
  expect([...(location?.files.keys() ?? [])].toSorted()).toEqual([...before.keys()].toSorted());
  expect((await checkAll(scene)).findings).toEqual([]);
});

test("of more than can be held at once, none is written over", async () => {
  const scene = await renamed(9);
  const before = new Map(scene.locations[0]?.files);
  const outcome = await healAll(scene);
  expect(outcome.lost).toEqual([]);
  expect(outcome.findings.filter(({ kind }) => kind === "pack")).toHaveLength(9);
  expect(scene.locations[0]?.files).toEqual(before);
});

test("a pack whose list is damaged everywhere gives its blobs to a new one", async () => {
  const scene = await filled(2);
  const [{ files: before }] = scene.locations as [MemoryLocation];
  const sizeOf = (name: string): number => before.get(name)?.length ?? 0;
  const paths = pathsOf(scene.locations[0] as never, "pack");
  const [path = ""] = paths.toSorted((left, right) => sizeOf(right) - sizeOf(left));
  // The list and its MAC are the last hundred bytes and more.
  for (const location of scene.locations) flip(location, path, 1 - 40 / sizeOf(path));
  const outcome = await healAll(scene);
  expect(outcome).toMatchObject({ findings: [], lost: [] });
  for (const { files } of scene.locations) expect(files.has(path)).toBe(false);
  expect((await checkAll(scene)).findings).toEqual([]);
});

test("E3: what is lost is told, and the next backup stores it again", async () => {
  const scene = await filled(2);
  const paths = pathsOf(scene.locations[0] as never, "pack");
  for (const path of paths) for (const location of scene.locations) flip(location, path, 0.1);
  const outcome = await healAll(scene);
  expect(outcome.lost.length).toBe(paths.length);
  expect(outcome.findings.map(({ problem }) => problem)).toContain("incomplete");
  expect(outcome.findings.every(({ kind }) => kind === "snapshot")).toBe(true);
  await store(scene, [...contents, "one more"], 3);
  await store(scene, contents, 4);
  expect((await checkAll(scene)).findings).toEqual([]);
});

test("nothing is given up while a location of the vault takes no part at all", async () => {
  const scene = await filled(1);
  const [location] = scene.locations;
  const path = (location && pathsOf(location, "pack")[0]) ?? "";
  location?.files.set(path, new Uint8Array(9));
  const outcome = await healAll(scene, { isAnyLeftOut: true });
  expect(outcome).toMatchObject({ lost: [], repairs: [] });
  expect(location?.files.has(path)).toBe(true);
  expect((await healAll(scene)).lost).toHaveLength(1);
});

test("nothing is given up while a location is away that may hold it", async () => {
  let isAway = false;
  const scene = openScene(2, {}, (name) => {
    if (isAway && name === "memory:1") throw new LocationFault("away", "unplugged");
  });
  await store(scene, contents, 1);
  const [first] = scene.locations;
  const path = (first && pathsOf(first, "pack")[0]) ?? "";
  first?.files.delete(path);
  isAway = true;
  const outcome = await healAll(scene);
  expect(outcome.left).toContainEqual({ location: "memory:1", reason: "unplugged" });
  expect(outcome).toMatchObject({ lost: [], repairs: [] });
  expect(outcome.findings.map(({ problem }) => problem)).toContain("missing");
  isAway = false;
  expect(await healAll(scene)).toMatchObject({ findings: [], lost: [] });
});

test("every index of all locations is lost: they are read from the packs", async () => {
  const scene = await filled(2);
  for (const location of scene.locations) {
    for (const path of pathsOf(location, "index")) location.files.delete(path);
  }
  expect((await checkAll(scene)).findings.filter(isDamage).map(({ kind }) => kind)).toEqual(
    Array<string>(4).fill("snapshot"),
  );
  expect(await healAll(scene)).toMatchObject({ findings: [], lost: [] });
  expect((await checkAll(scene)).findings).toEqual([]);
});

test.each([
  ["of this location", 1],
  ["of all locations", 2],
])(
  "a pack that lies under another's name is not believed; the indexes %s are gone",
  async (_, count) => {
    const scene = await filled(2);
    const before = new Map(scene.locations[0]?.files);
    const [name = "", other = ""] = scene.locations[1] ? pathsOf(scene.locations[1], "pack") : [];
    scene.locations[1]?.files.set(name, before.get(other) ?? new Uint8Array());
    for (const location of scene.locations.slice(2 - count)) {
      for (const path of pathsOf(location, "index")) location.files.delete(path);
    }
    expect(await healAll(scene)).toMatchObject({ findings: [], lost: [], left: [] });
    for (const { files } of scene.locations) expect(files.get(name)).toEqual(before.get(name));
  },
);

test("W2: what is append-only says exactly what it cannot have repaired", async () => {
  const scene = openScene(2, { isAppendOnly: true });
  await store(scene, contents, 1);
  const [first] = scene.locations;
  const [rotten = "", gone = ""] = (first && pathsOf(first, "pack")) ?? [];
  if (first) flip(first, rotten);
  first?.files.delete(gone);
  const { findings, refusals, repairs } = await healAll(scene);
  const id = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
  expect(repairs).toEqual([{ location: "memory:0", kind: "pack", id: id(gone), how: "copied" }]);
  expect(refusals).toEqual([
    expect.objectContaining({ location: "memory:0", kind: "pack", id: id(rotten) }),
  ]);
  expect(findings).toEqual([
    expect.objectContaining({ kind: "pack", id: id(rotten), problem: "damaged" }),
  ]);
});

test("T1: an empty location is filled, and has its config last", async () => {
  const scene = await filled(2);
  const [first, second] = scene.locations;
  second?.files.clear();
  const states = [{ kind: "ready" }, { kind: "empty" }] as const;
  await prepareEmpty(scene.locations, { ...unlocked, states }, never);
  const writes: string[] = [];
  const set = second?.files.set.bind(second.files);
  if (second && set) {
    second.files.set = (path, bytes) => {
      const [folder = ""] = path.split("/");
      if (folder !== "locks" && writes.at(-1) !== folder) writes.push(folder);
      return set(path, bytes);
    };
  }
  expect(await healAll(scene)).toMatchObject({ findings: [], left: [] });
  expect(writes).toEqual(["data", "index", "snapshots", "data", "index", "snapshots", "config"]);
  const paths = (location: typeof first, kind: "pack" | "snapshot"): string[] =>
    location === undefined ? [] : pathsOf(location, kind);
  expect(paths(second, "pack")).toEqual(paths(first, "pack"));
  expect(paths(second, "snapshot")).toEqual(paths(first, "snapshot"));
});

test("T4: within a limit it goes on from call to call, and copies nothing twice", async () => {
  const scene = await filled(2);
  const [first, second] = scene.locations;
  const whole = first ? pathsOf(first, "pack").length : 0;
  second?.files.clear();
  await prepareEmpty(
    scene.locations,
    { ...unlocked, states: [{ kind: "ready" }, { kind: "empty" }] },
    never,
  );
  let copied = 0;
  let calls = 0;
  for (; calls < 100; calls += 1) {
    const { left, repairs } = await healAll(scene, { mostBytes: 700 });
    copied += repairs.filter(({ kind }) => kind === "pack").length;
    if (left.length === 0) break;
    const reason = "the limit of bytes for one call is reached";
    expect(left).toEqual([{ location: "memory:1", reason }]);
    expect(second?.files.has("config")).toBe((second && pathsOf(second, "snapshot").length) !== 0);
  }
  expect(calls).toBeGreaterThan(2);
  expect(copied).toBe(whole);
  expect((await checkAll(scene)).findings).toEqual([]);
});

test("what was forgotten is brought to nobody, and nobody lags behind it", async () => {
  const scene = await filled(2);
  const [first, second] = scene.locations;
  const [path = ""] = second === undefined ? [] : pathsOf(second, "snapshot");
  second?.files.delete(path);
  const isForgotten = (id: string): boolean => path.endsWith(id);
  expect(await healAll(scene, { isForgotten })).toMatchObject({
    repairs: [],
    findings: [],
    left: [],
  });
  expect(second?.files.has(path)).toBe(false);
  expect(first?.files.has(path)).toBe(true);
  expect((await healAll(scene)).repairs).toMatchObject([{ kind: "snapshot", how: "copied" }]);
});

test("a key that is damaged everywhere is told, and what opened it is not spread", async () => {
  const scene = await filled(2);
  for (const location of scene.locations) {
    for (const path of pathsOf(location, "key")) flip(location, path);
  }
  const keyFiles = new Map(Array.from(unlocked.keyFiles, ([id]) => [id, new Uint8Array(9)]));
  const outcome = await healAll(scene, { unlocked: { ...unlocked, keyFiles } });
  expect(outcome.repairs.filter(({ kind }) => kind === "key")).toEqual([]);
  expect(outcome.findings.filter(isDamage).map(({ kind }) => kind)).toContain("key");
});
