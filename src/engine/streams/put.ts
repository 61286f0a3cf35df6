/** As if it were the thing's own, and not to be seen by those who list its fields. */
export function put(target: object, key: PropertyKey, value: unknown): void {
  const how = { writable: true, configurable: true, enumerable: false };
  Object.defineProperty(target, key, { value, ...how });
}
