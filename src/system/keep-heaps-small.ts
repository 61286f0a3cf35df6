import { setFlagsFromString } from "node:v8";

/**
 * From here on V8 lets the heaps of this process, those of its threads among them, grow in smaller
 * steps. For programs that work through a lot and keep little: a backup takes two thirds of the
 * memory, in the same processor time (docs/vault/figures.md). It is a heuristic of V8's that is
 * asked at each collection, so it may be set while a program runs.
 */
export function keepHeapsSmall(): void {
  setFlagsFromString("--optimize-for-size");
}
