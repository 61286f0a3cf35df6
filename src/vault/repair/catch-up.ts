/**
 * A location that was away, or is empty, gets what it lacks of the snapshots of all locations.
 *
 * T1. Whole snapshots, the newest first: pack, index, snapshot. One that is there refers to nothing
 *     that is not.
 * T2. Only packs that hold something the location lacks: what was repacked elsewhere adds nothing.
 * T3. Packs are copied as they are, and verified by their name before they are written; only their
 *     lists are opened.
 * T4. At most `mostBytes` a call. What was copied stays and is not copied again, so that the next
 *     call goes on from there.
 */

import { readerOf } from "../check/check.ts";
import { type Lack, Reach } from "../check/reach.ts";
import type { PlaceSurvey, Survey } from "../check/survey.ts";
import { idOfHex } from "../format/ids.ts";
import type { IndexedPack } from "../format/index-json.ts";
import type { StoredSnapshot } from "../format/snapshot-json.ts";
import type { LocationSet } from "../index/blob-index.ts";
import { listedPack, namedPacks, namePacks, wordsOf } from "./name-packs.ts";
import type { RepairWork } from "./repair-work.ts";

export interface CatchUpOptions {
  readonly survey: Survey;
  readonly target: PlaceSurvey;
  /** Default: no limit. */
  readonly mostBytes?: number;
  /** Snapshots that are not brought along; default none. */
  readonly isForgotten?: (id: string) => boolean;
  readonly onProgress?: (progress: CatchUpProgress) => void;
}

export interface CatchUpProgress {
  snapshots: number;
  packs: number;
  copiedBytes: number;
}

export interface CatchUpOutcome extends Readonly<CatchUpProgress> {
  /** Empty when the location holds every snapshot of all locations, whole. */
  readonly reason: string;
}

type Step = "done" | "lacking" | "limit" | "refused" | "again";

export async function catchUp(work: RepairWork, options: CatchUpOptions): Promise<CatchUpOutcome> {
  return await new CatchUp(work, options).run();
}

class CatchUp {
  readonly #work: RepairWork;
  readonly #options: CatchUpOptions;
  readonly #progress: CatchUpProgress = { snapshots: 0, packs: 0, copiedBytes: 0 };
  /** Packs that no location gives as they were written. */
  readonly #unobtainable = new Set<string>();
  readonly #copied = new Set<string>();
  /** Packs that the snapshot at hand needs, and that no index of the target names. */
  readonly #wanted = new Set<string>();

  constructor(work: RepairWork, options: CatchUpOptions) {
    this.#work = work;
    this.#options = options;
  }

  async run(): Promise<CatchUpOutcome> {
    const { isForgotten = () => false, survey } = this.#options;
    const union = new Map(survey.places.flatMap(({ snapshots }) => [...snapshots]));
    const wanted = [...union.values()].filter(({ id }) => !isForgotten(id));
    const newestFirst = wanted.toSorted((a, b) => (a.timeNs > b.timeNs ? -1 : 1));
    for (;;) {
      const outcome = await this.#round(newestFirst);
      if (outcome !== undefined) return { ...this.#progress, reason: outcome };
    }
  }

  /** Undefined: a pack is not to be had, and what rests on it is to be had from others or not. */
  async #round(snapshots: readonly StoredSnapshot[]): Promise<string | undefined> {
    const { survey } = this.#options;
    const { signal } = this.#work.session;
    const reader = readerOf(this.#work.session, survey);
    const onLack = (lack: Lack): LocationSet => this.#want(lack);
    const reach = new Reach({ index: survey.index, reader, onLack, signal });
    let lacking = 0;
    for (const snapshot of snapshots) {
      const step = await this.#take(snapshot, reach);
      if (step === "again") return undefined;
      if (step === "lacking") lacking += 1;
      else if (step === "limit") return "the limit of bytes for one call is reached";
      else if (step === "refused") return "the location took no more";
    }
    return lacking === 0 ? "" : `of ${lacking} snapshots not all can be had`;
  }

  async #take(snapshot: StoredSnapshot, reach: Reach): Promise<Step> {
    const { survey, target } = this.#options;
    const { bit } = target.place;
    this.#wanted.clear();
    const isWhole = (await reach.visit(snapshot.tree, bit)) === 0;
    const named: IndexedPack[] = [];
    const known = await namedPacks(this.#work, survey, this.#wanted);
    for (const id of this.#wanted) {
      const step = await this.#obtain(id);
      if (step !== "done") return step;
      const listed = await listedPack(this.#work, target, id);
      const meant = known.get(id);
      if (listed === undefined || (meant && wordsOf(meant) !== wordsOf(listed))) {
        // It lay there already, and not as it was written; or it never was that pack.
        if (this.#copied.has(id)) this.#unobtainable.add(id);
        target.packs.delete(id);
        return "again";
      }
      named.push(listed);
    }
    if (!(await namePacks(this.#work, target, named))) return "refused";
    for (const pack of named) survey.index.add(pack, bit);
    return isWhole ? await this.#copySnapshot(snapshot.id) : "lacking";
  }

  #want({ id, isUnreadable, kind, locations }: Lack): LocationSet {
    const { survey, target } = this.#options;
    const here = survey.index.find(idOfHex(id), kind).map(({ pack }) => pack);
    const packs = here.filter((pack) => !this.#unobtainable.has(pack) && this.#isThere(pack));
    if (isUnreadable || packs.length === 0) return locations;
    if (packs.some((pack) => this.#wanted.has(pack))) return 0;
    const best = packs.find((pack) => target.packs.has(pack)) ?? packs[0];
    if (best !== undefined) this.#wanted.add(best);
    return 0;
  }

  #isThere(pack: string): boolean {
    return this.#options.survey.places.some(({ packs }) => packs.has(pack));
  }

  async #obtain(id: string): Promise<Step> {
    const { mostBytes = Number.POSITIVE_INFINITY, onProgress, survey, target } = this.#options;
    const sizeBytes = survey.packs.get(id)?.sizeBytes ?? 0;
    const file = { kind: "pack", id } as const;
    // No index here names it, so nobody has read it here: what lies there may be anything.
    const isThere = target.packs.get(id) === sizeBytes;
    if (isThere && (await this.#work.sound(file, [target.place])) !== undefined) return "done";
    const progress = this.#progress;
    if (progress.copiedBytes > 0 && progress.copiedBytes + sizeBytes > mostBytes) return "limit";
    const sources = survey.places.filter((seen) => seen !== target && seen.packs.has(id));
    const places = sources.map(({ place }) => place);
    const bytes = await this.#work.sound(file, places);
    if (bytes === undefined) {
      this.#unobtainable.add(id);
      return "again";
    }
    const isWritten = await this.#work.write(target.place, file, { parts: [bytes], how: "copied" });
    if (!isWritten) return "refused";
    target.packs.set(id, bytes.length);
    this.#copied.add(id);
    progress.packs += 1;
    progress.copiedBytes += bytes.length;
    onProgress?.(progress);
    return "done";
  }

  async #copySnapshot(id: string): Promise<Step> {
    const { onProgress, survey, target } = this.#options;
    if (target.snapshots.has(id)) return "done";
    const file = { kind: "snapshot", id } as const;
    const sources = survey.places.filter((seen) => seen.snapshots.has(id));
    const places = sources.map(({ place }) => place);
    const bytes = await this.#work.sound(file, places);
    const snapshot = sources[0]?.snapshots.get(id);
    if (bytes === undefined || snapshot === undefined) return "lacking";
    const isWritten = await this.#work.write(target.place, file, { parts: [bytes], how: "copied" });
    if (!isWritten) return "refused";
    target.snapshots.set(id, snapshot);
    this.#progress.snapshots += 1;
    onProgress?.(this.#progress);
    return "done";
  }
}
