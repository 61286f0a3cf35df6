/**
 * What a target has that calls can go through, found without reading a property: getters may do
 * work, and nobody has asked for it.
 */
import { types } from "node:util";

/** `unknown`: only time will tell, as of a proxy, or of what a class puts on its instances. */
export type MethodFound = "there" | "missing" | "unknown";

export interface LookedAt {
  readonly target: object;
  /** How many levels of objects are wrapped. */
  readonly depth: number;
}

const namesMax = 500;

/** Whether `name`, such as `ask` or `chat.create`, is a method that a wrapper would wrap. */
export function findMethod({ target, depth }: LookedAt, name: string): MethodFound {
  if (types.isProxy(target)) return "unknown";
  const found = descriptorOf(target, name);
  if (found !== undefined) return isCallable(found);
  const dot = name.indexOf(".");
  if (dot > 0) {
    const member = descriptorOf(target, name.slice(0, dot));
    if (member !== undefined) {
      const value: unknown = member.value;
      if (member.get !== undefined) return "unknown";
      if (!isObject(value) || depth <= 1) return "missing";
      return findMethod({ target: value, depth: depth - 1 }, name.slice(dot + 1));
    }
  }
  return makesInstances(target) ? "unknown" : "missing";
}

/** The names that `findMethod` finds, for advice. */
export function methodNamesOf({ target, depth }: LookedAt): readonly string[] {
  const names: string[] = [];
  if (types.isProxy(target)) return names;
  for (const each of whereMethodsAre(target)) {
    for (const [key, { value }] of Object.entries(Object.getOwnPropertyDescriptors(each))) {
      if (names.length >= namesMax || key === "constructor") continue;
      if (typeof value === "function") names.push(key);
      else if (depth > 1 && isObject(value)) {
        const deeper = methodNamesOf({ target: value, depth: depth - 1 });
        names.push(...deeper.map((name) => `${key}.${name}`));
      }
    }
  }
  return names;
}

/** A class, or a function of the old kind that may be one. */
export function makesInstances(target: object): boolean {
  return (
    typeof target === "function" &&
    isObject(Reflect.getOwnPropertyDescriptor(target, "prototype")?.value)
  );
}

function descriptorOf(target: object, key: string): PropertyDescriptor | undefined {
  for (const each of whereMethodsAre(target)) {
    if (types.isProxy(each)) return { get: () => undefined };
    const found = Reflect.getOwnPropertyDescriptor(each, key);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The thing and what it inherits from; of a class its instances' methods as well. */
function* whereMethodsAre(target: object): Generator<object> {
  if (makesInstances(target)) {
    yield* inheritedBy(Reflect.getOwnPropertyDescriptor(target, "prototype")?.value as object);
  }
  yield* inheritedBy(target);
}

function* inheritedBy(target: object): Generator<object> {
  for (let each: object | null = target; each !== null; each = Reflect.getPrototypeOf(each)) {
    if (each === Object.prototype || each === Function.prototype) return;
    yield each;
    if (types.isProxy(each)) return;
  }
}

function isCallable(found: PropertyDescriptor): MethodFound {
  if (found.get !== undefined) return "unknown";
  return typeof found.value === "function" ? "there" : "missing";
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
