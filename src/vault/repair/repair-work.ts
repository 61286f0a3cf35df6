/**
 * What all repairs share: the one way in which they read and write, and the record of it.
 *
 * W1. Nothing is written before its bytes were found to be those that its name stands for.
 * W2. What a location refuses is told exactly, and the other locations go on.
 */
import { Damage } from "../format/damage.ts";
import { type FileName, LocationFault } from "../location.ts";
import { hexDigestOf } from "../repository/codec.ts";
import type { Place } from "../repository/place.ts";
import type { Session } from "../repository/session.ts";
import { readAround } from "./read-around.ts";

export interface Repair extends FileName {
  readonly location: string;
  readonly how: /** As another location holds it. */
    | "copied"
    /** The same file again, from the sound parts of several locations. */
    | "rebuilt"
    /** What is sound of a pack that cannot be had whole, as a new pack. */
    | "salvaged"
    /** An index of packs that none named. */
    | "named"
    /** It was damaged, and nothing needs it any more. */
    | "removed";
}

export interface Refusal extends FileName {
  readonly location: string;
  readonly reason: string;
}

/** Waits before so many bytes are moved, as a limit on bytes a second wants it. */
export type Pace = (sizeBytes: number, signal: AbortSignal) => Promise<void>;

export const unhurried: Pace = async () => {};

export class RepairWork {
  readonly session: Session;
  readonly repairs: Repair[] = [];
  readonly refusals: Refusal[] = [];
  readonly #pace: Pace;

  constructor(session: Session, pace: Pace) {
    this.session = session;
    this.#pace = pace;
  }

  /** A file as it was written, from the first location that gives it so. */
  async sound(file: FileName, places: readonly Place[]): Promise<Uint8Array | undefined> {
    const { signal } = this.session;
    for (const { location, takesPart } of places) {
      if (!takesPart) continue;
      try {
        const bytes = await location.get(file, signal);
        await this.#pace(bytes.length, signal);
        if (this.#isSound(file, bytes)) return bytes;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof LocationFault)) throw error;
      }
    }
    return undefined;
  }

  /** Whatever a location has under the name; undefined when it gives nothing. */
  async unproven(file: FileName, { location }: Place): Promise<Uint8Array | undefined> {
    const { signal } = this.session;
    const attempt = (read: Promise<Uint8Array>): Promise<Uint8Array | LocationFault> =>
      read.catch((error: unknown) => {
        signal.throwIfAborted();
        if (!(error instanceof LocationFault)) throw error;
        return error;
      });
    const whole = await attempt(location.get(file, signal));
    const isUnreadable = whole instanceof LocationFault && whole.kind === "unreadable";
    const found = isUnreadable ? await attempt(readAround(location, file, signal)) : whole;
    return found instanceof LocationFault ? undefined : found;
  }

  /** Makes it so at a location, whatever is there under the name. False: refused (W2). */
  async write(
    place: Place,
    file: FileName,
    options: { readonly parts: readonly Uint8Array[]; readonly how: Repair["how"] },
  ): Promise<boolean> {
    const { signal } = this.session;
    const { how, parts } = options;
    const isDone = await this.#attempt(place, file, async () => {
      const isThere = (await place.location.stat(file, signal)) !== undefined;
      if (isThere) await place.location.replace(file, parts, signal);
      else await place.location.put(file, parts, signal);
    });
    if (isDone) this.#record(place, file, how);
    return isDone;
  }

  async remove(place: Place, file: FileName): Promise<boolean> {
    if (place.location.traits.isAppendOnly) {
      this.#refuse(place, file, "it is append-only: nothing is removed here");
      return false;
    }
    const isDone = await this.#attempt(place, file, () =>
      place.location.remove(file, this.session.signal),
    );
    if (isDone) this.#record(place, file, "removed");
    return isDone;
  }

  async #attempt(place: Place, file: FileName, run: () => Promise<void>): Promise<boolean> {
    if (!place.takesPart) return false;
    await this.session.confirm();
    try {
      await run();
      return true;
    } catch (error) {
      this.session.signal.throwIfAborted();
      if (!(error instanceof LocationFault)) throw error;
      this.#refuse(place, file, error.message);
      if (!error.isPermanent) place.leaveOut(error);
      return false;
    }
  }

  #refuse({ name }: Place, { id, kind }: FileName, reason: string): void {
    this.refusals.push({ location: name, kind, id, reason });
  }

  #record({ name }: Place, { id, kind }: FileName, how: Repair["how"]): void {
    this.repairs.push({ location: name, kind, id, how });
  }

  #isSound({ id, kind }: FileName, bytes: Uint8Array): boolean {
    if (kind === "config") return this.session.vault.codec.openConfig(bytes).ok;
    return hexDigestOf(bytes) === id;
  }
}

/** Undefined where `work` finds damage. */
export function unlessDamaged<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Damage) return undefined;
    throw error;
  }
}
