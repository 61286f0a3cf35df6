/** Is what is to be steered there? A slip at night would otherwise be taken for a remedy. */
import { adviceFor, SoulMirrorError } from "../kernel/index.ts";
import type { EngineWishChange } from "../model/index.ts";
import type { House } from "./house.ts";

interface Asked {
  readonly service: string;
  readonly change: EngineWishChange;
  /** It may be there later: nobody is asked. */
  readonly unseen: boolean;
}

/**
 * Throws NOT_FOUND for a name that no engine of the service has told of, as far as any has told of
 * something, and CONFLICT for an ejection that would leave nobody. What takes something back is
 * never refused for an operation that is gone.
 */
export function checkSteering(house: House, { service, change, unseen }: Asked): void {
  const { isolate, limit, prefer, eject, release, readmit, unlimit } = change;
  const engines = house.engines().filter((engine) => engine.service === service);
  const operations = distinct(engines.flatMap((engine) => engine.operations));
  const wish = house.steering.wishOf(service);
  if (operations.length > 0 && !unseen) {
    const wrapped = operations.map((each) => each.slice(0, each.lastIndexOf("."))).filter(Boolean);
    if (isolate !== undefined) find("operation", isolate.operation, operations);
    if (limit !== undefined)
      find("operation", limit.operation, distinctWords([...operations, ...wrapped]));
    const providers = distinct(engines.flatMap((engine) => engine.providers));
    for (const each of [prefer, eject]) if (each !== undefined) find("provider", each, providers);
  }
  findWanted("isolated operation", release, Object.keys(wish.isolated));
  findWanted("limited operation", unlimit, Object.keys(wish.limits));
  findWanted("steered provider", readmit, Object.keys(wish.providers));
  if (eject !== undefined) leaveSomebody(house, service, eject);
}

function find(what: string, name: string, known: readonly string[]): void {
  if (known.includes(name)) return;
  const advice = known.length === 0 ? "they have told of none" : adviceFor(name, known);
  throw new SoulMirrorError("NOT_FOUND", `the engines there have no ${what} ${name}`, {
    fix: `${advice} (\`--unseen\`, or \`unseen: true\`, takes one that nobody has told of yet)`,
  });
}

function findWanted(what: string, name: string | undefined, known: readonly string[]): void {
  if (name === undefined || known.includes(name)) return;
  const fix = known.length === 0 ? "there is none: nothing was changed" : adviceFor(name, known);
  throw new SoulMirrorError("NOT_FOUND", `there is no ${what} ${name}`, { fix });
}

function leaveSomebody(house: House, service: string, eject: string): void {
  const { providers: wished } = house.steering.wishOf(service);
  const isOut = (name: string): boolean => name === eject || wished[name]?.kind === "eject";
  for (const engine of house.engines()) {
    if (engine.service !== service) continue;
    for (const { ring, name } of engine.providers) {
      if (name !== eject) continue;
      const others = engine.providers.filter((each) => each.ring === ring);
      if (!others.every((each) => isOut(each.name))) continue;
      throw new SoulMirrorError("CONFLICT", `without ${eject} nobody is left to ask in ${ring}`, {
        fix: "readmit another one first, or isolate the operations that ask",
      });
    }
  }
}

function distinct(named: readonly { readonly name: string }[]): readonly string[] {
  return distinctWords(named.map(({ name }) => name));
}

function distinctWords(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
