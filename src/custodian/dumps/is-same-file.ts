import { type FileHandle, open } from "node:fs/promises";

const pieceBytes = 1 << 20;

/**
 * Whether two files hold the same bytes with the same mode and owner; false when one is not there.
 */
export async function isSameFile(left: string, right: string): Promise<boolean> {
  await using files = new AsyncDisposableStack();
  let opened: readonly [FileHandle, FileHandle];
  try {
    opened = [files.use(await open(left)), files.use(await open(right))];
  } catch {
    return false;
  }
  const [one, other] = [await opened[0].stat(), await opened[1].stat()];
  const isAlike =
    one.size === other.size &&
    one.mode === other.mode &&
    one.uid === other.uid &&
    one.gid === other.gid;
  if (!isAlike) return false;
  const pieces = [Buffer.alloc(pieceBytes), Buffer.alloc(pieceBytes)] as const;
  for (let at = 0; at < one.size; at += pieceBytes) {
    const length = Math.min(pieceBytes, one.size - at);
    for (const [index, file] of opened.entries()) {
      const piece = pieces[index === 0 ? 0 : 1];
      const { bytesRead } = await file.read(piece, 0, length, at);
      if (bytesRead < length) return false;
    }
    if (pieces[0].compare(pieces[1], 0, length, 0, length) !== 0) return false;
  }
  return true;
}
