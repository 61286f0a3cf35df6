/**
 * A thing that looks, feels and types like what it wraps, and whose methods go through the engine.
 *
 * W1. Identity holds: a method is the same function each time, wrapping twice is one wrap, a class
 *     and its wrapper agree on `instanceof`.
 * W2. `this` inside a method is the thing itself: private fields and internal slots work.
 * W3. Only methods are wrapped. What is read, written, listed, serialised is the thing's own.
 * W4. A method that returns its own thing returns the wrapper, so that chains stay protected.
 * W5. What nobody has called or taken out of it costs a proxy and no operation.
 */
import { type Method, makeMethod } from "../core/invoke.ts";
import type { OperationCore } from "../core/operation-core.ts";
import { inborn } from "./inborn.ts";
import type { LookedAt } from "./methods-of.ts";
import { isRigid, shown, standInFor } from "./stand-in.ts";

export interface WrapParts {
  /** The operation of a service's method, made when it is first asked for. */
  readonly operation: (service: string, method?: string) => OperationCore;
  /** Shown the first instance of each class. */
  readonly made?: (service: string, instance: object, depth: number) => void;
  /** Somebody has taken an object out of a wrapper that is not wrapped itself. */
  readonly reachedInto?: (service: string, whole: LookedAt) => void;
}

/** What is wrapped, and where it stands: `path` is that of a nested object, such as `chat.`. */
interface Subject {
  readonly service: string;
  readonly path: string;
  readonly target: object;
  /** What was wrapped first, that this one is inside of. */
  readonly root: object;
  /** How many levels of objects are wrapped. */
  readonly depth: number;
}

interface Made {
  readonly work: unknown;
  readonly method: unknown;
}

/** `call`, `apply` and `bind` of the wrapper lead back to the wrapper by themselves. */
const inbornOfFunctions: ReadonlySet<PropertyKey> = new Set(Reflect.ownKeys(Function.prototype));

/** Fields of one thing that are looked at. */
const reachedMax = 100;

export class Wrapper {
  readonly #parts: WrapParts;
  readonly #wrapperOf = new WeakMap<object, object>();
  readonly #wrapped = new WeakMap<object, object>();

  constructor(parts: WrapParts) {
    this.#parts = parts;
  }

  wrap<T extends object>(service: string, target: T, depth = 1): T {
    return this.member({ service, path: "", target, root: target, depth }) as T;
  }

  member(subject: Subject): object {
    const { target } = subject;
    if (this.#wrapped.has(target)) return target;
    const known = this.#wrapperOf.get(target);
    if (known !== undefined) return known;
    const Handler = typeof target === "function" ? FunctionHandler : ObjectHandler;
    const handler = new Handler(this, subject);
    const wrapper = new Proxy(
      isRigid(target, subject.depth) ? standInFor(target) : target,
      handler,
    );
    handler.wrapper = wrapper;
    this.#wrapperOf.set(target, wrapper);
    this.#wrapped.set(wrapper, target);
    return wrapper;
  }

  /** The thing itself; what is not wrapped is returned as it is. */
  unwrap<T extends object>(wrapper: T): T {
    return (this.#wrapped.get(wrapper) ?? wrapper) as T;
  }

  operation(service: string, method?: string): OperationCore {
    return this.#parts.operation(service, method);
  }

  made({ service, path, depth }: Subject, instance: object): void {
    if (path === "") this.#parts.made?.(service, instance, depth);
  }

  reachedInto({ service, path, root, depth }: Subject): void {
    const above = path.split(".").length - 1;
    this.#parts.reachedInto?.(service, { target: root, depth: above + depth });
  }
}

class ObjectHandler implements ProxyHandler<object> {
  wrapper: object = this;
  protected readonly wrappers: Wrapper;
  protected readonly subject: Subject;
  readonly #target: Readonly<Record<PropertyKey, unknown>>;
  #made: Map<PropertyKey, Made> | undefined;
  #lastKey: PropertyKey | undefined;
  #lastWork: unknown;
  #lastMethod: unknown;
  #reached: Set<PropertyKey> | undefined;

  constructor(wrappers: Wrapper, subject: Subject) {
    this.wrappers = wrappers;
    this.subject = subject;
    this.#target = subject.target as Readonly<Record<PropertyKey, unknown>>;
  }

  get(_standIn: object, key: PropertyKey, receiver: unknown): unknown {
    if (receiver !== this.wrapper) return Reflect.get(this.#target, key, receiver);
    const value = this.#target[key];
    if (value === this.#lastWork && key === this.#lastKey) return this.#lastMethod;
    const kind = typeof value;
    if (kind !== "function" && (kind !== "object" || this.subject.depth <= 1)) {
      if (kind === "object" && value !== null) this.#reachedInto(key);
      return value;
    }
    return this.#wrappedMember(key, value as object | null);
  }

  /** Who puts a method back that he has taken out means that of the thing itself. */
  set(_standIn: object, key: PropertyKey, ...[value, receiver]: [unknown, unknown]): boolean {
    const { target } = this.subject;
    if (receiver !== this.wrapper) return Reflect.set(target, key, value, receiver);
    const made = this.#made?.get(key);
    return Reflect.set(target, key, made?.method === value ? made?.work : value, target);
  }

  getOwnPropertyDescriptor(standIn: object, key: PropertyKey): PropertyDescriptor | undefined {
    const found = Reflect.getOwnPropertyDescriptor(this.subject.target, key);
    return found && standIn !== this.subject.target ? shown(found, standIn, key) : found;
  }

  has(_standIn: object, key: PropertyKey): boolean {
    return Reflect.has(this.subject.target, key);
  }

  ownKeys(): (string | symbol)[] {
    return Reflect.ownKeys(this.subject.target);
  }

  getPrototypeOf(): object | null {
    return Reflect.getPrototypeOf(this.subject.target);
  }

  defineProperty(_standIn: object, key: PropertyKey, descriptor: PropertyDescriptor): boolean {
    return Reflect.defineProperty(this.subject.target, key, descriptor);
  }

  setPrototypeOf(_standIn: object, prototype: object | null): boolean {
    return Reflect.setPrototypeOf(this.subject.target, prototype);
  }

  /** What stands on another thing cannot be closed as that one is. */
  preventExtensions(standIn: object): boolean {
    return standIn === this.subject.target && Reflect.preventExtensions(standIn);
  }

  deleteProperty(_standIn: object, key: PropertyKey): boolean {
    return Reflect.deleteProperty(this.subject.target, key);
  }

  /** The target's own methods come by here never: their `this` is the target. */
  #reachedInto(key: PropertyKey): void {
    this.#reached ??= new Set();
    if (this.#reached.has(key) || this.#reached.size >= reachedMax) return;
    this.#reached.add(key);
    this.wrappers.reachedInto(this.subject);
  }

  #wrappedMember(key: PropertyKey, value: object | null): unknown {
    const known = this.#made?.get(key);
    const isSame = known !== undefined && known.work === value;
    const made = isSame ? known : { work: value, method: this.#make(key, value) };
    if (!isSame) (this.#made ??= new Map()).set(key, made);
    this.#lastKey = key;
    this.#lastWork = value;
    this.#lastMethod = made.method;
    return made.method;
  }

  #make(key: PropertyKey, value: object | null): unknown {
    const { service, path, target, depth } = this.subject;
    if (value === null || key === "constructor" || key === "prototype") return value;
    // As modules do that are their own `default`.
    if (value === target) return this.wrapper;
    if (typeof target === "function" && inbornOfFunctions.has(key)) return value;
    if (typeof key === "symbol" || inborn.has(key)) {
      return typeof value === "function"
        ? passThrough(value as Method, this.wrapper, target)
        : value;
    }
    const below = `${path}${key}`;
    const { root } = this.subject;
    const member = { service, path: `${below}.`, target: value, root, depth: depth - 1 };
    if (typeof value === "object" || isClass(value)) return this.wrappers.member(member);
    const work = value as Method;
    const operation = this.wrappers.operation(service, below);
    return dressedAs(work, makeMethod(operation, work, { wrapper: this.wrapper, target }));
  }
}

class FunctionHandler extends ObjectHandler {
  #method: Method | undefined;
  #hasMade = false;

  apply(_standIn: object, receiver: unknown, words: unknown[]): unknown {
    const { service, path, target } = this.subject;
    const operation = (): OperationCore =>
      this.wrappers.operation(service, path.slice(0, -1) || undefined);
    this.#method ??= makeMethod(operation(), target as Method, {
      wrapper: this.wrapper,
      target,
    });
    return this.#method.apply(receiver, words as never);
  }

  construct(_standIn: object, words: unknown[], newTarget: object): object {
    const { target } = this.subject;
    const isOurs = newTarget === this.wrapper;
    const made = Reflect.construct(
      target as Method & NewableFunction,
      words,
      isOurs ? (target as NewableFunction) : (newTarget as NewableFunction),
    ) as object;
    if (isOurs && !this.#hasMade) {
      this.#hasMade = true;
      this.wrappers.made(this.subject, made);
    }
    // Who extends the class makes things of his own.
    return isOurs ? this.wrappers.member({ ...this.subject, target: made, root: made }) : made;
  }
}

/** The wrapper passes for the method: its name, its length, and what was put on it. */
function dressedAs(work: Method, method: Method): Method {
  const { name, length } = work;
  Object.defineProperties(method, {
    name: { value: name, configurable: true },
    length: { value: length, configurable: true },
    prototype: { value: work.prototype as unknown, writable: true, enumerable: false },
  });
  Object.setPrototypeOf(method, work);
  return method;
}

/** Not measured; W2 and W4 hold. */
function passThrough(work: Method, wrapper: object, target: object): Method {
  const method = function (this: unknown, ...words: never[]): unknown {
    const result = work.apply(this === wrapper ? target : this, words);
    return result === target ? wrapper : result;
  };
  return dressedAs(work, method);
}

/** Methods may be called `classify`, or even `class`: only of classes the prototype is fixed. */
function isClass(work: object): boolean {
  if (Reflect.getOwnPropertyDescriptor(work, "prototype")?.writable !== false) return false;
  return Function.prototype.toString.call(work).startsWith("class");
}
