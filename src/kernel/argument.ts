/** Arguments that are no options: what they are to be able to do is looked at, and told. */
import { checkOptions, type OptionReader, optionsOf, requiredOption } from "./options.ts";

/** `value` as `reader` reads it, or SoulMirrorError OPTIONS_INVALID that names `key`. */
export function checkArgument<T>(
  [subject, key]: readonly [subject: string, key: string],
  value: unknown,
  reader: OptionReader<T>,
): T {
  const shape = optionsOf({ [key]: requiredOption(reader) });
  return checkOptions(subject, { [key]: value }, shape)[key] as T;
}

/** What has these methods; `wants` and `fix` say what that usually is. */
export function havingOption<T>(
  methods: readonly string[],
  wants: string,
  fix: string,
): OptionReader<T> {
  return (value, place) => {
    const isThing = (typeof value === "object" && value !== null) || typeof value === "function";
    const has = (method: string): boolean =>
      typeof (value as Record<string, unknown>)[method] === "function";
    if (!isThing || !methods.every(has)) place.wrong(value, wants, fix);
    return value as T;
  };
}

/** What only its owner can judge. */
export function anyOption<T>(): OptionReader<T> {
  return (value) => value as T;
}

/** For what was looked at already, and is of no use. */
export function refusedOption<T>(wants: string, fix: string): OptionReader<T> {
  return (value, place) => {
    place.wrong(value, wants, fix);
    return value as T;
  };
}
