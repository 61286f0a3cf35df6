import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { rawPathOfText } from "../raw-path.ts";
import { never, openScene, type RepairScene, store } from "../repair/repair-bench.ts";
import { type Session, withSession } from "../repository/session.ts";
import { listSnapshots } from "../repository/snapshots.ts";
import { nodeAt } from "./node-at.ts";
import { readContent } from "./read-content.ts";
import { versionsOf } from "./versions-of.ts";

const one = rawPathOfText("/folder/file001");

function looking<T>({ vault }: RepairScene, work: (session: Session) => Promise<T>): Promise<T> {
  return withSession(vault, { isExclusive: false, signal: never }, work);
}

async function told(scene: RepairScene, path = one, hostname = "here"): Promise<readonly string[]> {
  return await looking(scene, async (session) => {
    const versions: string[] = [];
    const snapshots = await listSnapshots(session);
    for await (const version of versionsOf(session, snapshots, { path, hostname })) {
      const { newest, node, oldest, snapshots: count } = version;
      const isFile = typeof node === "object" && node.kind === "file";
      const size = isFile ? String(node.sizeBytes) : typeof node;
      versions.push(`${oldest.timeNs / 1_000_000n}-${newest.timeNs / 1_000_000n} ${count} ${size}`);
    }
    return versions;
  });
}

test("a version is told once, from the newest to the oldest, also when it was not there", async () => {
  const scene = openScene(1);
  await store(scene, ["zero"], 1);
  await store(scene, ["zero", "a"], 2);
  await store(scene, ["other", "a"], 3);
  await store(scene, ["other", "longer"], 4);
  await store(scene, ["zero"], 5);
  expect(await told(scene)).toEqual(["5-5 1 undefined", "4-4 1 6", "2-3 2 1", "1-1 1 undefined"]);
  expect(await told(scene, rawPathOfText("/folder"))).toHaveLength(5);
  // V1: another machine, and a path that none of them protects.
  expect(await told(scene, one, "elsewhere")).toEqual([]);
  expect(await told(scene, rawPathOfText("/other/file001"))).toEqual([]);
});

test("a path leads to its name, and not further than there is something", async () => {
  const scene = openScene(1);
  await store(scene, ["a", "b"], 1);
  await looking(scene, async (session) => {
    const [snapshot] = await listSnapshots(session);
    const at = (path: string): ReturnType<typeof nodeAt> =>
      nodeAt(session, snapshot?.tree ?? "", rawPathOfText(path));
    expect(await at("/folder")).toMatchObject({ kind: "dir", name: "folder" });
    const file = await at("/folder/file001");
    expect(file).toMatchObject({ kind: "file", name: "file001" });
    expect(await at("/folder/none")).toBeUndefined();
    expect(await at("/folder/file001/x")).toBeUndefined();
    if (file?.kind !== "file") return;
    const [all, part] = [await readContent(session, file, 10), await readContent(session, file, 0)];
    expect([Buffer.from(all).toString(), part.length]).toEqual(["b", 0]);
  });
});
