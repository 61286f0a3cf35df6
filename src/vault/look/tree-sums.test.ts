import { expect, test } from "vitest";
import { type RawPath, rawPathOfText } from "../raw-path.ts";
import { never, openScene, type RepairScene, store } from "../repair/repair-bench.ts";
import { withSession } from "../repository/session.ts";
import { listSnapshots } from "../repository/snapshots.ts";
import { type FolderSum, TreeSums } from "./tree-sums.ts";

const root = rawPathOfText("/");
const categoriesOf = (path: RawPath): readonly string[] => (path.endsWith("0") ? ["first"] : []);

function sumsOf(keptMax?: number): { readonly sums: TreeSums; readonly counted: () => number } {
  let folders = 0;
  const breathe = (): Promise<void> => {
    folders += 1;
    return Promise.resolve();
  };
  const options = { categoriesOf, breathe, ...(keptMax === undefined ? {} : { keptMax }) };
  return { sums: new TreeSums(options), counted: () => folders };
}

async function sumAll({ vault }: RepairScene, sums: TreeSums): Promise<readonly FolderSum[]> {
  return await withSession(vault, { isExclusive: false, signal: never }, async (session) => {
    const found: FolderSum[] = [];
    for (const { tree } of await listSnapshots(session)) {
      found.push(await sums.of(session, root, tree));
    }
    return found;
  });
}

test("counts all that is below, by category too, and what it knows only once (S1)", async () => {
  const scene = openScene(1);
  await store(scene, ["a", "bcd"], 1);
  await store(scene, ["a", "bcd"], 2);
  const { counted, sums } = sumsOf();
  const [sum, again] = await sumAll(scene, sums);
  const categories = new Map([["first", 1]]);
  expect(sum).toEqual({ files: 2, sizeBytes: 4, categories, isWhole: true });
  expect(again).toBe(sum);
  expect(counted()).toBe(2);
});

test("forgets what was counted first (S3)", async () => {
  const scene = openScene(1);
  await store(scene, ["a"], 1);
  const { counted, sums } = sumsOf(1);
  await sumAll(scene, sums);
  await sumAll(scene, sums);
  // The folder went when its parent was known; the parent is known still.
  expect(counted()).toBe(2);
  await store(scene, ["b"], 2);
  await sumAll(scene, sums);
  expect(counted()).toBe(4);
});

test("tells that a part cannot be read (S2)", async () => {
  const scene = openScene(1);
  await store(scene, ["a"], 1);
  const { sums } = sumsOf();
  for (const { files } of scene.locations) {
    for (const path of files.keys()) if (path.startsWith("data/")) files.delete(path);
  }
  expect(await sumAll(scene, sums)).toMatchObject([{ files: 0, isWhole: false }]);
});
