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

/** @throws Error when it is no frame, or a longer text than `mostBytes` */
export function decompress(frame: Uint8Array, mostBytes: number): Uint8Array {
  return zlib.zstdDecompressSync(frame, { maxOutputLength: mostBytes });
}
