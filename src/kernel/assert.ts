/**
 * A broken invariant of our own: the program is wrong, so it stops. Never used for bad input.
 */
export function assert(condition: boolean, invariant: string): asserts condition {
  if (!condition) throw new Error(`broken invariant: ${invariant}`);
}

/** Closes a switch over a tagged union: a new member that is not handled does not typecheck. */
export function unreachable(value: never): never {
  throw new Error(`broken invariant: unexpected ${JSON.stringify(value)}`);
}
