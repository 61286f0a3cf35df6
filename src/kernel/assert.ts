/**
 * A broken invariant of our own: the program is wrong, so it stops. Never used for bad input.
 */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${invariant}`);
}
