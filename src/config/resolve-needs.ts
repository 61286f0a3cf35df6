/**
 * Who needs whom, by full names. A short name stands for the one thing that has it; what needs
 * itself, directly or around a circle, could never be started.
 *
 * Read from what is written, whatever else of it fits the schema: names are known all the same.
 */
import { adviceFor } from "../kernel/index.ts";
import { complain, type Scope } from "./resolve-scope.ts";
import { at, type MapTree, memberOf, type TreePath } from "./tree.ts";

interface Needing {
  /** `kind/name` */
  readonly id: string;
  readonly path: readonly string[];
  readonly needs: readonly Need[];
}

interface Need {
  readonly name: string;
  readonly path: TreePath;
}

/** Full names by id. */
export function resolveNeeds(scope: Scope): ReadonlyMap<string, readonly string[]> {
  const all = [
    ...needingIn(scope.tree, "services").map((each) => ({ ...each, id: `service/${each.id}` })),
    ...needingIn(scope.tree, "resources"),
  ];
  const byName = new Map<string, string[]>();
  for (const { id } of all) {
    const name = id.slice(id.indexOf("/") + 1);
    byName.set(name, [...(byName.get(name) ?? []), id]);
  }
  const ids = new Set(all.map(({ id }) => id));
  const needs = new Map<string, readonly string[]>();
  for (const each of all) {
    const found = each.needs.flatMap(({ name, path }) => {
      if (ids.has(name)) return [name];
      const candidates = byName.get(name) ?? [];
      if (candidates.length === 1) return candidates;
      const message =
        candidates.length === 0
          ? `there is no "${name}"`
          : `"${name}" may be ${candidates.join(" or ")}`;
      const fix =
        candidates.length === 0
          ? adviceFor(name, [...ids, ...byName.keys()])
          : `write ${candidates[0]}`;
      complain(scope, path, { message, fix });
      return [];
    });
    needs.set(each.id, [...new Set(found)]);
  }
  complainOfCycles(scope, all, needs);
  return needs;
}

function needingIn(tree: MapTree, section: "services" | "resources"): readonly Needing[] {
  const written = memberOf(tree, section);
  if (written?.kind !== "map") return [];
  return [...written.members.keys()].map((id) => {
    const path = [section, id];
    return { id, path, needs: needsAt(tree, [...path, "depends_on"]) };
  });
}

/** One text or a list of them; what is neither is for the schema to complain of. */
function needsAt(tree: MapTree, path: TreePath): readonly Need[] {
  const found = at(tree, path);
  if (found?.kind === "list")
    return found.items.flatMap((_, index) => needsAt(tree, [...path, index]));
  if (found?.kind !== "scalar" || typeof found.value !== "string" || found.value === "") return [];
  return [{ name: found.value, path }];
}

function complainOfCycles(
  scope: Scope,
  all: readonly Needing[],
  needs: ReadonlyMap<string, readonly string[]>,
): void {
  const done = new Set<string>();
  for (const start of all) {
    const cycle = cycleFrom(start.id, needs, done);
    if (cycle === undefined) continue;
    const path = all.find(({ id }) => id === cycle[0])?.path ?? start.path;
    complain(scope, [...path, "depends_on"], {
      message: `they need each other: ${cycle.join(" -> ")}`,
      fix: "take one of these dependencies out",
    });
  }
}

/** A circle that can be reached from `start`, first and last the same; own stack, so that no
 * length of chain can overflow ours. */
function cycleFrom(
  start: string,
  needs: ReadonlyMap<string, readonly string[]>,
  done: Set<string>,
): readonly string[] | undefined {
  const trail: { readonly id: string; next: number }[] = [];
  const onTrail = new Set<string>();
  const enter = (id: string): void => {
    trail.push({ id, next: 0 });
    onTrail.add(id);
  };
  if (!done.has(start)) enter(start);
  let cycle: readonly string[] | undefined;
  for (let top = trail.at(-1); top !== undefined; top = trail.at(-1)) {
    const need = needs.get(top.id)?.[top.next];
    top.next += 1;
    if (need === undefined) {
      done.add(top.id);
      onTrail.delete(top.id);
      trail.pop();
    } else if (onTrail.has(need)) {
      const ids = trail.map(({ id }) => id);
      cycle ??= [...ids.slice(ids.indexOf(need)), need];
    } else if (!done.has(need)) {
      enter(need);
    }
  }
  return cycle;
}
