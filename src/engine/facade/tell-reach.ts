/**
 * What wrappers do not reach is told, once for each name: it must not seem to be protected. Where
 * nothing is reached, at once; else when somebody takes out such a part to work with it: most
 * things keep parts that are nobody's affair.
 */
import type { EngineEventHub, Notice } from "../events.ts";
import type { LookedAt } from "../wrap/methods-of.ts";
import { hasMethods, type OutOfReach, outOfReach } from "../wrap/reach.ts";
import { tellOrWarn } from "./tell-or-warn.ts";

const namesMax = 10_000;
const fieldsMax = 30;

export class ReachTeller {
  readonly #tell: (notice: Notice) => void;
  readonly #said = new Map<string, string>();

  constructor(events: EngineEventHub) {
    this.#tell = tellOrWarn(events, "configuration", "SOULMIRROR_REACH");
  }

  /** One sentence for each name, or for that one. */
  of(service?: string): readonly string[] {
    const said = service === undefined ? [...this.#said.values()] : [this.#said.get(service)];
    return said.filter((message) => message !== undefined);
  }

  /** Somebody has set that nothing is wrapped: each thing is said once. */
  leftAlone<T extends object>(name: string, target: T): T {
    if (!this.#said.has(name) && this.#said.size < namesMax)
      this.#said.set(name, `"${name}" is left as it is: integration.wrapExistingServices is false`);
    return target;
  }

  wrapped(name: string, looked: LookedAt): void {
    if (!hasMethods(looked.target)) this.reachedInto(name, looked);
  }

  reachedInto(name: string, looked: LookedAt): void {
    if (this.#said.has(name) || this.#said.size >= namesMax) return;
    const found = outOfReach(looked);
    if (found === undefined) return;
    const message = sentence(name, found);
    this.#said.set(name, message);
    // Whoever wraps can listen by then.
    queueMicrotask(() => this.#tell({ subject: name, message, details: { ...found } }));
  }
}

function sentence(name: string, { methods, nested, depth }: OutOfReach): string {
  const own = `${methods} ${methods === 1 ? "method" : "methods"} of "${name}" ${methods === 1 ? "is" : "are"} protected`;
  if (nested.length === 0) return `${own}: it has none of its own`;
  const rest = nested.length > fieldsMax ? ", ..." : "";
  const fields = nested.slice(0, fieldsMax).join(", ");
  return `${own}, and none inside of its ${fields}${rest}: wrap it with { depth: ${depth} }`;
}
