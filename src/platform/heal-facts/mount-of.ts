/** What is mounted where a path lies, in words that stay the same when the machine restarts. */
import { existsSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

/** As the kernel tells it now. */
export function mountTable(): string {
  return readFileSync("/proc/self/mountinfo", "utf8");
}

/** Of the nearest folder above that is there, the path itself included. */
export function mountOf(path: string, table = mountTable()): string {
  let folder = path;
  while (folder !== "/" && !existsSync(folder)) folder = dirname(folder);
  const holding = [...mountPoints(table)].filter(([point]) => isAtOrBelow(folder, point));
  const deepest = Math.max(...holding.map(([point]) => point.length));
  return holding.find(([point]) => point.length === deepest)?.[1] ?? "";
}

/** All that is mounted, by its place; of one place, what lies on top. */
export function mountPoints(table: string): ReadonlyMap<string, string> {
  const mounts = new Map<string, string>();
  for (const line of table.split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [, , , root = "", point = ""] = before.split(" ").map(unescaped);
    const [kind = "", source = ""] = after.split(" ");
    // Of one place, the last one lies on top.
    if (point !== "") mounts.set(point, `${kind} ${source} ${root} at ${point}`);
  }
  return mounts;
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
