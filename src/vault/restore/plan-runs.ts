/**
 * In which order contents are read: not file after file, but pack after pack, in runs of neighbours
 * that one request brings.
 *
 * P1. Each blob is read once for all the files of a window that hold it.
 * P2. A file belongs to one lane. Runs are spread so that the lanes have the same to do, and little
 *     work takes few of them; a file that lies in several runs goes with its first one.
 * P3. A run has at most `runBytes`, or one blob.
 */
import { contentLength } from "../format/blob.ts";
import { idOfHex } from "../format/ids.ts";
import type { FileNode } from "../format/tree-node.ts";
import type { BlobIndex, BlobPlace, LocationSet } from "../index/blob-index.ts";
import type { RawPath } from "../raw-path.ts";

export interface WantedFile {
  readonly number: number;
  /** Relative to the target. */
  readonly path: RawPath;
  /** In the snapshot. */
  readonly source: RawPath;
  readonly node: FileNode;
  /** Whether something had its name when its folder was looked at. */
  readonly isThere: boolean;
}

export interface PlannedFile extends WantedFile {
  readonly sizeBytes: number;
  lane: number;
}

interface Target {
  readonly file: PlannedFile;
  readonly offset: number;
}

export interface PlannedBlob {
  readonly id: Uint8Array;
  readonly place: BlobPlace;
  readonly targets: Target[];
}

export interface Run {
  readonly pack: string;
  readonly locations: LocationSet;
  readonly offset: number;
  readonly length: number;
  readonly blobs: readonly PlannedBlob[];
}

export interface RunPlan {
  readonly runs: readonly Run[];
  readonly files: readonly PlannedFile[];
  /** Files that no index knows all of. */
  readonly unknown: readonly { readonly file: WantedFile; readonly id: string }[];
}

export interface PlanOptions {
  readonly index: BlobIndex;
  readonly lanes: number;
  /** Locations that can be read, the nearest with the lowest bit. */
  readonly reachable: LocationSet;
  readonly runBytes?: number;
  readonly gapBytes?: number;
  /** For less than that no lane more is used: about what it takes to start a thread. */
  readonly laneBlobs?: number;
}

const laneBytes = 32 << 20;

export function planRuns(wanted: readonly WantedFile[], options: PlanOptions): RunPlan {
  const { gapBytes = 128 << 10, runBytes = 4 << 20 } = options;
  const packs = new Map<string, Map<number, PlannedBlob>>();
  const unknown: RunPlan["unknown"][number][] = [];
  const files = wanted.flatMap((file) => {
    const planned = layOut(file, packs, options);
    if (typeof planned === "object") return [planned];
    unknown.push({ file, id: planned });
    return [];
  });
  const runs: Run[] = [];
  for (const [pack, blobs] of packs) {
    const sorted = [...blobs.values()].toSorted((a, b) => a.place.offset - b.place.offset);
    runs.push(...cutRuns(pack, sorted, { gapBytes, runBytes }));
  }
  spread(runs, options);
  return { runs, files, unknown };
}

/** Or the id of a blob that is nowhere. */
function layOut(
  { isThere, node, number, path, source }: WantedFile,
  packs: Map<string, Map<number, PlannedBlob>>,
  { index, reachable }: PlanOptions,
): PlannedFile | string {
  const found: { readonly id: Uint8Array; readonly place: BlobPlace }[] = [];
  let sizeBytes = 0;
  for (const hex of node.content) {
    const id = idOfHex(hex);
    const place = nearest(index.find(id, "data"), reachable);
    if (place === undefined) return hex;
    found.push({ id, place });
    sizeBytes += contentLength(place);
  }
  const planned: PlannedFile = { number, path, source, node, isThere, sizeBytes, lane: -1 };
  let offset = 0;
  for (const { id, place } of found) {
    const blobs = packs.get(place.pack) ?? new Map<number, PlannedBlob>();
    packs.set(place.pack, blobs);
    const known = blobs.get(place.offset);
    if (known === undefined) {
      blobs.set(place.offset, { id, place, targets: [{ file: planned, offset }] });
    } else known.targets.push({ file: planned, offset });
    offset += contentLength(place);
  }
  return planned;
}

function nearest(places: readonly BlobPlace[], reachable: LocationSet): BlobPlace | undefined {
  let [best, bestBit] = [places[0], Number.POSITIVE_INFINITY];
  for (const place of places) {
    const seen = place.locations & reachable;
    if (seen === 0 || (seen & -seen) >= bestBit) continue;
    [best, bestBit] = [place, seen & -seen];
  }
  return best;
}

function* cutRuns(
  pack: string,
  blobs: readonly PlannedBlob[],
  { gapBytes, runBytes }: { readonly gapBytes: number; readonly runBytes: number },
): Generator<Run> {
  let run: PlannedBlob[] = [];
  for (const blob of blobs) {
    const [first, last] = [run[0], run.at(-1)];
    const end = blob.place.offset + blob.place.length;
    const isNear =
      first !== undefined &&
      last !== undefined &&
      blob.place.offset - endOf(last) <= gapBytes &&
      end - first.place.offset <= runBytes;
    if (!isNear && run.length > 0) {
      yield runOf(pack, run);
      run = [];
    }
    run.push(blob);
  }
  if (run.length > 0) yield runOf(pack, run);
}

function endOf({ place }: PlannedBlob): number {
  return place.offset + place.length;
}

function runOf(pack: string, blobs: readonly PlannedBlob[]): Run {
  const offset = blobs[0]?.place.offset ?? 0;
  const last = blobs.at(-1);
  const length = (last === undefined ? offset : endOf(last)) - offset;
  return { pack, locations: blobs[0]?.place.locations ?? 0, offset, length, blobs };
}

/** P2. */
function spread(runs: readonly Run[], { laneBlobs = 500, lanes }: PlanOptions): void {
  const blobs = runs.reduce((sum, run) => sum + run.blobs.length, 0);
  const bytes = runs.reduce((sum, { length }) => sum + length, 0);
  const worth = Math.ceil(blobs / laneBlobs + bytes / laneBytes);
  const loads = Array.from({ length: Math.max(1, Math.min(lanes, worth)) }, () => 0);
  for (const { blobs, length } of runs) {
    const lane = loads.indexOf(Math.min(...loads));
    loads[lane] = (loads[lane] ?? 0) + length;
    for (const { targets } of blobs) {
      for (const { file } of targets) if (file.lane < 0) file.lane = lane;
    }
  }
}
