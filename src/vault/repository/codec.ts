/**
 * From plain texts and contents to what lies in a repository, and back.
 *
 * C1. What is read is what was written: a file has the hash that is its name, a blob the hash that
 *     is its id, and a MAC that fits. Otherwise it is damage, and nothing of it is used.
 * C2. A nonce is used once.
 */
import { Buffer } from "node:buffer";
import { hash } from "node:crypto";
import type { Result, SoulMirrorError } from "../../kernel/index.ts";
import { type BlobKind, contentLength, type SealedBlob } from "../format/blob.ts";
import { createCompressor } from "../format/compressor.ts";
import { openConfig, type RepositoryConfig } from "../format/config.ts";
import { Damage } from "../format/damage.ts";
import { createDecompressor } from "../format/decompressor.ts";
import { hexOfId } from "../format/ids.ts";
import { openJson, sealJson } from "../format/packed-json.ts";
import type { Sealer, SealTarget } from "../format/seal.ts";
import { SpareRoom } from "../format/spare-room.ts";
import { decompress } from "../format/zstd.ts";

/** The largest content of a blob: a chunk has at most 8 MiB, a tree of a huge folder more. */
const mostContentBytes = 1 << 30;
const nonceBytes = 16;
/** Level 2 packs small texts 40 % faster than 3, the default, and 0.3 % worse; 1 is 2.5 % worse. */
const level = 2;

export interface StoredFile {
  /** SHA-256 of the bytes, in hexadecimal digits. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

export class Codec {
  readonly #compressor = createCompressor(level);
  readonly #decompressor = createDecompressor();
  readonly #openedRoom = new SpareRoom();
  readonly #contentRoom = new SpareRoom();
  readonly #sealer: Sealer;
  readonly #randomBytes: (length: number) => Uint8Array;

  constructor(sealer: Sealer, randomBytes: (length: number) => Uint8Array) {
    this.#sealer = sealer;
    this.#randomBytes = randomBytes;
  }

  seal(plain: Uint8Array): Uint8Array {
    return this.#sealer.seal(plain, this.#randomBytes(nonceBytes));
  }

  /** @throws Damage */
  open(sealed: Uint8Array, room?: Uint8Array): Uint8Array {
    const opened = this.#sealer.open(sealed, room);
    if (opened === undefined) throw new Damage("the MAC does not fit");
    return opened;
  }

  /** Or an error `VAULT_DAMAGED`, `VAULT_TOO_NEW` or `CONFLICT`. */
  openConfig(sealed: Uint8Array): Result<RepositoryConfig, SoulMirrorError> {
    return openConfig(sealed, this.#sealer);
  }

  /** An index, a snapshot or a lock. */
  encodeFile(json: string): StoredFile {
    const bytes = sealJson(json, this.#sealer, this.#randomBytes(nonceBytes));
    return { id: hexDigestOf(bytes), bytes };
  }

  /**
   * @param id the file's name
   * @throws Damage (C1)
   * @throws SoulMirrorError VAULT_TOO_NEW
   */
  decodeFile(bytes: Uint8Array, id: string): unknown {
    if (hexDigestOf(bytes) !== id) throw new Damage(`${id}: the hash of the file is another`);
    const json = openJson(bytes, this.#sealer, { name: id });
    if (json.ok) return json.value;
    if (json.error.code === "VAULT_TOO_NEW") throw json.error;
    throw new Damage(json.error.message, { cause: json.error });
  }

  /** Compressed when that makes it smaller. */
  sealBlob(kind: BlobKind, content: Uint8Array, id: Uint8Array = digestOf(content)): SealedBlob {
    const { bytes, plainLength } = this.#packed(content);
    return { id, kind, plainLength, bytes: this.seal(bytes) };
  }

  /**
   * The same into the bytes of `target`, which has room for `content` and `sealBytes` more.
   *
   * @returns its plain length, and where it ends
   */
  sealBlobInto(target: SealTarget, content: Uint8Array): { plainLength: number; end: number } {
    const { bytes, plainLength } = this.#packed(content);
    const end = this.#sealer.sealInto(bytes, this.#randomBytes(nonceBytes), target);
    return { plainLength, end };
  }

  /**
   * The content of a blob as it lies in a pack.
   *
   * @throws Damage (C1)
   */
  openBlob(id: Uint8Array, sealed: Uint8Array, plainLength: number): Uint8Array {
    return this.#openBlob({ id, sealed, plainLength });
  }

  /** The same, for who looks at it at once: the content holds until the next call. */
  borrowBlob(id: Uint8Array, sealed: Uint8Array, plainLength: number): Uint8Array {
    const room = this.#contentRoom.take(Math.max(sealed.length, plainLength + 1));
    return this.#openBlob({ id, sealed, plainLength, room });
  }

  #openBlob({ id, plainLength, room, sealed }: BlobToOpen): Uint8Array {
    if (plainLength === 0) {
      const content = this.open(sealed, room);
      return checkedContent(content, { id, sealed, plainLength });
    }
    const opened = this.open(sealed, this.#openedRoom.take(sealed.length));
    const quick = this.#decompressor.decompress(opened, plainLength, room);
    if (quick !== undefined && sameBytes(digestOf(quick), id)) return quick;
    return checkedContent(unpacked(opened), { id, sealed, plainLength });
  }

  /** The bytes hold until the next call. */
  #packed(content: Uint8Array): { bytes: Uint8Array; plainLength: number } {
    const bytes = this.#compressor.compress(content);
    const isSmaller = bytes.length < content.length;
    return isSmaller ? { bytes, plainLength: content.length } : { bytes: content, plainLength: 0 };
  }
}

interface BlobToOpen {
  readonly id: Uint8Array;
  readonly sealed: Uint8Array;
  readonly plainLength: number;
  /** For its content; else that gets memory of its own. */
  readonly room?: Uint8Array | undefined;
}

/** C1. */
function checkedContent(content: Uint8Array, { id, plainLength, sealed }: BlobToOpen): Uint8Array {
  const expected = contentLength({ length: sealed.length, plainLength });
  if (content.length === expected && sameBytes(digestOf(content), id)) return content;
  throw new Damage(`the blob ${hexOfId(id)} holds another content`);
}

/** The same in hexadecimal digits: the name of a file, or of a blob in JSON. */
export function hexDigestOf(bytes: Uint8Array): string {
  return hash("sha256", bytes);
}

export function digestOf(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer");
}

function unpacked(bytes: Uint8Array): Uint8Array {
  try {
    return decompress(bytes, mostContentBytes);
  } catch (error) {
    throw new Damage("a compressed text that does not unpack", { cause: error });
  }
}

function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  return Buffer.compare(left, right) === 0;
}
