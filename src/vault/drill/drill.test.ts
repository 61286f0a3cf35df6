import { Buffer } from "node:buffer";
import { expect, test } from "vitest";
import { LocationFault } from "../location.ts";
import { MemoryLocation } from "../memory-location.ts";
import type { RawPath } from "../raw-path.ts";
import { openScene, store, vaultOf } from "../repair/repair-bench.ts";
import { withSession } from "../repository/session.ts";
import { listSnapshots } from "../repository/snapshots.ts";
import { drill } from "./drill.ts";
import type { DrillStage } from "./drill-ports.ts";

const signal = new AbortController().signal;

function stageInMemory(): DrillStage {
  const files = new Map<RawPath, Buffer>();
  const read = async function* (path: RawPath): AsyncGenerator<Uint8Array> {
    yield files.get(path) ?? Buffer.alloc(0);
  };
  return {
    prepare: async () => ({
      file: async (path, _node, content) => {
        const parts: Uint8Array[] = [];
        for await (const part of content) parts.push(part);
        files.set(path, Buffer.concat(parts));
        return undefined;
      },
      read,
      [Symbol.asyncDispose]: async () => {},
    }),
    look: () => undefined,
    readLive: read,
  };
}

/** All of the locations go away when so many packs were read. */
async function drilled(locationsAway: readonly string[], readsBefore: number) {
  const { locations } = openScene(2);
  const contents = Array.from({ length: 8 }, (_, at) => `content ${at} `.repeat(40));
  await store({ locations, vault: vaultOf(locations) }, contents);
  let reads = 0;
  const going = locations.map(
    ({ files, traits }) =>
      new MemoryLocation({
        files,
        traits,
        before: ({ file, method }) => {
          if (method !== "get" || file?.kind !== "pack") return;
          reads += 1;
          const isAway = locationsAway.includes(traits.name) && reads > readsBefore;
          if (isAway) throw new LocationFault("away", `${traits.name} is unplugged`);
        },
      }),
  );
  const vault = vaultOf(going);
  return await withSession(vault, { isExclusive: false, signal }, async (session) => {
    const [snapshot] = await listSnapshots(session);
    if (snapshot === undefined) throw new Error("there is one");
    return await drill(session, {
      snapshot,
      stage: stageInMemory(),
      categoryOf: () => "",
      drilledAt: new Map(),
      onOutcome: async () => {},
    });
  });
}

test("D7: of a location that goes away meanwhile nothing is said, and the next one proves", async () => {
  for (const readsBefore of [0, 4]) {
    expect(await drilled(["memory:0"], readsBefore)).toMatchObject([
      { location: "memory:1", files: 8, missing: 0, findings: [] },
    ]);
  }
});

test("D7: when all have gone, no drill was made", async () => {
  await expect(drilled(["memory:0", "memory:1"], 4)).rejects.toMatchObject({
    code: "LOCATION_FAILED",
    message: "memory:0 is unplugged; memory:1 is unplugged",
  });
});
