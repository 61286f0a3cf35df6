/**
 * When each snapshot came: the record that retention counts by, so that nobody pushes good
 * snapshots out with dates of his own.
 *
 * A1. A snapshot gets its sequence when it is written or first seen, and keeps it.
 * A2. Who is first seen has come now, whatever it says of itself.
 * A3. When the record is lost it is made anew from what snapshots say of themselves, in the order
 *     of their times, then of their ids; none of them came later than now. What was verified or
 *     suspect is not known any more, and freezing has begun anew.
 *     What a person had accepted, neither.
 * A4. Of what is in no place any more, no more than `recordsMax` are kept with the others.
 */
import { Buffer } from "node:buffer";
import { Damage } from "../format/damage.ts";
import type { StoredSnapshot } from "../format/snapshot-json.ts";
import type { Codec } from "../repository/codec.ts";
import type { Arrival, ArrivedSnapshot, Moment } from "../retain/arrived-snapshot.ts";
import type { Acceptance } from "../retain/freeze.ts";
import type { StateFile } from "./state-file.ts";

export interface ArrivalsOptions {
  readonly file: StateFile;
  readonly codec: Codec;
  /** Default 20,000. */
  readonly recordsMax?: number;
}

/** What is noted of a snapshot besides its arrival. */
export interface SnapshotMarks {
  readonly isSuspect?: boolean;
  readonly isComplete?: boolean;
  readonly isVerified?: boolean;
}

export interface ArrivedNow {
  readonly snapshot: Pick<StoredSnapshot, "id">;
  readonly moment: Omit<Arrival, "sequence">;
  readonly isSuspect: boolean;
  readonly isComplete: boolean;
}

interface ArrivalRecord extends Arrival {
  readonly isSuspect: boolean;
  readonly isVerified: boolean;
  /** Who wrote it before it was asked for does not say. */
  readonly isComplete?: boolean;
}

interface Records {
  next: number;
  accepted?: Acceptance;
  readonly byId: Map<string, ArrivalRecord>;
}

export class Arrivals {
  readonly #options: ArrivalsOptions;
  readonly #records: Records;
  #isNew: boolean;

  private constructor(options: ArrivalsOptions, records: Records | undefined) {
    this.#options = options;
    this.#records = records ?? { next: 1, byId: new Map() };
    this.#isNew = records === undefined;
  }

  static async open(options: ArrivalsOptions): Promise<Arrivals> {
    const sealed = await options.file.read();
    return new Arrivals(options, sealed && recordsIn(sealed, options.codec));
  }

  /** All snapshots that there are, those among them that are new recorded. */
  async see(
    snapshots: readonly StoredSnapshot[],
    now: Omit<Arrival, "sequence">,
  ): Promise<readonly ArrivedSnapshot[]> {
    const { byId } = this.#records;
    const fresh = snapshots.filter(({ id }) => !byId.has(id)).toSorted(byTime);
    for (const { id, timeNs } of fresh) {
      const own = { at: Math.min(now.at, Number(timeNs / 1_000_000n)), uptimeMs: 0 };
      // A boot of its own: what the machine's uptime was then, nobody knows.
      const arrival = this.#isNew ? { ...now, ...own, bootId: `unknown ${id}` } : now;
      this.#add(id, arrival, {});
    }
    const isChanged = this.#drop(new Set(snapshots.map(({ id }) => id))) || fresh.length > 0;
    if (isChanged || this.#isNew) await this.#save();
    return snapshots.flatMap(({ hostname, id, paths }) => {
      const record = byId.get(id);
      if (record === undefined) return [];
      const { isComplete = false, isSuspect, isVerified, ...arrival } = record;
      const marks = { isComplete, isSuspect, isVerified };
      return [{ id, host: hostname, paths, arrival, ...marks }];
    });
  }

  /** Of a snapshot that was never seen nothing is known. */
  marksOf(id: string): SnapshotMarks {
    return this.#records.byId.get(id) ?? {};
  }

  /** Undefined: nobody has recorded it. */
  sequenceOf(id: string): number | undefined {
    return this.#records.byId.get(id)?.sequence;
  }

  /** The one that came last, and when, whether it is there or not. */
  get newest(): { readonly id: string; readonly at: number } | undefined {
    const { byId } = this.#records;
    let newest: { readonly id: string; readonly at: number; readonly sequence: number } | undefined;
    for (const [id, { at, sequence }] of byId) {
      if (newest === undefined || sequence > newest.sequence) newest = { id, at, sequence };
    }
    return newest;
  }

  /** The last one. */
  get accepted(): Acceptance | undefined {
    return this.#records.accepted;
  }

  /** A person wants all that came so far, suspect runs and jumps of the clock included. */
  async accept({ at, bootId, uptimeMs }: Moment): Promise<void> {
    this.#records.accepted = { at, bootId, uptimeMs, sequence: this.#records.next - 1 };
    await this.#save();
  }

  /** Nothing was recorded yet: all that lies there is to be seen before anything is added (A3). */
  get isNew(): boolean {
    return this.#isNew;
  }

  /**
   * Snapshots that came one after another, each at its moment; those that are known keep theirs.
   */
  async add(arrived: readonly ArrivedNow[]): Promise<void> {
    const { byId } = this.#records;
    for (const { isComplete, isSuspect, moment, snapshot } of arrived) {
      const known = byId.get(snapshot.id);
      if (known === undefined) this.#add(snapshot.id, moment, { isComplete, isSuspect });
      else {
        const marks = {
          isSuspect: known.isSuspect || isSuspect,
          isComplete: known.isComplete === true || isComplete,
        };
        byId.set(snapshot.id, { ...known, ...marks });
      }
    }
    await this.#save();
  }

  /** Of a snapshot that was seen; of others nothing is noted. */
  async mark(id: string, marks: SnapshotMarks): Promise<void> {
    const record = this.#records.byId.get(id);
    if (record === undefined) return;
    this.#records.byId.set(id, { ...record, ...marks });
    await this.#save();
  }

  #add(id: string, arrival: Omit<Arrival, "sequence">, marks: SnapshotMarks): void {
    const { byId, next } = this.#records;
    this.#records.next += 1;
    byId.set(id, { ...arrival, sequence: next, isSuspect: false, isVerified: false, ...marks });
  }

  /** A4: the oldest go first. */
  #drop(present: ReadonlySet<string>): boolean {
    const { byId } = this.#records;
    const { recordsMax = 20_000 } = this.#options;
    const absent = [...byId].filter(([id]) => !present.has(id));
    absent.sort(([, a], [, b]) => a.sequence - b.sequence);
    const excess = absent.slice(0, Math.max(0, byId.size - recordsMax));
    for (const [id] of excess) byId.delete(id);
    return excess.length > 0;
  }

  async #save(): Promise<void> {
    const { accepted, byId, next } = this.#records;
    const json = JSON.stringify({ next, accepted, records: [...byId] });
    await this.#options.file.write(this.#options.codec.seal(Buffer.from(json)));
    this.#isNew = false;
  }
}

/** It has a right MAC, so it is what we wrote; undefined when it has not (A3). */
function recordsIn(sealed: Uint8Array, codec: Codec): Records | undefined {
  try {
    const json: unknown = JSON.parse(Buffer.from(codec.open(sealed)).toString());
    const { accepted, next, records } = json as {
      readonly next: number;
      readonly accepted?: Acceptance;
      readonly records: readonly [string, ArrivalRecord][];
    };
    const byId = new Map(records);
    return accepted === undefined ? { next, byId } : { next, accepted, byId };
  } catch (error) {
    if (error instanceof Damage) return undefined;
    throw error;
  }
}

function byTime(a: StoredSnapshot, b: StoredSnapshot): number {
  if (a.timeNs !== b.timeNs) return a.timeNs < b.timeNs ? -1 : 1;
  return a.id < b.id ? -1 : 1;
}
