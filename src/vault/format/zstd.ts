/**
 * The compression of the format, which Node has from 22.15 on. Asked for when it is used, so that
 * an older Node can load what imports this, and be told.
 */
import * as zlib from "node:zlib";
import { SoulMirrorError } from "../../kernel/index.ts";

export interface CompressOptions {
  /** 1 to 22. */
  readonly level: number;
  /** Of the memory that results are gathered in. */
  readonly chunkSize: number;
}

/** What Node's streams of zstd have inside, and what its `...Sync` calls themselves use. */
export interface InsideZstd {
  readonly _handle?: { readonly writeSync?: (...words: readonly unknown[]) => void };
  /** Room that is left over, and what was not taken in. */
  readonly _writeState?: Uint32Array;
}

/** @throws SoulMirrorError OPTIONS_INVALID when this Node has no zstd */
export function needZstd(): void {
  if (typeof zlib.zstdCompressSync === "function") return;
  throw new SoulMirrorError("OPTIONS_INVALID", "this version of Node has no zstd", {
    fix: "use Node 22.15 or later for a vault",
  });
}

export function compress(bytes: Uint8Array, options?: CompressOptions): Uint8Array {
  if (options === undefined) return zlib.zstdCompressSync(bytes);
  const params = { [zlib.constants.ZSTD_c_compressionLevel]: options.level };
  return zlib.zstdCompressSync(bytes, { params, chunkSize: options.chunkSize });
}

const magic = 0xfd2f_b528;
/** Of the field for the length, by the highest two bits of the descriptor. */
const lengthBytes = [0, 2, 4, 8] as const;
const dictionaryBytes = [0, 1, 2, 4] as const;

/**
 * What the head of a frame says of its text (RFC 8878, 3.1.1.1); undefined: nothing, or no head.
 */
export function textBytesOf(frame: Uint8Array): number | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.byteLength < 6 || view.getUint32(0, true) !== magic) return undefined;
  const descriptor = view.getUint8(4);
  const isSingle = (descriptor & 0b10_0000) !== 0;
  const at = 5 + (isSingle ? 0 : 1) + (dictionaryBytes[descriptor & 0b11] ?? 0);
  const length = lengthBytes[descriptor >> 6] || (isSingle ? 1 : 0);
  if (length === 0 || view.byteLength < at + length) return undefined;
  if (length === 1) return view.getUint8(at);
  if (length === 2) return view.getUint16(at, true) + 256;
  return length === 4 ? view.getUint32(at, true) : Number(view.getBigUint64(at, true));
}

/** @throws Error when it is no frame, or a longer text than `mostBytes` */
export function decompress(frame: Uint8Array, mostBytes: number): Uint8Array {
  return zlib.zstdDecompressSync(frame, { maxOutputLength: mostBytes });
}
