/**
 * No file of the engine leads back to itself, not by types either: each can be understood after
 * those that it names.
 */
import path from "node:path";
import { importsOf } from "./imports.ts";
import { isCode, isTest, type Rule, type SourceFile } from "./source.ts";

const folder = "src/engine/";

export const circleRule: Rule = {
  name: "circles",
  check: (tree) => {
    const files = tree.filter(
      (file) => file.path.startsWith(folder) && isCode(file) && !isTest(file),
    );
    const named = new Map(files.map((file) => [file.path, namedBy(file)]));
    return circlesIn(named).map((circle) => ({
      path: circle[0] ?? folder,
      message:
        `leads back to itself: ${[...circle, circle[0]].join(" -> ")}; move what both need into a ` +
        "file of its own",
    }));
  },
};

function namedBy(file: SourceFile): readonly string[] {
  return importsOf(file)
    .filter(({ specifier, isDynamic }) => specifier.startsWith(".") && !isDynamic)
    .map(({ specifier }) => path.posix.join(path.posix.dirname(file.path), specifier));
}

/** Each file is left for good when nothing behind it leads back to where we come from. */
function circlesIn(named: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const circles: string[][] = [];
  const left = new Set<string>();
  const way: string[] = [];
  const enter = (file: string): void => {
    const place = way.indexOf(file);
    if (place >= 0) circles.push(way.slice(place));
    if (place >= 0 || left.has(file)) return;
    way.push(file);
    for (const next of named.get(file) ?? []) enter(next);
    way.pop();
    left.add(file);
  };
  for (const file of named.keys()) enter(file);
  return circles;
}
