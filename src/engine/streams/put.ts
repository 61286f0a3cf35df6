/**
 * As if it were the thing's own, and not to be seen by those who list its fields. False: it lets
 * nobody do that, or throws.
 */
export function put(target: object, key: PropertyKey, value: unknown): boolean {
  const how = { writable: true, configurable: true, enumerable: false };
  try {
    return Reflect.defineProperty(target, key, { value, ...how });
  } catch {
    return false;
  }
}
