/** Values in JSON files. */
import type { PathLike } from "node:fs";
import { checkArgument, checkOptions, messageOf } from "../../kernel/index.ts";
import type { Validate } from "./content.ts";
import { codeOf, FileError, fileError, textOf } from "./file-error.ts";
import { argumentReaders, type ReadOptions, shapes, type WriteOptions } from "./options.ts";
import type { WholeFiles, Written } from "./written.ts";

type Unchecked = "allowEmpty" | "validate";

export interface ReadJsonOptions<T> extends Omit<ReadOptions, Unchecked> {
  /** What is read where no file is. */
  readonly fallback?: T;
}

export interface WriteJsonOptions extends Omit<WriteOptions, Unchecked> {
  /** Spaces of one step; default 2; 0 for one line. */
  readonly indent?: number;
}

export interface SafeJson {
  /** The value of a JSON file; a damaged file is recovered. Rejects with FILE_INVALID, ENOENT. */
  read<T = unknown>(path: PathLike, options?: ReadJsonOptions<T>): Promise<T>;
  /** Replaces the file as a whole. Throws TypeError for what JSON cannot say. */
  write(path: PathLike, value: unknown, options?: WriteJsonOptions): Promise<Written>;
  /**
   * Reads, changes and writes as one step that no other writer comes between. `change` gets the
   * value (`fallback` where no file is) and returns the next one; undefined: it stays as it is.
   * Resolves with the value that is there then.
   */
  update<T = unknown>(
    path: PathLike,
    change: (value: T) => T | undefined | Promise<T | undefined>,
    options?: WriteJsonOptions & { readonly fallback?: T },
  ): Promise<T>;
}

export function createSafeJson(operations: WholeFiles): SafeJson {
  return {
    async read<T>(path: PathLike, options: ReadJsonOptions<T> = {}) {
      checkOptions("safeJson.read", options, shapes.readJson);
      const { fallback, ...reading } = options;
      try {
        const content = await operations.read(path, { ...reading, validate });
        return parse(content as Buffer, path) as T;
      } catch (error) {
        if (codeOf(error) === "ENOENT" && "fallback" in options) return fallback as T;
        throw error;
      }
    },
    async write(path, value, options = {}) {
      checkOptions("safeJson.write", options, shapes.writeJson);
      const { indent, ...writing } = options;
      return operations.write(path, textFor(value, indent), { ...writing, validate });
    },
    async update<T>(
      path: PathLike,
      change: (value: T) => T | undefined | Promise<T | undefined>,
      options: WriteJsonOptions & { readonly fallback?: T } = {},
    ) {
      checkArgument(["safeJson.update", "change"], change, argumentReaders.change);
      checkOptions("safeJson.update", options, shapes.updateJson);
      const { indent, fallback, ...writing } = options;
      let last: T | undefined;
      const changeText = async (content: Buffer | undefined): Promise<string | undefined> => {
        if (content === undefined && !("fallback" in options)) throw notThere(path);
        const value = content === undefined ? (fallback as T) : (parse(content, path) as T);
        const next = await change(value);
        last = next === undefined ? value : next;
        return next === undefined ? undefined : textFor(next, indent);
      };
      await operations.update(path, changeText, { ...writing, validate });
      return last as T;
    },
  };
}

const validate: Validate = (content) => {
  JSON.parse(content.toString());
  return undefined;
};

function parse(content: Buffer, path: PathLike): unknown {
  try {
    return JSON.parse(content.toString());
  } catch (error) {
    const where = textOf(path);
    throw fileError("FILE_INVALID", `${where} is no JSON: ${messageOf(error)}`, {
      path: where,
      fix: "mend it by hand, or delete it and pass a `fallback`",
      cause: error,
    });
  }
}

function textFor(value: unknown, indent = 2): string {
  const text = JSON.stringify(value, null, indent) as string | undefined;
  if (text === undefined) throw new TypeError(`JSON cannot say ${typeof value}`);
  return `${text}\n`;
}

function notThere(path: PathLike): Error {
  const where = textOf(path);
  const fix = "pass a `fallback`";
  return new FileError("ENOENT", `${where} is not there (ENOENT)`, { path: where, fix });
}
