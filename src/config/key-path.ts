/** Keys as people name them, `services.trust-engine.work[0].url`, and as paths into a tree. */
import type { Tree, TreePath } from "./tree.ts";
import { memberOf } from "./tree.ts";

export function formatKey(path: TreePath): string {
  let key = "";
  for (const part of path) {
    if (typeof part === "number") key += `[${part}]`;
    else key += key === "" ? part : `.${part}`;
  }
  return key;
}

/**
 * Names of resources may hold dots (`resources.tls/example.com.days`): at each map, the longest
 * of its keys that fits is taken; what is not there is split at the dots.
 */
export function parseKey(tree: Tree | undefined, key: string): readonly string[] {
  const path: string[] = [];
  let rest = key.replaceAll(/\[(\d+)\]/g, ".$1");
  let here = tree;
  while (rest !== "") {
    const name = firstName(here, rest);
    path.push(name);
    here = memberOf(here, name);
    rest = rest.slice(name.length + 1);
  }
  return path;
}

function firstName(tree: Tree | undefined, rest: string): string {
  let found: string | undefined;
  if (tree?.kind === "map" && rest.includes(".")) {
    for (const name of tree.members.keys()) {
      const fits = rest === name || rest.startsWith(`${name}.`);
      if (fits && name.length > (found?.length ?? 0)) found = name;
    }
  }
  return found ?? rest.split(".", 1)[0] ?? rest;
}
