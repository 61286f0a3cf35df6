/** How full file systems are. A dead network disk lets `statfs` hang for ever. */
import { statfs } from "node:fs/promises";
import { messageOf } from "../../kernel/index.ts";
import type { AbortSignalLike } from "../../model/index.ts";
import type { OpenLooks } from "../open-looks.ts";

export type DiskFigures =
  | {
      readonly kind: "disk";
      readonly path: string;
      /** As `df` counts: what is kept for root is not free. */
      readonly usedRatio: number;
      readonly freeBytes: number;
      /** Undefined where the file system makes inodes as it needs them. */
      readonly inodesRatio: number | undefined;
    }
  | { readonly kind: "silent"; readonly path: string }
  | { readonly kind: "unreadable"; readonly path: string; readonly reason: string };

/** Resolves soon after an abort. */
export function readDisks(
  paths: readonly string[],
  looks: OpenLooks,
  signal: AbortSignalLike,
): Promise<readonly DiskFigures[]> {
  const ask = async (path: string): Promise<DiskFigures> =>
    (await looks.run(path, signal, () => figuresOf(path))) ?? { kind: "silent", path };
  return Promise.all(paths.map(ask));
}

async function figuresOf(path: string): Promise<DiskFigures> {
  try {
    const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path);
    const used = blocks - bfree;
    return {
      kind: "disk",
      path,
      usedRatio: used + bavail > 0 ? used / (used + bavail) : 0,
      freeBytes: bavail * bsize,
      inodesRatio: files > 0 ? (files - ffree) / files : undefined,
    };
  } catch (error) {
    return { kind: "unreadable", path, reason: messageOf(error) };
  }
}
