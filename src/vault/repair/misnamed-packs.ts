/**
 * Bad packs that are what others should be: two that changed their names, or one that was put back
 * under a wrong one. Whoever writes over such a file writes over the only copy, maybe.
 */

import type { PlaceSurvey } from "../check/survey.ts";
import { hexOfId } from "../format/ids.ts";
import { digestOf } from "../repository/codec.ts";
import type { Place } from "../repository/place.ts";
import type { RepairWork } from "./repair-work.ts";

interface Misnamed {
  readonly place: Place;
  readonly name: string;
  /** The pack that it is. */
  readonly id: string;
}

export class MisnamedPacks {
  readonly #all: readonly Misnamed[];
  readonly #work: RepairWork;

  private constructor(work: RepairWork, all: readonly Misnamed[]) {
    this.#work = work;
    this.#all = all;
  }

  /** @param bad the locations where each pack is bad */
  static async find(
    work: RepairWork,
    places: readonly PlaceSurvey[],
    bad: ReadonlyMap<string, ReadonlySet<string>>,
  ): Promise<MisnamedPacks> {
    const all: Misnamed[] = [];
    for (const { packs, place } of bad.size < 2 ? [] : places) {
      for (const [name, locations] of bad) {
        if (!locations.has(place.name) || !packs.has(name)) continue;
        const bytes = await work.unproven({ kind: "pack", id: name }, place);
        const id = bytes === undefined ? name : hexOfId(digestOf(bytes));
        if (id !== name && bad.has(id)) all.push({ place, name, id });
      }
    }
    return new MisnamedPacks(work, all);
  }

  /** The pack, from where it lies under another name. */
  async read(id: string): Promise<Uint8Array | undefined> {
    for (const each of this.#all) {
      if (each.id !== id) continue;
      const bytes = await this.#work.unproven({ kind: "pack", id: each.name }, each.place);
      if (bytes !== undefined && hexOfId(digestOf(bytes)) === id) return bytes;
    }
    return undefined;
  }

  /** What lies under a name, at any location. */
  under(name: string): readonly string[] {
    return this.#all.flatMap((each) => (each.name === name ? [each.id] : []));
  }
}
