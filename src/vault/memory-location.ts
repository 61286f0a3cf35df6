/**
 * The reference of the Location port: everything in memory, and a hook before each call, so that
 * tests can let happen to it what happens to real ones.
 *
 * M1. A call that the hook refuses has changed nothing.
 * M2. What was put is copied: whoever goes on with its buffers harms nothing.
 */
import {
  appendOnlyFault,
  type ByteRange,
  type FileKind,
  type FileName,
  isFileId,
  type ListedFile,
  type Location,
  LocationFault,
  type LocationTraits,
  pathOfFile,
} from "./location.ts";

export interface LocationCall {
  readonly method: "prepare" | "put" | "replace" | "get" | "stat" | "list" | "remove";
  /** Missing for `prepare` and `list`. */
  readonly file?: FileName;
}

export interface MemoryLocationOptions {
  readonly traits?: Partial<LocationTraits>;
  /** By their paths; several locations on one map are several views of one place. */
  readonly files?: Map<string, Uint8Array>;
  /** What it throws, or rejects with, the call rejects with. */
  readonly before?: (call: LocationCall) => Promise<void> | void;
}

export class MemoryLocation implements Location {
  readonly traits: LocationTraits;
  /** To be looked at, damaged and taken away by tests. */
  readonly files: Map<string, Uint8Array>;
  /** By path, a byte that cannot be read until the file is written anew. */
  readonly badSectors = new Map<string, number>();
  readonly #before: (call: LocationCall) => Promise<void> | void;

  constructor({ traits, files = new Map(), before = () => undefined }: MemoryLocationOptions = {}) {
    this.traits = { name: "memory:", region: "", isAppendOnly: false, ...traits };
    this.files = files;
    this.#before = before;
  }

  async prepare(signal: AbortSignal): Promise<void> {
    await this.#begin({ method: "prepare" }, signal);
  }

  async put(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    await this.#begin({ method: "put", file }, signal);
    const path = pathOfFile(file);
    if (!this.files.has(path)) this.files.set(path, joined(parts));
    else if (file.kind === "config") throw this.#fault("exists", file);
  }

  async replace(file: FileName, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    await this.#begin({ method: "replace", file }, signal);
    if (this.traits.isAppendOnly) throw appendOnlyFault(this.traits, file);
    this.files.set(pathOfFile(file), joined(parts));
    this.badSectors.delete(pathOfFile(file));
  }

  async get(file: FileName, signal: AbortSignal, range?: ByteRange): Promise<Uint8Array> {
    await this.#begin({ method: "get", file }, signal);
    const bytes = this.files.get(pathOfFile(file));
    if (bytes === undefined) throw this.#fault("missing", file);
    const { length, offset } = range ?? { offset: 0, length: bytes.length };
    const end = offset + length;
    if (end > bytes.length) throw this.#fault("short", file);
    const bad = this.badSectors.get(pathOfFile(file)) ?? -1;
    if (bad >= offset && bad < end) throw this.#fault("unreadable", file);
    return bytes.slice(offset, end);
  }

  async stat(file: FileName, signal: AbortSignal): Promise<number | undefined> {
    await this.#begin({ method: "stat", file }, signal);
    return this.files.get(pathOfFile(file))?.length;
  }

  async *list(kind: FileKind, signal: AbortSignal): AsyncGenerator<ListedFile> {
    await this.#begin({ method: "list" }, signal);
    for (const [path, { length: sizeBytes }] of Array.from(this.files)) {
      const id = kind === "config" ? "" : path.slice(path.lastIndexOf("/") + 1);
      const isOurs = (kind === "config" || isFileId(id)) && pathOfFile({ kind, id }) === path;
      if (isOurs) yield { kind, id, sizeBytes };
    }
  }

  async remove(file: FileName, signal: AbortSignal): Promise<void> {
    await this.#begin({ method: "remove", file }, signal);
    this.files.delete(pathOfFile(file));
    this.badSectors.delete(pathOfFile(file));
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  async #begin(call: LocationCall, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#before(call);
    signal.throwIfAborted();
  }

  #fault(kind: "exists" | "missing" | "short" | "unreadable", file: FileName): LocationFault {
    return new LocationFault(kind, `${this.traits.name}: ${pathOfFile(file)}: ${kind}`);
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
