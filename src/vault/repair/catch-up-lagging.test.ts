import { expect, test } from "vitest";
import { withSession } from "../repository/session.ts";
import { listSnapshots } from "../repository/snapshots.ts";
import { catchUpLagging, type LaggingOptions } from "./catch-up-lagging.ts";
import {
  checkAll,
  flip,
  never,
  openScene,
  pathsOf,
  type RepairScene,
  store,
  vaultOf,
} from "./repair-bench.ts";

const contents = Array.from({ length: 6 }, (_, at) => `content ${at} `.repeat(30));

async function lagging(): Promise<RepairScene> {
  const scene = openScene(2);
  await store(scene, contents.slice(1), 1);
  await store({ ...scene, vault: vaultOf(scene.locations.slice(0, 1)) }, contents, 2);
  return { ...scene, vault: vaultOf(scene.locations) };
}

async function catchUp(
  { vault }: RepairScene,
  options: Partial<LaggingOptions> = {},
): Promise<readonly (string | undefined)[]> {
  return await withSession(vault, { isExclusive: false, signal: never }, async (session) => {
    const snapshots = await listSnapshots(session);
    await catchUpLagging(session, { snapshots, ...options });
    return vault.places.map(({ trouble }) => trouble?.message);
  });
}

test("a location that lags a little takes part again, and stores nothing twice", async () => {
  const scene = await lagging();
  expect(await catchUp(scene)).toEqual([undefined, undefined]);
  expect((await checkAll(scene)).findings).toEqual([]);
  const packs = scene.locations.map((location) => pathsOf(location, "pack").length);
  await store(scene, contents, 3);
  expect(scene.locations.map((location) => pathsOf(location, "pack").length)).toEqual(packs);
});

test("one that lags a lot is left out, with the reason", async () => {
  const scene = await lagging();
  const [, reason] = await catchUp(scene, { mostBytes: 1 });
  expect(reason).toBe("it lags behind: the limit of bytes for one call is reached");
});

test("N1: a damaged index comes back when a session begins", async () => {
  const scene = await lagging();
  const [first, second] = scene.locations;
  const shared = second ? (pathsOf(second, "index")[0] ?? "") : "";
  if (first) flip(first, shared);
  expect(await catchUp(scene)).toEqual([undefined, undefined]);
  expect(first?.files.get(shared)).toEqual(second?.files.get(shared));
});

test("N1: one that nobody has leaves the location out", async () => {
  const scene = await lagging();
  for (const location of scene.locations) {
    for (const path of pathsOf(location, "index")) flip(location, path);
  }
  await expect(catchUp(scene)).rejects.toMatchObject({ code: "VAULT_DAMAGED" });
});

test("what was forgotten is brought to nobody", async () => {
  const scene = await lagging();
  const [first, second] = scene.locations;
  const forgotten = (first ? pathsOf(first, "snapshot") : []).filter(
    (path) => second?.files.has(path) !== true,
  );
  expect(forgotten).toHaveLength(1);
  const isForgotten = (id: string): boolean => forgotten.some((path) => path.endsWith(id));
  expect(await catchUp(scene, { isForgotten })).toEqual([undefined, undefined]);
  for (const path of forgotten) expect(second?.files.has(path)).toBe(false);
});
