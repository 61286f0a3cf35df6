/**
 * What of a thing its wrapper does not reach: an SDK whose methods hang on objects inside of it is
 * not protected by one level.
 *
 * A1. Nothing is read that is not a plain field: getters may do work.
 * A2. Objects inside count where they are parts of the thing's own interface: they lead back to it,
 *     or it has no methods of its own. What a service was merely handed is its own affair.
 */
import { types } from "node:util";
import { inborn } from "./inborn.ts";
import { type LookedAt, methodNamesOf } from "./methods-of.ts";

export interface OutOfReach {
  /** So many methods are protected. */
  readonly methods: number;
  /** Fields under which there are methods that are not. */
  readonly nested: readonly string[];
  /** With that depth they are. */
  readonly depth: number;
}

const levelsMax = 5;
const objectsMax = 500;

interface Inside {
  readonly it: object;
  readonly field: string;
  readonly level: number;
}

/** Whether a wrapper of one level protects anything. */
export function hasMethods(target: object): boolean {
  return typeof target === "function" || types.isProxy(target) || ownMethods(target) > 0;
}

/** Undefined: all of it is reached, or that cannot be known. */
export function outOfReach({ target, depth }: LookedAt): OutOfReach | undefined {
  if (typeof target === "function" || types.isProxy(target)) return undefined;
  const own = ownMethods(target);
  const seen = new Set<object>([target]);
  const nested = new Set<string>();
  let methods = own;
  let needed = depth;
  const open: Inside[] = insideOf(target).map(([field, it]) => ({ it, field, level: 2 }));
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { it, field, level } = next;
    if (seen.has(it) || seen.size > objectsMax || (own > 0 && !leadsTo(it, target))) continue;
    seen.add(it);
    const count = ownMethods(it);
    if (level <= depth) methods += count;
    else if (count > 0) {
      nested.add(field);
      needed = Math.max(needed, level);
    }
    if (level < levelsMax)
      open.push(...insideOf(it).map(([, deeper]) => ({ it: deeper, field, level: level + 1 })));
  }
  if (nested.size === 0 && (methods > 0 || hasGetters(target))) return undefined;
  return { methods, nested: [...nested], depth: needed };
}

function ownMethods(it: object): number {
  return methodNamesOf({ target: it, depth: 1 }).filter((name) => !inborn.has(name)).length;
}

/** A1. */
function insideOf(it: object): [string, object][] {
  const found: [string, object][] = [];
  for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(it))) {
    const isObject = typeof value === "object" && value !== null;
    if (isObject && !isBuiltIn(value as object)) found.push([key, value as object]);
  }
  return found;
}

/** What they give may well have methods. */
function hasGetters(it: object): boolean {
  const isKnown = it !== Object.prototype && !types.isProxy(it);
  const fields = isKnown ? Object.values(Object.getOwnPropertyDescriptors(it)) : [];
  const above = isKnown ? Reflect.getPrototypeOf(it) : null;
  const isGetter = fields.some((field) => field.get !== undefined || isProxied(field.value));
  return (
    !isKnown || isGetter || (above !== null && above !== Object.prototype && hasGetters(above))
  );
}

function isProxied(value: unknown): boolean {
  return typeof value === "object" && value !== null && types.isProxy(value);
}

/** A2. */
function leadsTo(it: object, target: object): boolean {
  return Object.values(Object.getOwnPropertyDescriptors(it)).some(({ value }) => value === target);
}

/** Their methods are no calls of a dependency. */
function isBuiltIn(it: object): boolean {
  const { isProxy, isMap, isSet, isDate, isRegExp, isPromise, isNativeError } = types;
  const kinds = [isProxy, isMap, isSet, isDate, isRegExp, isPromise, isNativeError];
  return Array.isArray(it) || ArrayBuffer.isView(it) || kinds.some((is) => is(it));
}
