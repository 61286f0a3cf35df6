/**
 * Ids of snapshots that were forgotten and may still lie somewhere: at a place that was away, or at
 * one that only appends. Without them the next catching up would carry a snapshot back to where it
 * was removed.
 *
 * T1. They are durable before the first snapshot is removed.
 * T2. One goes when every place of the vault was looked at, and none lists the snapshot any more.
 * T3. When they are lost or damaged there are none: what was forgotten comes back, nothing is lost.
 * T4. There are at most `tombstonesMax`. When they are full nothing more is forgotten.
 */
import { Buffer } from "node:buffer";
import { SoulMirrorError } from "../../kernel/index.ts";
import { Damage } from "../format/damage.ts";
import { hexOfId, idOfHex } from "../format/ids.ts";
import type { Codec } from "../repository/codec.ts";
import type { StateFile } from "./state-file.ts";

export interface TombstonesOptions {
  readonly file: StateFile;
  readonly codec: Codec;
  /** Default 250,000: 8 MB. */
  readonly tombstonesMax?: number;
}

const idBytes = 32;

export class Tombstones {
  readonly #options: TombstonesOptions;
  #ids: ReadonlySet<string>;

  private constructor(options: TombstonesOptions, ids: ReadonlySet<string>) {
    this.#options = options;
    this.#ids = ids;
  }

  static async open(options: TombstonesOptions): Promise<Tombstones> {
    const sealed = await options.file.read();
    return new Tombstones(options, sealed === undefined ? new Set() : idsIn(sealed, options.codec));
  }

  get size(): number {
    return this.#ids.size;
  }

  has(id: string): boolean {
    return this.#ids.has(id);
  }

  /** @throws SoulMirrorError CONFLICT when there would be too many (T4); none is added then */
  async add(ids: readonly string[]): Promise<void> {
    const { tombstonesMax = 250_000 } = this.#options;
    const all = new Set([...this.#ids, ...ids]);
    if (all.size === this.#ids.size) return;
    if (all.size > tombstonesMax) {
      const message = `${all.size} forgotten snapshots still lie somewhere, ${tombstonesMax} may`;
      throw new SoulMirrorError("CONFLICT", message, {
        fix: "let those locations catch up, or take them out of the vault",
      });
    }
    await this.#save(all);
  }

  /** @param listed ids that any place lists; only of use when each of them was looked at (T2) */
  async keepOnly(listed: ReadonlySet<string>): Promise<void> {
    const left = new Set([...this.#ids].filter((id) => listed.has(id)));
    if (left.size < this.#ids.size) await this.#save(left);
  }

  async #save(ids: ReadonlySet<string>): Promise<void> {
    const plain = Buffer.concat([...ids].map(idOfHex));
    await this.#options.file.write(this.#options.codec.seal(plain));
    this.#ids = ids;
  }
}

/** T3 */
function idsIn(sealed: Uint8Array, codec: Codec): ReadonlySet<string> {
  try {
    const plain = codec.open(sealed);
    const count = Math.floor(plain.length / idBytes);
    return new Set(
      Array.from({ length: count }, (_, at) =>
        hexOfId(plain.subarray(at * idBytes, (at + 1) * idBytes)),
      ),
    );
  } catch (error) {
    if (error instanceof Damage) return new Set();
    throw error;
  }
}
