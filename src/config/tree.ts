/**
 * Configuration as it was written, with the place each value came from. Sources of every kind
 * (files, environment, flags) become trees, trees are merged, and what was overridden stays
 * attached: so every problem can name its line, and every value its origin.
 */
import type { Json } from "../kernel/index.ts";

/** A text whose places can be named. */
export interface SourceText {
  readonly path: string;
  placeOf(offset: number): { readonly line: number; readonly column: number };
}

export type Origin =
  | {
      readonly kind: "file";
      readonly source: SourceText;
      readonly offset: number;
      /** Where its key begins. */
      readonly keyOffset?: number;
    }
  | { readonly kind: "environment" | "flag"; readonly name: string }
  | { readonly kind: "runtime" }
  | { readonly kind: "default" };

export type Tree = ScalarTree | ListTree | MapTree;

interface Rooted {
  readonly origin: Origin;
  /** What this value won over, nearest first. */
  readonly overridden?: readonly Tree[];
}

export interface ScalarTree extends Rooted {
  readonly kind: "scalar";
  readonly value: string | number | boolean | null;
}

export interface ListTree extends Rooted {
  readonly kind: "list";
  readonly items: readonly Tree[];
}

export interface MapTree extends Rooted {
  readonly kind: "map";
  readonly members: ReadonlyMap<string, Tree>;
}

export type TreePath = readonly (string | number)[];

export function emptyMap(origin: Origin = { kind: "default" }): MapTree {
  return { kind: "map", members: new Map(), origin };
}

/** A plain value, all of one origin. */
export function treeOf(value: Json, origin: Origin): Tree {
  if (Array.isArray(value)) {
    const items = (value as readonly Json[]).map((item) => treeOf(item, origin));
    return { kind: "list", items, origin };
  }
  if (value !== null && typeof value === "object") {
    const members = new Map<string, Tree>();
    for (const [key, member] of Object.entries(value)) members.set(key, treeOf(member, origin));
    return { kind: "map", members, origin };
  }
  return { kind: "scalar", value, origin };
}

/** `value` below `path`, as the only member on its way. */
export function treeAt(path: readonly string[], value: Tree): MapTree {
  const [first = "", ...rest] = path;
  const member = rest.length === 0 ? value : treeAt(rest, value);
  return { kind: "map", members: new Map([[first, member]]), origin: value.origin };
}

/** The plain value, without its places. */
export function plainOf(tree: Tree): Json {
  switch (tree.kind) {
    case "scalar":
      return tree.value;
    case "list":
      return tree.items.map(plainOf);
    case "map": {
      const record: Record<string, Json> = {};
      for (const [key, member] of tree.members) record[key] = plainOf(member);
      return record;
    }
  }
}

export function memberOf(tree: Tree | undefined, key: string | number): Tree | undefined {
  if (tree?.kind === "map") return tree.members.get(String(key));
  if (tree?.kind === "list") return tree.items[Number(key)];
  return undefined;
}

export function at(tree: Tree | undefined, path: TreePath): Tree | undefined {
  let found = tree;
  for (const key of path) found = memberOf(found, key);
  return found;
}

/** The map with one member put in or replaced; the order of the others stays. */
export function withMember(tree: MapTree, key: string, member: Tree): MapTree {
  return { ...tree, members: new Map(tree.members).set(key, member) };
}
