/**
 * A thing that looks, feels and types like what it wraps, and whose methods go through the engine.
 *
 * W1. Identity holds: a method is the same function each time, wrapping twice is one wrap, a class
 *     and its wrapper agree on `instanceof`.
 * W2. `this` inside a method is the thing itself: private fields and internal slots work.
 * W3. Only methods are wrapped. What is read, written, listed, serialised is the thing's own.
 * W4. A method that returns its own thing returns the wrapper, so that chains stay protected.
 * W5. What nobody has called costs a proxy and no operation.
 */
import { EventEmitter } from "node:events";
import { type Method, makeMethod } from "../core/invoke.ts";
import type { OperationCore } from "../core/operation-core.ts";

export interface WrapParts {
  /** The operation of a service's method, made when it is first asked for. */
  readonly operation: (service: string, method?: string) => OperationCore;
}

/** What is wrapped, and where it stands: `path` is that of a nested object, such as `chat.`. */
interface Subject {
  readonly service: string;
  readonly path: string;
  readonly target: object;
  /** How many levels of objects are wrapped. */
  readonly depth: number;
}

interface Made {
  readonly work: unknown;
  readonly method: unknown;
}

/** What objects have from birth: nobody waits for it, and it cannot fail. */
const inborn: ReadonlySet<PropertyKey> = new Set([
  ...Object.getOwnPropertyNames(Object.prototype),
  ...Object.getOwnPropertyNames(EventEmitter.prototype),
  "toJSON",
  "inspect",
]);

/** `call`, `apply` and `bind` of the wrapper lead back to the wrapper by themselves. */
const inbornOfFunctions: ReadonlySet<PropertyKey> = new Set(Reflect.ownKeys(Function.prototype));

export class Wrapper {
  readonly #parts: WrapParts;
  readonly #wrapperOf = new WeakMap<object, object>();
  readonly #wrapped = new WeakMap<object, object>();

  constructor(parts: WrapParts) {
    this.#parts = parts;
  }

  wrap<T extends object>(service: string, target: T, depth = 1): T {
    return this.member({ service, path: "", target, depth }) as T;
  }

  member(subject: Subject): object {
    const { target } = subject;
    if (this.#wrapped.has(target)) return target;
    const known = this.#wrapperOf.get(target);
    if (known !== undefined) return known;
    const Handler = typeof target === "function" ? FunctionHandler : ObjectHandler;
    const handler = new Handler(this, subject);
    const wrapper = new Proxy(isRigid(target) ? standIn(target) : target, handler);
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
    if (kind !== "function" && (kind !== "object" || this.subject.depth <= 1)) return value;
    return this.#wrappedMember(key, value as object | null);
  }

  set(_standIn: object, key: PropertyKey, ...[value, receiver]: [unknown, unknown]): boolean {
    const { target } = this.subject;
    return Reflect.set(target, key, value, receiver === this.wrapper ? target : receiver);
  }

  getOwnPropertyDescriptor(standIn: object, key: PropertyKey): PropertyDescriptor | undefined {
    const found = Reflect.getOwnPropertyDescriptor(this.subject.target, key);
    // What the stand-in does not have may not be shown as unchangeable.
    return found && standIn !== this.subject.target ? { ...found, configurable: true } : found;
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

  deleteProperty(_standIn: object, key: PropertyKey): boolean {
    return Reflect.deleteProperty(this.subject.target, key);
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
    const member = { service, path: `${below}.`, target: value, depth: depth - 1 };
    if (typeof value === "object" || isClass(value)) return this.wrappers.member(member);
    const work = value as Method;
    const operation = this.wrappers.operation(service, below);
    return dressedAs(work, makeMethod(operation, work, { wrapper: this.wrapper, target }));
  }
}

class FunctionHandler extends ObjectHandler {
  #method: Method | undefined;

  apply(target: object, receiver: unknown, words: unknown[]): unknown {
    const { service, path } = this.subject;
    const operation = (): OperationCore =>
      this.wrappers.operation(service, path.slice(0, -1) || undefined);
    this.#method ??= makeMethod(operation(), target as Method, {
      wrapper: this.wrapper,
      target,
    });
    return this.#method.apply(receiver, words as never);
  }

  construct(target: object, words: unknown[], newTarget: object): object {
    const isOurs = newTarget === this.wrapper;
    const made = Reflect.construct(
      target as Method & NewableFunction,
      words,
      isOurs ? (target as NewableFunction) : (newTarget as NewableFunction),
    ) as object;
    // Who extends the class makes things of his own.
    return isOurs ? this.wrappers.member({ ...this.subject, target: made }) : made;
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

function isClass(work: object): boolean {
  return Function.prototype.toString.call(work).startsWith("class");
}

/** A proxy may not show another value for what its target says cannot change. */
function isRigid(target: object): boolean {
  if (typeof target === "function" || Array.isArray(target)) return false;
  return Reflect.ownKeys(target).some((key) => {
    const found = Reflect.getOwnPropertyDescriptor(target, key);
    return found?.configurable === false && found.writable !== true;
  });
}

function standIn(target: object): object {
  return Object.create(Reflect.getPrototypeOf(target)) as object;
}
