/**
 * What a vault remembers outside of its locations, one small file each. The port of it; what it
 * holds is sealed by whoever keeps it there.
 *
 * F1. `write` is atomic and durable: a reader sees what was there before, or all of the new.
 * F2. It may get lost. Whoever keeps something here says what then holds, and it must be safe.
 */
export interface StateFile {
  /** Undefined when there is none. */
  read(): Promise<Uint8Array | undefined>;
  write(bytes: Uint8Array): Promise<void>;
}
