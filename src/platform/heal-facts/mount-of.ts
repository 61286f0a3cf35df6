/** What is mounted where a path lies, in words that stay the same when the machine restarts. */
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

/** Of the nearest folder above that is there, the path itself included. */
export function mountOf(
  path: string,
  table = readFileSync("/proc/self/mountinfo", "utf8"),
): string {
  let folder = path;
  while (folder !== "/" && !existsSync(folder)) folder = dirname(folder);
  const mounts = table.split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "", point = ""] = before.split(" ").map(unescaped);
    const [kind = "", source = ""] = after.split(" ");
    return point === "" ? [] : [{ point, words: `${kind} ${source} ${root} at ${point}` }];
  });
  const holding = mounts.filter(({ point }) => isAtOrBelow(folder, point));
  // Of the deepest, the last one lies on top.
  const deepest = Math.max(...holding.map(({ point }) => point.length));
  return holding.findLast(({ point }) => point.length === deepest)?.words ?? "";
}

function isAtOrBelow(path: string, point: string): boolean {
  return point === "/" || path === point || path.startsWith(`${point}/`);
}

/** Blanks and the like stand there as `\040`. */
function unescaped(word: string): string {
  return word.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
