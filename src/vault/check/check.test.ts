import { expect, test } from "vitest";
import { checkAll, never, openScene, pathsOf, store } from "../repair/repair-bench.ts";
import { gatherSnapshots } from "../repository/snapshots.ts";

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
