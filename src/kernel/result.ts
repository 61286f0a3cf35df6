/** A failure is a value inside the house; errors are thrown only at its public edge. */
export type Result<T, E = string> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: E };

export function success<T>(value: T): Result<T, never> {
  return { ok: true, value };
}

export function failed<E>(error: E): Result<never, E> {
  return { ok: false, error };
}

/** What any thrown value says. Never throws itself: it is called where errors end. */
export function messageOf(error: unknown): string {
  if (error instanceof Error) return error.message || error.name;
  if (typeof error === "string") return error;
  try {
    return JSON.stringify(error) ?? String(error);
  } catch {
    // A circle, or a bigint: what kind of thing it is must do.
    return Object.prototype.toString.call(error);
  }
}
