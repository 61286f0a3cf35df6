import fc from "fast-check";
import { expect, test } from "vitest";
import { checkAll, flip, healAll, openScene, pathsOf, store } from "./repair-bench.ts";

const contents = Array.from({ length: 8 }, (_, at) => `${at} is in here `.repeat(15 + at));
const kinds = ["config", "key", "index", "snapshot", "pack", "pack", "pack"] as const;

const damage = fc.record({
  kind: fc.constantFrom(...kinds),
  at: fc.nat(50),
  /** The location that keeps this file as it was, counted from the file's own number. */
  kept: fc.nat(2),
  how: fc.constantFrom("flip", "delete", "cut", "grow", "swap"),
  share: fc.double({ min: 0, max: 1, noNaN: true }),
});

test("E1, E2: what survives somewhere is everywhere after healing", {
  timeout: 120_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { minLength: 1, maxLength: 12 }), async (damages) => {
      const scene = openScene(3);
      await store(scene, contents, 1);
      await store(scene, contents.slice(2), 2);
      const [first, second] = scene.locations;
      if (first === undefined || second === undefined) return;
      const before = new Map(first.files);
      const keeper = new Map<string, number>();
      for (const { at, how, kept, kind, share } of damages) {
        const paths = Array.from(before.keys()).filter((path) =>
          pathsOf(first, kind).includes(path),
        );
        const path = paths[at % Math.max(1, paths.length)];
        if (path === undefined) continue;
        if (!keeper.has(path)) keeper.set(path, kept);
        for (const [number, location] of scene.locations.entries()) {
          const bytes = location.files.get(path);
          if (number === keeper.get(path) || bytes === undefined) continue;
          if (how === "flip") flip(location, path, share);
          if (how === "delete") location.files.delete(path);
          if (how === "cut") location.files.set(path, bytes.slice(0, bytes.length * share));
          if (how === "grow") location.files.set(path, Uint8Array.from([...bytes, 1]));
          if (how === "swap") location.files.set(path, before.get(paths[0] ?? "") ?? bytes);
        }
      }
      const outcome = await healAll(scene);
      expect(outcome).toMatchObject({ findings: [], refusals: [], lost: [], left: [] });
      const after = await checkAll(scene);
      expect(after.findings).toEqual([]);
      for (const location of scene.locations) {
        for (const kind of ["config", "key", "pack", "snapshot"] as const) {
          const paths = Array.from(before.keys()).filter((each) =>
            pathsOf(first, kind).includes(each),
          );
          for (const path of paths) expect(location.files.get(path)).toEqual(before.get(path));
        }
      }
    }),
    { numRuns: 40 },
  );
});
