import { expect, test } from "vitest";
import { LocationFault } from "../location.ts";
import { withSession } from "../repository/session.ts";
import {
  flip,
  never,
  openScene,
  pathsOf,
  type RepairScene,
  store,
  vaultOf,
} from "./repair-bench.ts";
import { listStored, type SampleOutcome, type StoredFile, sample } from "./sample.ts";

const contents = Array.from({ length: 4 }, (_, at) => `content ${at} `.repeat(30));
const shared = { isExclusive: false, signal: never };

async function whole(): Promise<RepairScene> {
  const scene = openScene(2);
  await store(scene, contents);
  return scene;
}

async function readAll(scene: RepairScene): Promise<[readonly StoredFile[], SampleOutcome]> {
  return await withSession(scene.vault, shared, async (session) => {
    const files = await listStored(session);
    return [files, await sample(session, files)];
  });
}

test("all that is sound is read, at each location, and nothing is said of it", async () => {
  const scene = await whole();
  const [files, { damage, readBytes, repairs }] = await readAll(scene);
  expect([damage, repairs]).toEqual([[], []]);
  expect(readBytes).toBe(files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0));
  expect(new Set(files.map(({ kind }) => kind))).toEqual(
    new Set(["config", "key", "pack", "index", "snapshot"]),
  );
});

const kinds = ["config", "key", "pack", "index", "snapshot"] as const;

test.each(
  kinds.flatMap((kind) => [{ kind, how: "wrong" } as const, { kind, how: "bad" } as const]),
)(
  "M1: a $kind that has a $how sector is what the other location has again",
  async ({ how, kind }) => {
    const scene = await whole();
    const [first, second] = scene.locations;
    if (first === undefined || second === undefined) throw new Error("two locations");
    const path = kind === "config" ? "config" : (pathsOf(first, kind)[0] ?? "");
    if (how === "bad") first.badSectors.set(path, 0);
    else flip(first, path);
    const [, { damage, repairs }] = await readAll(scene);
    expect(damage).toMatchObject([{ location: "memory:0", kind, isMended: true }]);
    expect(repairs).toMatchObject([{ location: "memory:0", kind, how: "copied" }]);
    expect(first.files.get(path)).toEqual(second.files.get(path));
    expect((await readAll(scene))[1].damage).toEqual([]);
  },
);

test("M4: a location that is gone is told, and what it holds is no damage", async () => {
  let isAway = false;
  const scene = openScene(2, {}, (name) => {
    if (isAway && name === "memory:1") throw new LocationFault("away", "unplugged");
  });
  await store(scene, contents);
  const outcome = await withSession(scene.vault, shared, async (session) => {
    const files = await listStored(session);
    isAway = true;
    return await sample(session, files);
  });
  expect(outcome).toMatchObject({ damage: [], missed: ["memory:1"] });
});

test("M2: a pack that is gone comes back, and what went by right does not", async () => {
  const scene = await whole();
  const [first] = scene.locations;
  const [pack = ""] = first === undefined ? [] : pathsOf(first, "pack");
  const [snapshot = ""] = first === undefined ? [] : pathsOf(first, "snapshot");
  first?.files.delete(pack);
  const [files] = await withSession(scene.vault, shared, async (session) => {
    return [await listStored(session)] as const;
  });
  first?.files.delete(snapshot);
  const { damage } = await withSession(scene.vault, shared, (session) => sample(session, files));
  expect(damage).toMatchObject([{ kind: "pack", isMended: true }]);
  expect([first?.files.has(pack), first?.files.has(snapshot)]).toEqual([true, false]);
});

test("M2: a pack that was pruned since it was listed is no damage, and stays away", async () => {
  const scene = await whole();
  const files = await withSession(scene.vault, shared, listStored);
  for (const location of scene.locations) {
    for (const kind of ["index", "pack"] as const) {
      for (const path of pathsOf(location, kind)) location.files.delete(path);
    }
  }
  const { damage } = await withSession(scene.vault, shared, (session) => sample(session, files));
  expect(damage).toEqual([]);
});

test("M3: what nobody has is told, and left as it is", async () => {
  const scene = await whole();
  for (const location of scene.locations) flip(location, pathsOf(location, "pack")[0] ?? "");
  const [, { damage, repairs }] = await readAll(scene);
  expect(damage.map(({ isMended }) => isMended)).toEqual([false, false]);
  expect(repairs).toEqual([]);
});

test("a location that only appends is told, and not mended", async () => {
  const scene = await whole();
  const [first, second] = scene.locations;
  if (first === undefined || second === undefined) throw new Error("two locations");
  const appending = openScene(1, { isAppendOnly: true }).locations[0] ?? first;
  for (const [path, bytes] of first.files) appending.files.set(path, bytes);
  flip(appending, pathsOf(appending, "pack")[0] ?? "");
  const [, { damage }] = await readAll({
    locations: [appending],
    vault: vaultOf([appending]),
  });
  expect(damage).toMatchObject([{ kind: "pack", isMended: false }]);
});
