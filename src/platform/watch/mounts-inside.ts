/** What is mounted below the roots, as one text to be compared: no event tells of a mount. */
import { readFileSync } from "node:fs";
import type { RawPath } from "../../vault/index.ts";

export function mountsInside(roots: readonly RawPath[]): string {
  return readMounts()
    .split("\n")
    .filter((line) => isInside(roots, mountPoint(line)))
    .join("\n");
}

function readMounts(): string {
  try {
    return readFileSync("/proc/self/mountinfo", "latin1");
  } catch {
    return "";
  }
}

/** The fifth word; blanks in it are written as octal numbers. */
function mountPoint(line: string): string {
  const word = line.split(" ", 5)[4] ?? "";
  return word.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}

function isInside(roots: readonly RawPath[], path: string): boolean {
  return roots.some((root) => path.startsWith(root === "/" ? root : `${root}/`));
}
