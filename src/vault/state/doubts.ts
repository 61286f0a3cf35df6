/**
 * What makes a person look before anything more is forgotten, told by who saw it happen: many files
 * that were rewritten at once, another disk in the place of one, a fight over a file. What was good
 * before is in older snapshots only.
 *
 * D1. A doubt stays until a person accepts the folder that it is about, one above it, or all.
 * D2. There is one of each rule: it is about the folder that holds all that was seen by it.
 * D3. When the record is damaged, that is a doubt.
 */
import { Buffer } from "node:buffer";
import { Damage } from "../format/damage.ts";
import { type RawPath, textOfRawPath } from "../raw-path.ts";
import type { Codec } from "../repository/codec.ts";
import { isInside } from "../select/is-inside.ts";
import type { StateFile } from "./state-file.ts";

export interface DoubtsOptions {
  readonly file: StateFile;
  readonly codec: Codec;
}

export interface Doubt {
  readonly path: RawPath;
  readonly rule: string;
  /** A sentence. */
  readonly why: string;
}

const unknown: Doubt = {
  path: "/" as RawPath,
  rule: "",
  why: "the record of what was doubted is damaged",
};

export class Doubts {
  readonly #options: DoubtsOptions;
  #doubts: readonly Doubt[];

  private constructor(options: DoubtsOptions, doubts: readonly Doubt[]) {
    this.#options = options;
    this.#doubts = doubts;
  }

  static async open(options: DoubtsOptions): Promise<Doubts> {
    const sealed = await options.file.read();
    return new Doubts(options, sealed === undefined ? [] : doubtsIn(sealed, options.codec));
  }

  /** A sentence each. */
  get told(): readonly string[] {
    return this.#doubts.map(({ path, why }) => `${textOfRawPath(path)}: ${why}`);
  }

  async add(doubt: Doubt): Promise<void> {
    const known = this.#doubts.find(({ rule }) => rule === doubt.rule);
    if (known === undefined) return await this.#save([...this.#doubts, doubt]);
    if (isInside(doubt.path, known.path)) return;
    const path = commonFolder(known.path, doubt.path);
    const others = this.#doubts.filter((each) => each !== known);
    await this.#save([...others, { ...known, path }]);
  }

  /** What happened to it, and to all below it, is as a person wants it. */
  async accept(path: RawPath): Promise<void> {
    const left = this.#doubts.filter((each) => !isInside(each.path, path));
    if (left.length < this.#doubts.length) await this.#save(left);
  }

  async #save(doubts: readonly Doubt[]): Promise<void> {
    const { codec, file } = this.#options;
    await file.write(codec.seal(Buffer.from(JSON.stringify(doubts))));
    this.#doubts = doubts;
  }
}

function commonFolder(left: RawPath, right: RawPath): RawPath {
  let folder = left;
  while (!isInside(right, folder)) {
    folder = (folder.slice(0, folder.lastIndexOf("/")) || "/") as RawPath;
  }
  return folder;
}

/** D3 */
function doubtsIn(sealed: Uint8Array, codec: Codec): readonly Doubt[] {
  try {
    return JSON.parse(Buffer.from(codec.open(sealed)).toString()) as readonly Doubt[];
  } catch (error) {
    if (error instanceof Damage) return [unknown];
    throw error;
  }
}
