/** `failover`: alternatives that do the same, as one function, or as a policy for any target. */
import {
  callbackOption,
  checkOptions,
  durationOption,
  eitherOption,
  numberOption,
  type OptionReader,
  optionsOf,
  textOption,
  wholeOption,
  wordOption,
} from "../kernel/index.ts";
import {
  type Alternative,
  type Classify,
  errorCategories,
  Failover,
  type FailoverOptions,
  type Policy,
} from "../resilience/index.ts";
import { callersSignal } from "./core/callers-signal.ts";
import type { Duration } from "./policies.ts";
import { policyOption } from "./policies.ts";
import { realTools } from "./real-tools.ts";

type Times = "windowMs" | "baseEjectionMs" | "maxEjectionMs" | "maxHoldMs";

export interface FailoverChoice
  extends Omit<FailoverOptions<unknown>, "alternatives" | "failureRate" | Times>,
    Readonly<Partial<Record<Times, Duration>>> {
  /** Ejected at this share of faults within the window. Default 0.5. */
  readonly failureRate?: number;
}

// What people write has parameters of its own.
// oxlint-disable-next-line typescript/no-explicit-any
type AnyFunction = (...given: any[]) => unknown;

/** Calls the alternatives in turn; `policy` has their health, their order, and the decisions. */
export type FailoverFunction<F extends AnyFunction> = ((
  ...given: Parameters<F>
) => Promise<Awaited<ReturnType<F>>>) & { readonly policy: Failover<F> };

const time = durationOption({ min: 1 });
const anything: OptionReader<unknown> = (value) => value;

const shape = optionsOf({
  name: textOption({ max: 200 }),
  classify: callbackOption<Classify>(),
  attempts: wholeOption({ min: 1, max: 1000 }),
  each: eitherOption(callbackOption<(name: string) => Policy>(), policyOption),
  when: callbackOption<NonNullable<FailoverOptions<unknown>["when"]>>(),
  whenAllFail: anything,
  routes: optionsOf(
    Object.fromEntries(errorCategories.map((category) => [category, textOption()])),
  ),
  prefer: wordOption(["order", "latency", "cost", "health"]),
  maxEjectedShare: numberOption({ min: 0, max: 1 }),
  consecutiveFaults: wholeOption({ min: 0, max: 1_000_000 }),
  failureRate: numberOption({ min: 1e-6, max: 1 }),
  minimumCalls: wholeOption({ min: 1, max: 1_000_000 }),
  windowMs: durationOption({ min: 10, max: 86_400_000 }),
  baseEjectionMs: time,
  maxEjectionMs: time,
  maxHoldMs: durationOption(),
});

/**
 * Functions with the same parameters, as one: asked in order until one answers. Named by the keys
 * of the record, or by their own names. A signal among the arguments stops the round when it is
 * aborted. Rejects with an `AllFailedError`, or with the error that another one would give as well.
 */
export function failover<F extends AnyFunction>(
  functions: readonly F[] | Readonly<Record<string, F>>,
  options?: FailoverChoice,
): FailoverFunction<F>;
/** Targets of any kind: `execute` gets work that is told which one to ask. */
export function failover<A extends object>(
  alternatives: readonly Alternative<A>[],
  options?: FailoverChoice,
): Failover<A>;
export function failover(given: unknown, options: FailoverChoice = {}): unknown {
  const read = checkOptions("failover", options, shape) as Partial<FailoverOptions<unknown>>;
  const alternatives = checkOptions("failover", given, alternativesOption);
  checkOptions("failover", { routes: read.routes ?? {} }, routesTo(alternatives));
  const policy = new Failover<unknown>({ ...read, alternatives }, realTools);
  if (!alternatives.every(({ target }) => typeof target === "function")) return policy;
  const call = (...words: readonly unknown[]): Promise<unknown> => {
    const signal = callersSignal(words);
    return policy.execute((target) => (target as AnyFunction)(...words), signal && { signal });
  };
  return Object.assign(call, { policy });
}

const alternativesOption: OptionReader<readonly Alternative<unknown>[]> = (value, place) => {
  const isList = Array.isArray(value);
  const isRecord = typeof value === "object" && value !== null;
  const found: Alternative<unknown>[] = isList
    ? numbered(value.map((each: unknown) => oneOf(each)))
    : isRecord
      ? Object.entries(value).map(([name, target]) => ({ name, target: target as unknown }))
      : [];
  if (found.length === 0 || found.length > 1000) {
    place.wrong(value, "1 to 1000 alternatives", "write failover([first, second])");
  }
  const names = new Set<string>();
  for (const [index, { name, target }] of found.entries()) {
    if (typeof target !== "function" && (typeof target !== "object" || target === null)) {
      place.at(index).wrong(target, "a function or { name, target }", "hand in a function");
    } else if (name === "" || names.has(name)) {
      place.at(index).say(`there is no name, or another one named "${name}"`, nameFix);
    }
    names.add(name);
  }
  return found;
};

const nameFix = "give each a name of its own: { openai: call, deepseek: otherCall }";

function oneOf(each: unknown): Alternative<unknown> {
  if (typeof each === "function") return { name: each.name, target: each };
  const { name, target, cost } = { ...(each as Partial<Alternative<unknown>>) };
  const own = { name: typeof name === "string" ? name : "", target };
  return typeof cost === "number" ? { ...own, cost } : own;
}

/** Functions of two modules may have one name: the second is `chat 2`. */
function numbered(alternatives: readonly Alternative<unknown>[]): Alternative<unknown>[] {
  const counts = new Map<string, number>();
  return alternatives.map((each, index) => {
    if (typeof each.target !== "function") return each;
    const plain = each.name === "" ? `${index + 1}` : each.name;
    const count = (counts.get(plain) ?? 0) + 1;
    counts.set(plain, count);
    return { ...each, name: count === 1 ? plain : `${plain} ${count}` };
  });
}

/** A route leads to one of the alternatives. */
function routesTo(alternatives: readonly Alternative<unknown>[]): OptionReader<unknown> {
  const name = wordOption(alternatives.map((each) => each.name));
  return optionsOf({
    routes: optionsOf(Object.fromEntries(errorCategories.map((category) => [category, name]))),
  });
}
