/**
 * The writes that have been asked for and have not ended.
 *
 * U1. Nothing is attached to a promise or a stream of the caller: whether it has ended is looked up
 *     when somebody wants to know. A rejection that nobody handles stays one.
 * U2. At most `writesMax` are known, and `perPathMax` of one file; what has ended is forgotten
 *     within a second. Asking costs a few microseconds for each: it is done seldom.
 */
import type { Writable } from "node:stream";
import { inspect } from "node:util";
import type { Tools } from "../../../resilience/index.ts";
import type { Underway } from "./judge-read.ts";
import { bytesOfData } from "./written-data.ts";

const writesMax = 1000;
const forgetEveryMs = 1000;
/** More than a few, and those that have ended are looked for: each time that they have doubled. */
const crowd = 32;
/** The newest of one file: an older one is overlapped already. */
const perPathMax = 8;

export interface Write {
  readonly kind: Underway["kind"];
  readonly operation: string;
  readonly data: unknown;
  readonly encoding: BufferEncoding;
  /** Where it was asked for. */
  readonly stack: { readonly stack?: string };
  isSameTurn: boolean;
  isOver: boolean;
  promise?: Promise<unknown>;
  stream?: WeakRef<Writable>;
}

export class WritesUnderWay {
  readonly #tools: Tools;
  readonly #byPath = new Map<string, Write[]>();
  #count = 0;
  #crowd = crowd;
  #isTiming = false;

  constructor(tools: Tools) {
    this.#tools = tools;
  }

  /** True on almost every read: then it costs nothing. */
  get isEmpty(): boolean {
    return this.#count === 0;
  }

  get count(): number {
    return this.#count;
  }

  add(path: string, write: Write): void {
    if (this.#count >= this.#crowd) this.#forget();
    if (this.#count >= writesMax) return;
    const others = this.#byPath.get(path) ?? [];
    this.#keep(path, [...others.slice(1 - perPathMax), write]);
    queueMicrotask(() => {
      write.isSameTurn = false;
    });
    this.#time();
  }

  /** Of that file, without what has ended. */
  at(path: string): readonly Write[] {
    const writes = this.#byPath.get(path);
    if (writes === undefined) return [];
    this.#keep(path, writes.filter(isUnderWay));
    return this.#byPath.get(path) ?? [];
  }

  end(path: string, write: Write): void {
    write.isOver = true;
    const writes = this.#byPath.get(path);
    if (writes !== undefined)
      this.#keep(
        path,
        writes.filter((each) => each !== write),
      );
  }

  #keep(path: string, rest: Write[]): void {
    this.#count += rest.length - (this.#byPath.get(path)?.length ?? 0);
    if (rest.length === 0) this.#byPath.delete(path);
    else this.#byPath.set(path, rest);
  }

  #forget(): void {
    for (const [path, writes] of this.#byPath) this.#keep(path, writes.filter(isUnderWay));
    // With so many that have not ended, the next look is that of the timer.
    const next = Math.max(crowd, 2 * this.#count);
    this.#crowd = next > writesMax ? Number.POSITIVE_INFINITY : next;
  }

  #time(): void {
    if (this.#isTiming) return;
    this.#isTiming = true;
    this.#tools.background.after(forgetEveryMs, () => {
      this.#isTiming = false;
      this.#forget();
      if (this.#count > 0) this.#time();
    });
  }
}

/** Keeps U1. A stream that nobody has ended is a file that is meant to grow. */
function isUnderWay(write: Write): boolean {
  if (write.isOver) return false;
  if (write.promise !== undefined) return isPending(write.promise);
  if (write.stream === undefined) return true;
  const stream = write.stream.deref();
  return stream !== undefined && !stream.closed && !stream.destroyed;
}

export function underwayOf({ kind, isSameTurn, data, encoding, stream }: Write): Underway {
  const isGrowing = stream?.deref()?.writableEnded === false;
  return {
    kind: isGrowing ? "append" : kind,
    isSameTurn,
    data: bytesOfData(data, encoding),
  };
}

/** `inspect` knows. Nothing is attached: a rejection that nobody handles stays one. */
function isPending(promise: Promise<unknown>): boolean {
  const told = inspect(promise, { depth: 0, customInspect: false, maxStringLength: 0 });
  return told.startsWith("Promise { <pending>") || told.startsWith("Promise {\n  <pending>");
}
