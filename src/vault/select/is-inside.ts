/** Whether a path is a folder or lies in it: both absolute, without `.`, `..` and links. */
import type { RawPath } from "../raw-path.ts";

export function isInside(path: RawPath, folder: RawPath): boolean {
  if (folder === "/" || path === folder) return true;
  return path.startsWith(folder) && path.charCodeAt(folder.length) === 0x2f;
}
