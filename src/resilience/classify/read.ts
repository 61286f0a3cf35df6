/**
 * Looks into values that others have thrown. Getters may throw, proxies may do anything, texts may
 * be endless: every look is guarded, and says `undefined` where there is nothing to see.
 */

/** As much of a text as is ever looked at. */
const textLimit = 2000;

export function read(value: unknown, key: string): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null)
    return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

export function readText(value: unknown, key: string): string | undefined {
  const found = read(value, key);
  return typeof found === "string" ? found.slice(0, textLimit) : undefined;
}

export function readNumber(value: unknown, key: string): number | undefined {
  const found = read(value, key);
  if (typeof found === "number") return Number.isFinite(found) ? found : undefined;
  return typeof found === "string" && /^\d{1,9}$/.test(found) ? Number(found) : undefined;
}

/** The first items of what claims to be a list. */
export function readList(value: unknown, key: string, limit: number): readonly unknown[] {
  const found = read(value, key);
  try {
    return Array.isArray(found) ? found.slice(0, limit) : [];
  } catch {
    return [];
  }
}

/** The own name, or that of the class where nobody has set one. */
export function nameOf(error: unknown): string {
  const name = readText(error, "name");
  if (name !== undefined && name !== "Error") return name;
  return readText(read(error, "constructor"), "name") ?? name ?? "";
}

export function messageIn(error: unknown): string {
  if (typeof error === "string") return error.slice(0, textLimit);
  return readText(error, "message") ?? "";
}
