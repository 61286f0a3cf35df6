import { SoulMirrorError } from "../kernel/index.ts";
import type { Options } from "./command.ts";

/** What commander read, with its types checked where it is asked for. */
export function readOptions(values: Readonly<Record<string, unknown>>): Options {
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === "string" ? value : undefined;
  };
  return {
    has: (name) => values[name] === true,
    text,
    count(name, { min = 0, max = 999_999_999 } = {}) {
      const written = text(name);
      if (written === undefined) return undefined;
      const count = /^\d{1,9}$/.test(written) ? Number(written) : Number.NaN;
      if (count >= min && count <= max) return count;
      const wanted = Number.isNaN(count) ? "a whole number" : `a number from ${min} to ${max}`;
      throw new SoulMirrorError("BAD_REQUEST", `--${name} wants ${wanted}, not "${written}"`);
    },
  };
}
