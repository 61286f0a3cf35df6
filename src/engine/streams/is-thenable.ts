/** It can be awaited. */
export function isThenable(result: object): result is PromiseLike<unknown> {
  try {
    return typeof (result as Partial<PromiseLike<unknown>>).then === "function";
  } catch {
    // What throws when it is looked at is the caller's as it is.
    return false;
  }
}
