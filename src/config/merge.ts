/**
 * One tree over another. Maps are merged key by key; anything else replaces what was there, and
 * what it replaced stays attached to it. Two exceptions:
 * M1. Of two modes the more restrictive one wins, whoever said it.
 * M2. A probe that asks in another way (`tcp` over `http`) replaces how was asked before.
 */
import { type Mode, modes } from "../kernel/index.ts";
import { type MapTree, memberOf, type Tree } from "./tree.ts";

export interface MergeOptions {
  /** False where a value of one's own goes before a default of one's own, also a looser mode. */
  readonly strictModes: boolean;
}

const ways: readonly string[] = ["http", "tcp", "command", "heartbeat"];
const probes: readonly string[] = ["health_check", "startup", "readiness", "liveness"];

export function mergeTrees(
  low: MapTree,
  high: MapTree,
  options: MergeOptions = { strictModes: true },
): MapTree {
  const members = new Map(low.members);
  for (const [key, member] of high.members) {
    const before = members.get(key);
    members.set(key, before === undefined ? member : mergeMember(key, [before, member], options));
  }
  return { kind: "map", members, origin: high.origin };
}

function mergeMember(
  key: string,
  [before, after]: readonly [Tree, Tree],
  options: MergeOptions,
): Tree {
  if (after.kind === "map") {
    const low = probes.includes(key) ? withoutWay(expand(key, before), after) : expand(key, before);
    if (low.kind === "map") {
      const isModes = key === "strategy_modes";
      return isModes && options.strictModes
        ? mergeModes(low, after)
        : mergeTrees(low, after, options);
    }
  }
  if (key === "mode" && options.strictModes) return stricter(before, after);
  return over(after, before);
}

function withoutWay(low: Tree, high: MapTree): Tree {
  if (low.kind !== "map" || !ways.some((way) => high.members.has(way))) return low;
  const members = new Map(low.members);
  for (const way of ways) if (!high.members.has(way)) members.delete(way);
  return { ...low, members };
}

/** What a short form stands for, so that a longer form can be laid over it. */
function expand(key: string, tree: Tree): Tree {
  if (tree.kind !== "scalar" || tree.value === "custom") return tree;
  const name = key === "api" ? "port" : probes.includes(key) ? "http" : undefined;
  if (name === undefined) return tree;
  return { kind: "map", members: new Map([[name, tree]]), origin: tree.origin };
}

function mergeModes(low: MapTree, high: MapTree): MapTree {
  const members = new Map(low.members);
  for (const [key, member] of high.members) {
    const before = memberOf(low, key);
    members.set(key, before === undefined ? member : stricter(before, member));
  }
  return { kind: "map", members, origin: high.origin };
}

function stricter(before: Tree, after: Tree): Tree {
  const [first, second] = [rankOf(before), rankOf(after)];
  // What is no mode at all is kept on top, where validation finds it.
  if (first < 0) return over(before, after);
  return second <= first ? over(after, before) : over(before, after);
}

function rankOf(tree: Tree): number {
  return tree.kind === "scalar" ? modes.indexOf(tree.value as Mode) : -1;
}

function over(winner: Tree, loser: Tree): Tree {
  const behind = [loser, ...(loser.overridden ?? [])].map((tree) => bare(tree));
  return { ...winner, overridden: [...(winner.overridden ?? []), ...behind] };
}

function bare(tree: Tree): Tree {
  const { overridden: _behind, ...rest } = tree;
  return rest;
}
