/**
 * Another function in the place of one of node's, and back.
 *
 * S1. It has the name, the length, the prototype and all own members of the one whose place it
 *     takes (`util.promisify.custom` among them).
 * S2. Undoing puts the very property back. Where somebody else has wrapped ours meanwhile, theirs
 *     stays, and ours does nothing any more but call the original.
 */
export type Call = (this: unknown, ...given: readonly unknown[]) => unknown;

/** What a place calls, for as long as it is not undone. */
export type Make = (original: Call) => Call;

export function swap(owner: object, name: string, make: Make): () => void {
  const before = Object.getOwnPropertyDescriptor(owner, name);
  const original = before?.value as Call | undefined;
  if (before === undefined || typeof original !== "function") return () => undefined;
  const inner = make(original);
  let isOn = true;
  const { [name]: swapped } = {
    [name](this: unknown, ...given: readonly unknown[]): unknown {
      return Reflect.apply(isOn ? inner : original, this, given);
    },
  } as Record<string, Call>;
  const outer = swapped as Call;
  for (const key of Reflect.ownKeys(original)) {
    const member = Object.getOwnPropertyDescriptor(original, key);
    if (member !== undefined) Object.defineProperty(outer, key, member);
  }
  Object.setPrototypeOf(outer, Object.getPrototypeOf(original) as object);
  Object.defineProperty(owner, name, { ...before, value: outer });
  return () => {
    isOn = false;
    const now = Object.getOwnPropertyDescriptor(owner, name);
    if (now?.value === outer) Object.defineProperty(owner, name, before);
  };
}
