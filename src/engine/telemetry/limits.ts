/** The limits of a part of telemetry: whole numbers above 0, each with its default. */
import { checkOptions, optionsOf, wholeOption } from "../../kernel/index.ts";

const whole = wholeOption({ min: 1, max: 2 ** 31 - 1 });

/** Throws OPTIONS_INVALID for a number of no use; options that are no limits are left alone. */
export function limitsOf<K extends string>(
  subject: string,
  defaults: Readonly<Record<K, number>>,
  given: { readonly [key in NoInfer<K>]?: number | undefined },
): Record<K, number> {
  const keys = Object.keys(defaults) as K[];
  const own = Object.fromEntries(keys.map((key) => [key, given[key]]));
  const reader = optionsOf(Object.fromEntries(keys.map((key) => [key, whole])));
  return { ...defaults, ...checkOptions(subject, own, reader) };
}
