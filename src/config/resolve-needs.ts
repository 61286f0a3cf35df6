/**
 * Who needs whom, by full names. A short name stands for the one thing that has it; what needs
 * itself, directly or around a circle, could never be started.
 */
import { complain, listOf, type Scope } from "./resolve-scope.ts";
import { adviceFor } from "./suggest.ts";

export interface Needing {
  /** `kind/name` */
  readonly id: string;
  readonly path: readonly string[];
  readonly written: string | readonly string[] | undefined;
}

/** Full names by id. */
export function resolveNeeds(
  scope: Scope,
  all: readonly Needing[],
): ReadonlyMap<string, readonly string[]> {
  const byName = new Map<string, string[]>();
  for (const { id } of all) {
    const name = id.slice(id.indexOf("/") + 1);
    byName.set(name, [...(byName.get(name) ?? []), id]);
  }
  const ids = new Set(all.map(({ id }) => id));
  const needs = new Map<string, readonly string[]>();
  for (const each of all) {
    const isList = Array.isArray(each.written);
    const found = listOf(each.written).flatMap((name, index) => {
      const path = [...each.path, "depends_on", ...(isList ? [index] : [])];
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
