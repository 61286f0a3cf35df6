/**
 * Reads a file and holds it against the blobs that a snapshot has of it.
 *
 * C1. Each blob is read as a whole and named by its hash, so "same" is said of every byte.
 * C2. A file that is longer or shorter is different, and so is one that cannot be read to its end.
 */
import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import {
  contentLength,
  hexOfId,
  idOfHex,
  type RawPath,
  systemPath,
  type TreeNode,
  type Vault,
} from "../../vault/index.ts";

export type FileNode = Extract<TreeNode, { kind: "file" }>;

export interface ContentLook {
  readonly index: Vault["index"];
  /** Blobs to compare; all of them when not said. */
  readonly fromBlob?: number;
  readonly toBlob?: number;
}

const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const pieceBytes = 1 << 20;

/** Sizes of its data blobs; undefined when the index does not name one of them. */
export function blobSizes(node: FileNode, index: Vault["index"]): readonly number[] | undefined {
  const sizes: number[] = [];
  for (const id of node.content) {
    const [found] = index.find(idOfHex(id), "data");
    if (found === undefined) return undefined;
    sizes.push(contentLength(found));
  }
  return sizes;
}

export async function compareContent(
  path: RawPath,
  node: FileNode,
  { fromBlob = 0, index, toBlob = node.content.length }: ContentLook,
): Promise<"same" | "differs" | "zeros" | "unread"> {
  const sizes = blobSizes(node, index);
  if (sizes === undefined) return "unread";
  await using file = await open(systemPath(path), flags);
  if ((await file.stat()).size !== node.sizeBytes) {
    return (await isAllZeros(file)) ? "zeros" : "differs";
  }
  let offset = sizes.slice(0, fromBlob).reduce((sum, each) => sum + each, 0);
  for (let at = fromBlob; at < toBlob; at += 1) {
    const size = sizes[at] ?? 0;
    const bytes = Buffer.allocUnsafe(size);
    const { bytesRead } = await file.read(bytes, 0, size, offset);
    const hash = hexOfId(createHash("sha256").update(bytes.subarray(0, bytesRead)).digest());
    if (hash !== node.content[at]) return (await isAllZeros(file)) ? "zeros" : "differs";
    offset += size;
  }
  return "same";
}

async function isAllZeros(file: FileHandle): Promise<boolean> {
  const piece = Buffer.allocUnsafe(pieceBytes);
  for (let offset = 0; ; ) {
    const { bytesRead } = await file.read(piece, 0, pieceBytes, offset);
    if (bytesRead === 0) return offset > 0;
    if (piece.subarray(0, bytesRead).some((byte) => byte !== 0)) return false;
    offset += bytesRead;
  }
}
