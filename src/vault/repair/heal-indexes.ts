/**
 * Index files that are damaged come back from another location; where none has them, what they
 * named is read from the packs themselves.
 */

import { readerOf } from "../check/check.ts";
import { Reach } from "../check/reach.ts";
import type { PlaceSurvey, Survey } from "../check/survey.ts";
import type { LocationSet } from "../index/blob-index.ts";
import { listedPackOf, namedPacks, namePacks } from "./name-packs.ts";
import type { RepairWork } from "./repair-work.ts";

export async function healIndexes(work: RepairWork, survey: Survey): Promise<void> {
  const incomplete = await whoLacks(work, survey);
  for (const seen of survey.places) {
    const { name, bit } = seen.place;
    const damaged = survey.findings.filter(
      ({ kind, location }) => kind === "index" && location === name,
    );
    const gone: string[] = [];
    for (const { id } of damaged) {
      if (!(await copyIndex(work, { survey, seen, id }))) gone.push(id);
    }
    if (gone.length === 0 && (incomplete & bit) === 0) continue;
    const isNamed = await nameUnnamed(work, survey, seen);
    for (const id of gone) if (isNamed) await work.remove(seen.place, { kind: "index", id });
  }
}

async function copyIndex(
  work: RepairWork,
  {
    id,
    seen,
    survey,
  }: { readonly id: string; readonly seen: PlaceSurvey; readonly survey: Survey },
): Promise<boolean> {
  const file = { kind: "index", id } as const;
  const sources = survey.places.filter((each) => each.indexes.has(id));
  const bytes = await work.sound(
    file,
    sources.map(({ place }) => place),
  );
  if (bytes === undefined) return false;
  const named = sources[0]?.indexes.get(id) ?? [];
  seen.indexes.set(id, named);
  await work.write(seen.place, file, { parts: [bytes], how: "copied" });
  return true;
}

/** All of them: which of them is garbage, prune will tell. */
async function nameUnnamed(work: RepairWork, survey: Survey, seen: PlaceSurvey): Promise<boolean> {
  const named = new Set([...seen.indexes.values()].flat());
  const unnamed = new Set([...seen.packs.keys()].filter((id) => !named.has(id)));
  const found = await namedPacks(work, survey, unnamed);
  for (const id of unnamed) {
    if (found.has(id)) continue;
    const pack = await listedPackOf(work, survey, id);
    if (pack !== undefined) found.set(id, pack);
  }
  return await namePacks(work, seen, [...found.values()]);
}

/** Locations with a snapshot that refers to what their indexes do not name. */
async function whoLacks({ session }: RepairWork, survey: Survey): Promise<LocationSet> {
  const reader = readerOf(session, survey);
  const { signal } = session;
  let lacking = 0;
  const onLack = (lack: { readonly locations: LocationSet }): LocationSet => {
    lacking |= lack.locations;
    return lack.locations;
  };
  const reach = new Reach({ index: survey.index, reader, onLack, signal });
  for (const { place, snapshots } of survey.places) {
    for (const { tree } of snapshots.values()) {
      if ((lacking & place.bit) === 0) await reach.visit(tree, place.bit);
    }
  }
  return lacking;
}
