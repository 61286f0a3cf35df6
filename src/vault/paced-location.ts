/** A location that is written to no faster than a line may be filled. */
import {
  type ByteRange,
  type FileKind,
  type FileName,
  type ListedFile,
  type Location,
  type LocationTraits,
} from "./location.ts";
import type { Pace } from "./repair/repair-work.ts";

/** @param pace shared by all locations that share the line; locks do not wait for it */
export function pacedLocation(location: Location, pace: Pace): Location {
  return new PacedLocation(location, pace);
}

class PacedLocation implements Location {
  readonly traits: LocationTraits;
  readonly #location: Location;
  readonly #pace: Pace;

  constructor(location: Location, pace: Pace) {
    this.traits = location.traits;
    this.#location = location;
    this.#pace = pace;
  }

  get notice(): string | undefined {
    return this.#location.notice;
  }

  prepare(signal: AbortSignal): Promise<void> {
    return this.#location.prepare(signal);
  }

  async put(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    await this.#wait(file, parts, signal);
    await this.#location.put(file, parts, signal);
  }

  async replace(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    await this.#wait(file, parts, signal);
    await this.#location.replace(file, parts, signal);
  }

  get(file: FileName, signal: AbortSignal, range?: ByteRange): Promise<Uint8Array> {
    return this.#location.get(file, signal, range);
  }

  stat(file: FileName, signal: AbortSignal): Promise<number | undefined> {
    return this.#location.stat(file, signal);
  }

  list(kind: FileKind, signal: AbortSignal): AsyncIterable<ListedFile> {
    return this.#location.list(kind, signal);
  }

  remove(file: FileName, signal: AbortSignal): Promise<void> {
    return this.#location.remove(file, signal);
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#location[Symbol.asyncDispose]();
  }

  async #wait(
    { kind }: FileName,
    parts: readonly Uint8Array[],
    signal: AbortSignal,
  ): Promise<void> {
    // A lock that comes late protects nothing.
    if (kind === "lock") return;
    await this.#pace(
      parts.reduce((sum, { length }) => sum + length, 0),
      signal,
    );
  }
}
