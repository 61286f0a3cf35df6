/** Where does this value come from? The answer for one key, and what it won over. */
import type { Json } from "../kernel/index.ts";
import { formatKey, parseKey } from "./key-path.ts";
import { maskValue } from "./mask.ts";
import { at, type MapTree, type Origin, plainOf, type Tree, type TreePath } from "./tree.ts";
import { placeOf } from "./validate.ts";

export interface Explanation {
  readonly key: string;
  /** As it was written; secrets are `***`. */
  readonly value: Json;
  /** `soulmirror.yaml:12:5`, `environment variable NAME`, `flag --port`, `built-in default` ... */
  readonly origin: string;
  /** What it won over, nearest first. */
  readonly overridden: readonly { readonly value: Json; readonly origin: string }[];
}

/** `effective` is the same with all defaults filled in. */
export function explainKey(tree: MapTree, effective: Json, key: string): Explanation | undefined {
  const path = parseKey(tree, key);
  const written = at(tree, path);
  const value = valueAt(effective, path);
  if (written !== undefined) return explainWritten(path, written, value);
  if (value !== undefined) {
    const origin = "built-in default";
    return { key: formatKey(path), value: maskValue(path, value), origin, overridden: [] };
  }
  const general = generalPath(path);
  return general === undefined ? undefined : explainKey(tree, effective, general);
}

function explainWritten(path: TreePath, tree: Tree, value: Json | undefined): Explanation {
  const show = (each: Tree): Json => maskValue(path, plainOf(each));
  return {
    key: formatKey(path),
    // With the defaults of what a map leaves out.
    value: tree.kind === "map" && value !== undefined ? maskValue(path, value) : show(tree),
    origin: describe(tree.origin),
    overridden: (tree.overridden ?? []).map((each) => ({
      value: show(each),
      origin: describe(each.origin),
    })),
  };
}

function describe(origin: Origin): string {
  const { file, line, column } = placeOf(origin);
  return line > 0 ? `${file}:${line}:${column}` : file;
}

function valueAt(value: Json, path: TreePath): Json | undefined {
  let here: Json | undefined = value;
  for (const key of path) {
    if (here === null || typeof here !== "object" || !Object.hasOwn(here, key)) return undefined;
    here = (here as { readonly [key: string]: Json })[key];
  }
  return here;
}

/** A probe or resource that does not say it itself takes the defaults of its sort. */
function generalPath(path: TreePath): string | undefined {
  const last = String(path.at(-1));
  if (!["interval", "timeout", "down", "of", "up", "mode", "severity"].includes(last)) {
    return undefined;
  }
  if (path[0] === "resources" && path.length === 3) return `defaults.resources.${last}`;
  const isProbe = ["health_check", "startup", "readiness", "liveness"].includes(String(path[2]));
  return path[0] === "services" && isProbe && path.length === 4
    ? `defaults.probes.${last}`
    : undefined;
}
