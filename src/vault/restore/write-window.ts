/**
 * Brings a window of files to the target: reads their runs, hands them to the lanes, and mends what
 * arrives damaged from another location.
 *
 * W1. What is written was opened and has its hash; a file with a blob that no location gives whole
 *     is not made at all.
 * W2. At most `runsPerLane` runs a lane are in memory.
 */
import { Damage } from "../format/damage.ts";
import type { LocationSet } from "../index/blob-index.ts";
import type { Session } from "../repository/session.ts";
import {
  type PlannedBlob,
  type PlannedFile,
  planRuns,
  type Run,
  type WantedFile,
} from "./plan-runs.ts";
import { type ReadRun, readRun } from "./read-run.ts";
import type { BlobToWrite, Outcome, RestoreTarget, WriteJob } from "./restore-target.ts";

const runsPerLane = 2;
const whole: Outcome = { kind: "done" };

export interface EndedFile {
  readonly file: WantedFile;
  readonly outcome: Outcome;
  readonly sizeBytes: number;
  /** Names of those that its content came from. */
  readonly locations: readonly string[];
}

interface Progress {
  readonly file: PlannedFile;
  locations: LocationSet;
  hasBegun: boolean;
  outcome: Outcome | undefined;
}

export async function writeWindow(
  session: Session,
  target: RestoreTarget,
  files: readonly WantedFile[],
): Promise<readonly EndedFile[]> {
  return await new WindowWriter(session, target).run(files);
}

class WindowWriter {
  readonly #session: Session;
  readonly #target: RestoreTarget;
  readonly #progress = new Map<number, Progress>();
  readonly #names = new Map<LocationSet, readonly string[]>();

  constructor(session: Session, target: RestoreTarget) {
    this.#session = session;
    this.#target = target;
  }

  async run(wanted: readonly WantedFile[]): Promise<readonly EndedFile[]> {
    const { places, index } = this.#session.vault;
    const { lanes } = this.#target;
    const reachable = places.reduce((set, place) => set | (place.takesPart ? place.bit : 0), 0);
    const { files, runs, unknown } = planRuns(wanted, { index, lanes, reachable });
    for (const file of files) {
      const fresh = { file, locations: 0, hasBegun: false, outcome: undefined };
      this.#progress.set(file.number, fresh);
    }
    await this.#writeEmpty(files.filter(({ sizeBytes }) => sizeBytes === 0));
    const waiting = runs[Symbol.iterator]();
    const reader = async (): Promise<void> => {
      for (const run of waiting) await this.#writeRun(run);
    };
    const readers = Array.from({ length: lanes * runsPerLane }, reader);
    // All have ended before anybody goes on.
    const settled = await Promise.allSettled(readers);
    for (const each of settled) if (each.status === "rejected") throw each.reason;
    const unended = failed("EIO", "it was not written whole");
    const ended = [...this.#progress.values()].map(({ file, locations, outcome }): EndedFile => {
      const { sizeBytes } = file;
      return { file, sizeBytes, locations: this.#namesOf(locations), outcome: outcome ?? unended };
    });
    const lost = unknown.map(({ file, id }): EndedFile => {
      const outcome = failed("EIO", `no index names its data blob ${id}`);
      return { file, outcome, sizeBytes: 0, locations: [] };
    });
    return [...ended, ...lost];
  }

  async #writeEmpty(files: readonly PlannedFile[]): Promise<void> {
    for (const file of files) file.lane = 0;
    if (files.length > 0) await this.#send(0, { files, bytes: new Uint8Array(), blobs: [] });
  }

  async #writeRun(run: Run): Promise<void> {
    const read = await readRun(this.#session, run);
    if (read === undefined) {
      for (const blob of run.blobs) await this.#mend(blob);
      return;
    }
    const lanes = new Set<number>();
    for (const { targets } of run.blobs) for (const { file } of targets) lanes.add(file.lane);
    const sent = [...lanes].map((lane) =>
      this.#sendRun(lane, { run, read, isOnly: lanes.size === 1 }),
    );
    const settled = await Promise.allSettled(sent);
    for (const each of settled) if (each.status === "rejected") throw each.reason;
  }

  async #sendRun(lane: number, { isOnly, read, run }: SendRun): Promise<void> {
    const isMine = ({ targets }: PlannedBlob): boolean =>
      targets.some(({ file }) => file.lane === lane);
    const mine = isOnly ? run.blobs : run.blobs.filter(isMine);
    const files: PlannedFile[] = [];
    let end = 0;
    const blobs = mine.map((blob): BlobToWrite => {
      const { length, offset, plainLength } = blob.place;
      const at = isOnly ? offset - run.offset : end;
      end += length;
      const targets: number[] = [];
      for (const { file, offset: inFile } of blob.targets) {
        if (file.lane !== lane) continue;
        targets.push(file.number, inFile);
        files.push(file);
        const progress = this.#progress.get(file.number);
        if (progress !== undefined) progress.locations |= read.place.bit;
      }
      return { id: blob.id, at, length, plainLength, targets };
    });
    const bytes = isOnly ? read.bytes : gathered(mine, run, read.bytes);
    const damaged = await this.#send(lane, { files, bytes, blobs });
    for (const number of damaged) {
      const blob = mine[number];
      if (blob !== undefined) await this.#mend(blob, lane);
    }
  }

  /** From wherever it is whole; a lane, or all of those that want it. */
  async #mend(blob: PlannedBlob, lane?: number): Promise<void> {
    const { signal, vault } = this.#session;
    const lanes = new Set(blob.targets.map(({ file }) => file.lane));
    const meant = lane === undefined ? [...lanes] : [lane];
    try {
      const content = await vault.reader.read(blob.id, "data", signal);
      for (const each of meant) {
        const { id } = blob;
        const bytes = content.slice();
        const targets = this.#targetsOf(blob, each);
        const opened = { id, at: 0, length: bytes.length, plainLength: -1, targets };
        await this.#send(each, { files: filesOf(blob, each), bytes, blobs: [opened] });
      }
    } catch (error) {
      if (!(error instanceof Damage)) throw error;
      for (const each of meant) await this.#giveUp(each, filesOf(blob, each), error.message);
    }
  }

  async #giveUp(lane: number, files: readonly PlannedFile[], reason: string): Promise<void> {
    for (const { number } of files) {
      const progress = this.#progress.get(number);
      if (progress !== undefined) progress.outcome ??= failed("EIO", reason);
    }
    const givesUp = files.map(({ number }) => number);
    await this.#target.write(lane, { begins: [], bytes: new Uint8Array(), blobs: [], givesUp });
  }

  /** @returns the indexes of the blobs that were damaged */
  async #send(lane: number, { blobs, bytes, files }: Sending): Promise<readonly number[]> {
    const begins: PlannedFile[] = [];
    for (const file of files) {
      const progress = this.#progress.get(file.number);
      if (progress === undefined || progress.hasBegun || progress.outcome !== undefined) continue;
      progress.hasBegun = true;
      begins.push(file);
    }
    const job: WriteJob = { begins, bytes, blobs, givesUp: [] };
    const { damaged, done, ended } = await this.#target.write(lane, job);
    for (const number of done) this.#end(number, whole);
    for (const { number, outcome } of ended) this.#end(number, outcome);
    return damaged;
  }

  #end(number: number, outcome: Outcome): void {
    const progress = this.#progress.get(number);
    if (progress !== undefined) progress.outcome ??= outcome;
  }

  /** The same few sets come again and again. */
  #namesOf(locations: LocationSet): readonly string[] {
    const known = this.#names.get(locations);
    if (known !== undefined) return known;
    const { places } = this.#session.vault;
    const names = places.filter(({ bit }) => (bit & locations) !== 0).map(({ name }) => name);
    this.#names.set(locations, names);
    return names;
  }

  #targetsOf({ targets }: PlannedBlob, lane: number): readonly number[] {
    return targets.flatMap(({ file, offset }) => (file.lane === lane ? [file.number, offset] : []));
  }
}

interface SendRun {
  readonly run: Run;
  readonly read: ReadRun;
  readonly isOnly: boolean;
}

interface Sending {
  readonly files: readonly PlannedFile[];
  readonly bytes: Uint8Array;
  readonly blobs: readonly BlobToWrite[];
}

function filesOf({ targets }: PlannedBlob, lane: number): readonly PlannedFile[] {
  return targets.flatMap(({ file }) => (file.lane === lane ? [file] : []));
}

function gathered(blobs: readonly PlannedBlob[], run: Run, bytes: Uint8Array): Uint8Array {
  const total = blobs.reduce((sum, { place }) => sum + place.length, 0);
  const some = new Uint8Array(total);
  let end = 0;
  for (const { place } of blobs) {
    const at = place.offset - run.offset;
    some.set(bytes.subarray(at, at + place.length), end);
    end += place.length;
  }
  return some;
}

function failed(code: string, reason: string): Outcome {
  return { kind: "failed", code, reason };
}
