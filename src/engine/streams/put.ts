/**
 * As if it were the thing's own, and not to be seen by those who list its fields. False: it lets
 * nobody do that.
 */
export function put(target: object, key: PropertyKey, value: unknown): boolean {
  const how = { writable: true, configurable: true, enumerable: false };
  return Reflect.defineProperty(target, key, { value, ...how });
}
