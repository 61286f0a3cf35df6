/** Numbers of options, checked: what is not a positive whole number gets an error that helps. */
import { SoulMirrorError } from "../../kernel/index.ts";

/** The defaults with what was given in their place. Throws BAD_REQUEST for a number of no use. */
export function positiveNumbers<K extends string>(
  defaults: Readonly<Record<K, number>>,
  given: { readonly [key in NoInfer<K>]?: number | undefined },
): Record<K, number> {
  const numbers: Record<K, number> = { ...defaults };
  for (const key of Object.keys(defaults) as K[]) {
    const value = given[key];
    if (value !== undefined) numbers[key] = positiveNumber(key, value);
  }
  return numbers;
}

export function positiveNumber(key: string, value: unknown): number {
  if (typeof value === "number" && Number.isSafeInteger(value) && value > 0) return value;
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  throw new SoulMirrorError(
    "BAD_REQUEST",
    `${key} is ${shown}, and must be a whole number above 0`,
    {
      fix: `give ${key} a positive whole number, or leave it out for its default`,
    },
  );
}
