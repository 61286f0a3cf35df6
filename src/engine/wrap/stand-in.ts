/**
 * What a proxy stands on where the thing itself forbids to show wrapped methods: a proxy may not
 * show another value for what its target says cannot change. It is of the thing's kind (it can be
 * called, made things of, is an array), and has nothing that cannot change but an array's length.
 */
import { inspect } from "node:util";
import { put } from "../streams/put.ts";

/** It has a member that would be wrapped, and says that it cannot change. */
export function isRigid(target: object, depth: number): boolean {
  return Reflect.ownKeys(target).some((key) => {
    const found = Reflect.getOwnPropertyDescriptor(target, key);
    if (found === undefined || found.configurable !== false || found.writable !== false)
      return false;
    const value: unknown = found.value;
    if (typeof target === "function" && key === "prototype") return false;
    return typeof value === "function" || (depth > 1 && typeof value === "object");
  });
}

export function standInFor(target: object): object {
  const standIn = emptyOf(target);
  // What is printed is what stands behind a proxy.
  put(standIn, inspect.custom, () => target);
  return standIn;
}

function emptyOf(target: object): object {
  if (Array.isArray(target)) return [];
  if (typeof target !== "function") return Object.create(Reflect.getPrototypeOf(target)) as object;
  // A bound one has no `prototype` that cannot change.
  const empty = canMake(target) ? Object.bind(undefined) : () => {};
  for (const key of Reflect.ownKeys(empty)) Reflect.deleteProperty(empty, key);
  return Object.setPrototypeOf(empty, Reflect.getPrototypeOf(target)) as object;
}

/** Asked without running any of its code. */
function canMake(target: object): boolean {
  const asked = new Proxy(target as new () => object, { construct: () => ({}) });
  try {
    return typeof new asked() === "object";
  } catch {
    return false;
  }
}

/** How a member may be shown that the stand-in does not have, or has of its own. */
export function shown(
  found: PropertyDescriptor,
  standIn: object,
  key: PropertyKey,
): PropertyDescriptor {
  const own = Reflect.getOwnPropertyDescriptor(standIn, key);
  if (own?.configurable !== false) return { ...found, configurable: true };
  return "value" in found && own.writable === true ? { ...found, writable: true } : found;
}
