import fc from "fast-check";
import { expect, it } from "vitest";
import { Tombstones } from "../state/tombstones.ts";
import { prune } from "./prune.ts";
import {
  exclusively,
  isKill,
  MemoryPlaces,
  MemoryStateFile,
  type Model,
  restoreAll,
  store,
} from "./prune-bench.ts";
import { removeForgotten } from "./remove-forgotten.ts";

const placeCount = 3;

type Step =
  | { readonly kind: "backup"; readonly seeds: readonly number[] }
  | { readonly kind: "forget"; readonly every: number }
  | { readonly kind: "prune" }
  | { readonly kind: "away"; readonly places: readonly number[] };

const steps = fc.array(
  fc.record({
    step: fc.oneof<fc.Arbitrary<Step>[]>(
      fc.record({
        kind: fc.constant("backup"),
        seeds: fc.array(fc.nat(12), { minLength: 1, maxLength: 5 }),
      }),
      fc.record({ kind: fc.constant("forget"), every: fc.integer({ min: 1, max: 4 }) }),
      fc.record({ kind: fc.constant("prune") }),
      fc.record({
        kind: fc.constant("away"),
        places: fc.uniqueArray(fc.nat(placeCount - 1), { maxLength: placeCount - 1 }),
      }),
    ),
    /** What the process may call before it is killed. */
    callsLeft: fc.option(fc.nat(120)),
  }),
  { minLength: 4, maxLength: 16 },
);

it("each place restores all that it lists, whatever dies and whoever is away", async () => {
  let [done, killed] = [0, 0];
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (list, hasAppendOnly) => {
      const scene = new Scene(hasAppendOnly ? [2] : []);
      for (const { callsLeft, step } of list) {
        if (await scene.take(step, callsLeft ?? Number.POSITIVE_INFINITY)) killed += 1;
        scene.judge();
      }
      scene.places.away.clear();
      await scene.take({ kind: "prune" }, Number.POSITIVE_INFINITY);
      scene.judge();
      done += 1;
    }),
    { numRuns: 30 },
  );
  expect(done).toBe(30);
  expect(killed).toBeGreaterThan(20);
}, 120_000);

class Scene {
  readonly places: MemoryPlaces;
  readonly #file = new MemoryStateFile();
  readonly #models = new Map<string, Model>();
  /** Written by a process that was killed before it could say so. */
  readonly #attempts: Model[] = [];
  readonly #forgotten = new Set<string>();

  constructor(appendOnly: readonly number[]) {
    this.places = new MemoryPlaces(placeCount, appendOnly);
  }

  /** @returns whether it was killed */
  async take(step: Step, callsLeft: number): Promise<boolean> {
    this.places.wallMs += 1000;
    const vault = this.places.open();
    this.places.callsLeft = callsLeft;
    try {
      if (step.kind === "away") {
        this.places.away.clear();
        for (const place of step.places) this.places.away.add(place);
      } else if (step.kind === "backup") {
        const model = modelOf(step.seeds);
        this.#attempts.push(model);
        this.#models.set(await store(vault, model, 300), model);
      } else {
        const tombstones = await Tombstones.open({ file: this.#file, codec: this.places.codec });
        const isForgotten = (id: string): boolean => tombstones.has(id);
        if (step.kind === "forget") {
          const ids = [...this.#models.keys()].filter((_, at) => at % step.every === 0);
          for (const id of ids) this.#forgotten.add(id);
          await tombstones.add(ids);
        }
        await exclusively(vault, async (session) => {
          const places = vault.places.filter(({ location }) => !location.traits.isAppendOnly);
          if (step.kind === "forget")
            return await removeForgotten(session, { places, isForgotten });
          return await prune(session, { isForgotten, smallPacksMax: 4, smallIndexesMax: 2 });
        });
      }
      return false;
    } catch (error) {
      if (isKill(error)) return true;
      throw error;
    }
  }

  judge(): void {
    const held = new Set<string>();
    for (const files of this.places.files) {
      for (const [id, restored] of restoreAll(files, this.places.codec)) {
        held.add(id);
        const model = this.#models.get(id);
        if (model === undefined) expect(this.#attempts).toContainEqual(restored);
        else expect(restored).toEqual(model);
      }
    }
    // Nothing is lost that nobody wanted to forget.
    for (const id of this.#models.keys()) if (!this.#forgotten.has(id)) expect(held).toContain(id);
  }
}

function modelOf(seeds: readonly number[]): Model {
  const files = (folder: string): Record<string, string> =>
    Object.fromEntries(seeds.map((seed) => [`${seed}`, `${folder} ${seed} `.repeat(4 + seed)]));
  return { a: files("a"), [`b${seeds[0]}`]: files("b") };
}
