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
  try {
    if (error instanceof Error) return error.message || error.name;
    if (typeof error === "string") return error;
    return JSON.stringify(error) ?? String(error);
  } catch {
    // A circle, a bigint, a getter that throws: what kind of thing it is must do.
    return kindOf(error);
  }
}

function kindOf(error: unknown): string {
  try {
    return Object.prototype.toString.call(error);
  } catch {
    // A proxy that throws, or was revoked.
    return "something that cannot be shown";
  }
}
