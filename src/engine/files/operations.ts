/** The file operations that a service calls: each does its work as a whole, or not at all. */
import type { PathLike } from "node:fs";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import { checkArgument, checkOptions } from "../../kernel/index.ts";
import { syncFolder } from "../../system/index.ts";
import { appendTo } from "./append.ts";
import { bytesOf, type Chunk, type Content, type Rules } from "./content.ts";
import { codeOf } from "./file-error.ts";
import type { AppendOptions, FileOperations, TextOptions } from "./file-operations.ts";
import { createSafeJson } from "./json-file.ts";
import {
  argumentReaders,
  type CheckOptions,
  defaults,
  type FileOperationsOptions,
  shapes,
  type WaitOptions,
  type WriteOptions,
} from "./options.ts";
import { recover, settled } from "./recover.ts";
import { type Replaced, type ReplaceOptions, replaceWhole } from "./replace.ts";
import { isUnwritable, type Session, Sessions } from "./session.ts";
import { damagedPath } from "./side-names.ts";
import { lookAt, makeFolders } from "./target.ts";
import { afterWriters } from "./turns.ts";
import { updateWhole } from "./update.ts";
import { removeVersions } from "./versions.ts";
import type { Appended, Change, Written } from "./written.ts";

/**
 * File operations with defaults and listeners of their own. Throws SoulMirrorError OPTIONS_INVALID
 * for an option that cannot be. Sets made apart still line up for the same file.
 */
export function createFileOperations(options: FileOperationsOptions = {}): FileOperations {
  checkOptions("createFileOperations", options, shapes.operations);
  const operations = new Operations(options);
  return {
    safeWriteFile: (path, content, given = {}) => operations.write(path, content, given),
    safeReadFile: ((path: PathLike, given?: Partial<TextOptions> | BufferEncoding) =>
      operations.read(path, given === undefined ? {} : given)) as FileOperations["safeReadFile"],
    safeAppendFile: (path, content, given = {}) => operations.append(path, content, given),
    safeUpdateFile: (path, change, given = {}) => operations.update(path, change, given),
    safeMkdir: (path, given = {}) => operations.makeFolder(path, given),
    safeDelete: (path, given = {}) => operations.remove(path, given),
    safeJson: createSafeJson(operations),
  };
}

class Operations {
  readonly #defaults: FileOperationsOptions;
  readonly #sessions: Sessions;

  constructor(options: FileOperationsOptions) {
    this.#defaults = options;
    this.#sessions = new Sessions(options);
  }

  async write(path: PathLike, content: Content, options: WriteOptions): Promise<Written> {
    checkArgument(["safeWriteFile", "path"], path, argumentReaders.path);
    checkArgument(["safeWriteFile", "content"], content, argumentReaders.content);
    checkOptions("safeWriteFile", options, shapes.write);
    const call = { operation: "files.safeWriteFile", action: "write", path, options };
    return this.#sessions.alone(call, true, async (session) =>
      writtenOf(session, await this.#replace(session, content, options)),
    );
  }

  async read(
    path: PathLike,
    given: Partial<TextOptions> | BufferEncoding,
  ): Promise<Buffer | string> {
    const options = typeof given === "string" ? { encoding: given } : given;
    checkArgument(["safeReadFile", "path"], path, argumentReaders.path);
    checkOptions("safeReadFile", options, shapes.read);
    const call = { operation: "files.safeReadFile", action: "read", path, options };
    const content = await this.#sessions.run(call, (session) => this.#readIn(session, options));
    return options.encoding === undefined ? content : content.toString(options.encoding);
  }

  async append(path: PathLike, content: Chunk, options: AppendOptions): Promise<Appended> {
    checkArgument(["safeAppendFile", "path"], path, argumentReaders.path);
    checkArgument(["safeAppendFile", "content"], content, argumentReaders.chunk);
    checkOptions("safeAppendFile", options, shapes.append);
    const call = { operation: "files.safeAppendFile", action: "add to", path, options };
    return this.#sessions.alone(call, true, (session) => this.#appendIn(session, content, options));
  }

  async update(
    path: PathLike,
    change: Change,
    options: WriteOptions,
  ): Promise<Written | undefined> {
    checkArgument(["safeUpdateFile", "path"], path, argumentReaders.path);
    checkArgument(["safeUpdateFile", "change"], change, argumentReaders.change);
    checkOptions("safeUpdateFile", options, shapes.write);
    const call = { operation: "files.safeUpdateFile", action: "update", path, options };
    return this.#sessions.alone(call, true, async (session) => {
      const { target, tell, patience } = session;
      const replaced = await updateWhole(target, change, {
        read: () => recover(target, { rules: rulesOf(options), ...this.#recovering(), tell }),
        replace: (content, expected) => this.#replace(session, content, { ...options, expected }),
        signal: patience.signal,
      });
      return replaced && writtenOf(session, replaced);
    });
  }

  async makeFolder(path: PathLike, options: { readonly mode?: number }): Promise<string> {
    checkArgument(["safeMkdir", "path"], path, argumentReaders.path);
    checkOptions("safeMkdir", options, shapes.makeFolder);
    const call = { operation: "files.safeMkdir", action: "make", path, options: {} };
    return this.#sessions.run(call, async ({ target, tell }) => {
      makeFolders(target, tell, options.mode);
      return target;
    });
  }

  async remove(path: PathLike, options: WaitOptions): Promise<boolean> {
    checkArgument(["safeDelete", "path"], path, argumentReaders.path);
    checkOptions("safeDelete", options, shapes.wait);
    const call = { operation: "files.safeDelete", action: "delete", path, options };
    try {
      return await this.#sessions.alone(call, false, async ({ target }) => {
        const wasThere = (await lookAt(target)) !== undefined;
        // The versions first: a killed deletion leaves the file, and never a version alone.
        await removeVersions(target);
        await rm(damagedPath(target), { force: true });
        await rm(target, { force: true });
        await syncFolder(dirname(target));
        return wasThere;
      });
    } catch (error) {
      if (codeOf(error) === "ENOENT") return false;
      throw error;
    }
  }

  async #readIn(session: Session, options: Partial<TextOptions>): Promise<Buffer> {
    const { target, tell, patience } = session;
    await afterWriters(target, patience);
    const rules = rulesOf(options);
    const settleMs = options.settleMs ?? this.#defaults.settleMs ?? defaults.settleMs;
    const found = await settled(target, rules, { settleMs, patience, tell });
    if (found.damage === undefined) return found.content;
    const how = { rules, ...this.#recovering(), tell };
    try {
      return await this.#sessions.inTurnUnderLock(session, () => recover(target, how));
    } catch (error) {
      // No lock can be had where nothing can be written; the reader gets what is whole.
      if (isUnwritable(error)) return recover(target, how);
      throw error;
    }
  }

  async #appendIn(session: Session, content: Chunk, options: AppendOptions): Promise<Appended> {
    const { target, tell } = session;
    const bytes = bytesOf(content);
    const before = await lookAt(target);
    if (before === undefined) {
      // What is added to later would never equal its copy.
      const all = { ...options, allowEmpty: true, validate: () => undefined, isCopied: false };
      const { sizeBytes } = await this.#replace(session, bytes, all);
      return { path: target, sizeBytes, healed: session.healed };
    }
    const isDurable = options.durable ?? this.#defaults.durable ?? defaults.durable;
    await appendTo(target, bytes, { before, isDurable, tell });
    return { path: target, sizeBytes: before.sizeBytes + bytes.length, healed: session.healed };
  }

  #replace(
    { target, tell }: Session,
    content: Content,
    {
      expected,
      isCopied = true,
      ...options
    }: WriteOptions & Pick<ReplaceOptions, "expected" | "isCopied">,
  ): Promise<Replaced> {
    return replaceWhole(target, content, {
      ...rulesOf(options),
      isCopied,
      mode: options.mode,
      isDurable: options.durable ?? this.#defaults.durable ?? defaults.durable,
      keep: options.keep ?? this.#defaults.keep ?? defaults.keep,
      signal: options.signal,
      tell,
      ...(expected === undefined ? {} : { expected }),
    });
  }

  #recovering(): { readonly isDurable: boolean } {
    return { isDurable: this.#defaults.durable ?? defaults.durable };
  }
}

function rulesOf({ allowEmpty = false, validate }: CheckOptions): Rules {
  return { allowEmpty, validate };
}

function writtenOf({ target, healed }: Session, replaced: Replaced): Written {
  return { path: target, ...replaced, healed };
}
