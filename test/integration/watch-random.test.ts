import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { it } from "vitest";
import { rawPathOfText } from "../../src/vault/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";
import { allTold, allWatched, listAll, watchFolder } from "./watch-bench.ts";

/** Few names, so that they meet: also a name twice on a path. */
const place = fc
  .array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 })
  .map((names) => names.join("/"));

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("folder" as const), at: place }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("file" as const), at: place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove" as const), at: place }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("link" as const), at: place }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("move" as const), at: place, to: place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("out" as const), at: place }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("in" as const), at: place }) },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

function carryOut(root: string, outside: string, one: Step): void {
  const path = join(root, one.at);
  const made: Readonly<Record<Step["do"], () => void>> = {
    folder: () => mkdirSync(path, { recursive: true }),
    file: () => {
      mkdirSync(dirname(path), { recursive: true });
      appendFileSync(path, "x");
    },
    remove: () => rmSync(path, { recursive: true }),
    link: () => symlinkSync("..", path),
    move: () => renameSync(path, join(root, "to" in one ? one.to : "")),
    out: () => renameSync(path, join(outside, "held")),
    in: () => renameSync(join(outside, "held"), path),
  };
  try {
    made[one.do]();
  } catch {
    // Not everything is possible at every moment.
  }
}

it("whatever is done, each folder that differs is told, and each folder is watched then", async () => {
  const base = temporaryFolder("watch-random");
  const outsides = temporaryFolder("watch-random-outside");
  const watched = await watchFolder(base);
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60 }), async (steps) => {
      const root = mkdtempSync(join(base, "root-"));
      const outside = mkdtempSync(join(outsides, "outside-"));
      await allWatched(root, watched);
      const before = listAll(root);
      watched.clear();
      for (const one of steps) carryOut(root, outside, one);
      await allTold(root, before, watched);
      await allWatched(root, watched);
      rmSync(root, { recursive: true });
    }),
    { numRuns: 100 },
  );
  watched.clear();
  writeFileSync(join(base, "end"), "");
  await until(() => watched.told().has(rawPathOfText(base)));
  const figures = { folderCount: listAll(base).size, watchCount: listAll(base).size };
  await until(async () => isDeepStrictEqual(await watched.watch.figures(), figures));
});
