/**
 * Packs that are damaged or missing somewhere: copied from where they are sound, also when they lie
 * there under the name of another one; else rebuilt from the parts that are sound, else what is
 * sound of them goes into a new pack.
 */
import type { Finding } from "../check/finding.ts";
import type { PlaceSurvey, Survey } from "../check/survey.ts";
import type { IndexedPack } from "../format/index-json.ts";
import { Packer } from "../repository/packer.ts";
import type { Place } from "../repository/place.ts";
import type { OnProgress } from "../work-progress.ts";
import { MisnamedPacks } from "./misnamed-packs.ts";
import { namedPacks, namePacks, unnamePacks } from "./name-packs.ts";
import { type RebuiltPack, rebuildPack } from "./rebuild-pack.ts";
import type { RepairWork } from "./repair-work.ts";

/** Contents that no location holds any more, as far as this pack goes. */
export interface LostBlobs {
  readonly pack: string;
  readonly blobs: number;
}

interface PacksToHeal {
  readonly findings: readonly Finding[];
  readonly mayGiveUp: boolean;
  readonly onProgress?: OnProgress;
}

export async function healPacks(
  work: RepairWork,
  survey: Survey,
  { findings, mayGiveUp, onProgress }: PacksToHeal,
): Promise<readonly LostBlobs[]> {
  const bad = new Map<string, Finding[]>();
  for (const finding of findings) {
    if (finding.problem === "unnamed") continue;
    bad.set(finding.id, [...(bad.get(finding.id) ?? []), finding]);
  }
  const namesOf = new Map(
    Array.from(bad, ([id, each]) => [id, new Set(each.map(({ location }) => location))]),
  );
  const misnamed = await MisnamedPacks.find(work, survey.places, namesOf);
  const lost: LostBlobs[] = [];
  const begun = new Set<string>();
  const left = new Set<string>();
  const healOne = async (id: string, depth: number): Promise<void> => {
    begun.add(id);
    const copy = await misnamed.read(id);
    for (const other of misnamed.under(id)) {
      // Written over only when it is back under its own name, or held by a call above.
      if (!begun.has(other) && depth < mostMisnamed) await healOne(other, depth + 1);
      if (begun.has(other) && !left.has(other)) continue;
      left.add(id);
      return;
    }
    const names = namesOf.get(id) ?? new Set();
    const blobs = await healPack(work, { survey, id, names, mayGiveUp, ...(copy && { copy }) });
    if (blobs > 0) lost.push({ pack: id, blobs });
  };
  for (const id of bad.keys()) {
    if (!begun.has(id)) await healOne(id, 1);
    const come = { count: begun.size, expectedCount: bad.size };
    onProgress?.({ step: "mending", unit: "pack", ...come });
  }
  return lost;
}

/** Packs that changed their names in a ring are held in memory together. */
const mostMisnamed = 8;

interface BadPack {
  readonly survey: Survey;
  readonly id: string;
  /** Locations where it is bad. */
  readonly names: ReadonlySet<string>;
  /** False: what cannot be had here may be had elsewhere later. */
  readonly mayGiveUp: boolean;
  /** It, as it was written: it lay under another name. */
  readonly copy?: Uint8Array;
}

/** @returns blobs that are lost */
async function healPack(work: RepairWork, bad: BadPack): Promise<number> {
  const { id, names, survey } = bad;
  const file = { kind: "pack", id } as const;
  const holders = survey.places.filter(({ packs }) => packs.has(id)).map(({ place }) => place);
  const others = holders.filter(({ name }) => !names.has(name));
  const copy = bad.copy ?? (await work.sound(file, others));
  if (copy !== undefined) {
    await writeEverywhere(work, bad, { bytes: copy, how: "copied" });
    return 0;
  }
  const named = (await namedPacks(work, survey, new Set([id]))).get(id);
  // Its index went bad meanwhile: the next run finds it.
  if (named === undefined) return 0;
  const { codec } = work.session.vault;
  const rebuilt = await rebuildPack(named, copiesOf(work, id, holders), codec);
  if (rebuilt.kind === "parts") {
    // Who is away may have it whole: nothing is given up before he is asked.
    const isAnyAway = work.session.vault.places.some(({ takesPart }) => !takesPart);
    return isAnyAway || !bad.mayGiveUp ? 0 : await salvage(work, bad, rebuilt);
  }
  await writeEverywhere(work, bad, { bytes: rebuilt.bytes, how: "rebuilt" });
  return 0;
}

async function writeEverywhere(
  work: RepairWork,
  { id, names, survey }: BadPack,
  { bytes, how }: { readonly bytes: Uint8Array; readonly how: "copied" | "rebuilt" },
): Promise<void> {
  for (const { place } of survey.places) {
    if (!names.has(place.name)) continue;
    await work.write(place, { kind: "pack", id }, { parts: [bytes], how });
  }
}

async function* copiesOf(
  work: RepairWork,
  id: string,
  holders: readonly Place[],
): AsyncGenerator<Uint8Array> {
  for (const place of holders) {
    const bytes = await work.unproven({ kind: "pack", id }, place);
    if (bytes !== undefined) yield bytes;
  }
}

/** The new pack and its index first, then the old index, then the old pack. */
async function salvage(
  work: RepairWork,
  { id, survey }: BadPack,
  { lostBlobs, sound }: Extract<RebuiltPack, { readonly kind: "parts" }>,
): Promise<number> {
  const { codec, surroundings } = work.session.vault;
  const packer = new Packer({
    codec,
    randomBytes: (length) => surroundings.randomBytes(length),
    packBytes: Number.POSITIVE_INFINITY,
  });
  const full = sound.flatMap((blob) => packer.add(blob) ?? []);
  const packs = [...full, ...packer.finish()];
  for (const seen of survey.places) {
    const isNamed = [...seen.indexes.values()].some((named) => named.includes(id));
    if (!isNamed) continue;
    const file = { kind: "pack", id } as const;
    const isWritten = await writeNew(work, seen, packs);
    if (isWritten && (await unnamePacks(work, seen, new Set([id])))) {
      await work.remove(seen.place, file);
    }
  }
  return lostBlobs;
}

async function writeNew(
  work: RepairWork,
  seen: PlaceSurvey,
  packs: readonly (IndexedPack & { readonly parts: readonly Uint8Array[] })[],
): Promise<boolean> {
  for (const { id, parts } of packs) {
    const isDone = await work.write(seen.place, { kind: "pack", id }, { parts, how: "salvaged" });
    if (!isDone) return false;
  }
  return await namePacks(work, seen, packs);
}
