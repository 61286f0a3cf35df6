/** Looks at what others have made, by its shape: their classes are not known here. */

/** A property of anything; a getter that throws has none. */
export function read(from: unknown, key: string): unknown {
  if ((typeof from !== "object" && typeof from !== "function") || from === null) return undefined;
  try {
    return (from as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
