import { expect, test } from "vitest";
import { LocationFault, pathOfFile } from "../location.ts";
import { MemoryLocation } from "../memory-location.ts";
import {
  checkAll,
  never,
  openScene,
  pathsOf,
  type RepairScene,
  store,
  vaultOf,
} from "../repair/repair-bench.ts";
import { withSession } from "../repository/session.ts";
import { gatherSnapshots } from "../repository/snapshots.ts";
import { type CheckOutcome, check } from "./check.ts";

const contents = Array.from({ length: 12 }, (_, at) => `content ${at} `.repeat(20 + at));

/** Packs of contents are not read. */
function looked({ locations }: RepairScene): Promise<CheckOutcome> {
  const wish = { isExclusive: false, readsIndexes: false, signal: never };
  return withSession(vaultOf(locations), wish, (session) => check(session));
}

test("a pack that was cut is found by its size, and one that nobody names is told", async () => {
  const scene = openScene(1);
  await store(scene, contents, 1);
  const [location = new MemoryLocation()] = scene.locations;
  const whole = await looked(scene);
  expect(whole.findings).toEqual([]);
  const paths = pathsOf(location, "pack");
  expect(whole.packsRead).toBeLessThan(paths.length);
  for (const path of paths) {
    const bytes = location.files.get(path) ?? new Uint8Array();
    location.files.set(path, bytes.subarray(0, -1));
    const id = path.slice(path.lastIndexOf("/") + 1);
    const { findings } = await looked(scene);
    expect(findings).toContainEqual(
      expect.objectContaining({ kind: "pack", id, problem: "damaged" }),
    );
    location.files.set(path, bytes);
  }
  const id = "ab".repeat(32);
  location.files.set(`data/ab/${id}`, new Uint8Array(9));
  const { findings } = await looked(scene);
  expect(findings).toMatchObject([{ kind: "pack", id, problem: "unnamed" }]);
});

test("a pack that goes while it is looked for is missing; nothing is said of who goes away", async () => {
  const scene = openScene(2);
  await store(scene, contents, 1);
  const [first = new MemoryLocation(), second = new MemoryLocation()] = scene.locations;
  first.get = async (file, ...rest) => {
    if (file.kind === "pack") first.files.delete(pathOfFile(file));
    return await MemoryLocation.prototype.get.call(first, file, ...rest);
  };
  second.get = async (file, ...rest) => {
    if (file.kind === "pack") throw new LocationFault("away", "unplugged");
    return await MemoryLocation.prototype.get.call(second, file, ...rest);
  };
  const { findings, left } = await looked(scene);
  expect(findings).toContainEqual(
    expect.objectContaining({ location: "memory:0", kind: "pack", problem: "missing" }),
  );
  expect(left).toEqual([{ location: "memory:1", reason: "unplugged" }]);
});

test("Q2: what a snapshot lacks is what it lacks itself, and not what another one does", async () => {
  const scene = openScene(1);
  await store(scene, ["the first", "of two"], 1);
  await store(scene, ["the second"], 2);
  const { snapshots } = await gatherSnapshots({ vault: scene.vault, signal: never });
  for (const location of scene.locations) {
    for (const path of pathsOf(location, "index")) location.files.delete(path);
  }
  const { findings } = await checkAll(scene);
  const reasons = new Map(findings.map(({ id, reason }) => [id, reason]));
  for (const { id, tree } of snapshots) {
    expect(reasons.get(id)).toBe(`no location gives the tree blob ${tree}`);
  }
  expect(snapshots).toHaveLength(2);
});
