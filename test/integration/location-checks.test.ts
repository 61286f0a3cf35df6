import { expect, test } from "vitest";
import { LocationChecks } from "../../src/custodian/agent/location-checks.ts";
import { Turns } from "../../src/custodian/agent/turns.ts";
import { LocationFault } from "../../src/vault/index.ts";
import { MemoryLocation } from "../../src/vault/memory-location.ts";
import { openScene, pathsOf, store, vaultOf } from "../../src/vault/repair/repair-bench.ts";
import { afterwards, temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";

test("C4: a location that was away is read by itself behind the pass of the others", async () => {
  const { locations } = openScene(2);
  const contents = Array.from({ length: 6 }, (_, at) => `content ${at} `.repeat(40));
  await store({ locations, vault: vaultOf(locations) }, contents);
  const packs = pathsOf(locations[0] ?? new MemoryLocation(), "pack").length;
  const read: string[] = [];
  const watched = locations.map(
    ({ files, traits }) =>
      new MemoryLocation({
        files,
        traits,
        before: ({ file, method }) => {
          const isAway = traits.name === "memory:1" && read.length < packs;
          if (isAway) throw new LocationFault("away", "unplugged");
          if (method === "get" && file?.kind === "pack") read.push(traits.name);
        },
      }),
  );
  const ending = new AbortController();
  const checks = new LocationChecks({
    world: { folder: temporaryFolder("checks"), vault: vaultOf(watched) },
    limits: {
      checkBytesPerSecond: 1 << 30,
      checkPartBytes: 1000,
      checkPauseMs: 1,
      checkWithinMs: 1,
    },
    books: { note: async () => {}, record: async () => {} },
    turns: new Turns(),
    signal: ending.signal,
    onEnd: () => {},
  });
  afterwards(() => {
    ending.abort();
    return checks[Symbol.asyncDispose]();
  });
  checks.begin();
  await until(() => read.length >= 3 * packs, { seen: () => [read.length, checks.state] });
  const names = (name: string): string[] => Array<string>(packs).fill(name);
  expect(read.slice(0, 2 * packs)).toEqual([...names("memory:0"), ...names("memory:1")]);
});
